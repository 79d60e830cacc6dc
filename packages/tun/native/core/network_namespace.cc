// SO_NETNS_COOKIE of a socket that exists only to be asked.

#include "network_namespace.h"

#include <sys/socket.h>

#include "unique_fd.h"

namespace tunscope {
namespace {

// asm-generic/socket.h since Linux 5.14; older headers do not have it.
constexpr int kSoNetnsCookie = 71;

}  // namespace

uint64_t network_namespace_cookie() {
  // A Unix socket: every kernel has them, and it opens no port.
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  uint64_t cookie = 0;
  socklen_t length = sizeof cookie;
  const int got = ::getsockopt(socket.get(), SOL_SOCKET, kSoNetnsCookie, &cookie, &length);
  return got == 0 && length == sizeof cookie ? cookie : 0;
}

}  // namespace tunscope
