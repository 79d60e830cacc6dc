// Preloaded in front of libc by a test: lets chosen calls of the addon fail with a chosen errno, a chosen number of times.
//
// The file that TUNSCOPE_INJECT_FILE names holds "serial;call:errno:times;call:errno:times:after…": `after` calls
// succeed first. It is read at every call, because the test's program changes it as it goes; a new serial resets the
// counts.

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr size_t kCalls = 5;
constexpr const char* kCallNames[kCalls] = {"writev", "read", "sendmmsg", "sendmsg", "recvmmsg"};
enum Call : size_t { kWritev = 0, kRead = 1, kSendmmsg = 2, kSendmsg = 3, kRecvmmsg = 4 };

// libuv's own reads and writes have other shapes: those of a TUN start with a virtio header or fill 64 KiB.
constexpr size_t kVirtioHeader = 10;
constexpr size_t kTunRead = 65'546;

long serial = -1;
int errors[kCalls];
int times[kCalls];
int successes_first[kCalls];

void parse(const char* plan) {
  char* at = nullptr;
  const long read_serial = std::strtol(plan, &at, 10);
  if (read_serial == serial) {
    return;
  }
  serial = read_serial;
  std::memset(times, 0, sizeof times);
  while (*at == ';') {
    ++at;
    for (size_t call = 0; call < kCalls; ++call) {
      const size_t length = std::strlen(kCallNames[call]);
      if (std::strncmp(at, kCallNames[call], length) == 0 && at[length] == ':') {
        errors[call] = static_cast<int>(std::strtol(at + length + 1, &at, 10));
        times[call] = static_cast<int>(std::strtol(at + 1, &at, 10));
        successes_first[call] = *at == ':' ? static_cast<int>(std::strtol(at + 1, &at, 10)) : 0;
        break;
      }
    }
  }
}

bool fails(Call call) {
  const char* path = std::getenv("TUNSCOPE_INJECT_FILE");
  std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "re");
  if (file == nullptr) {
    return false;
  }
  char plan[256] = "";
  if (std::fgets(plan, sizeof plan, file) != nullptr) {
    parse(plan);
  }
  std::fclose(file);
  if (times[call] == 0) {
    return false;
  }
  if (successes_first[call] > 0) {
    successes_first[call] -= 1;
    return false;
  }
  times[call] -= 1;
  errno = errors[call];
  return true;
}

template <typename Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t writev(int descriptor, const iovec* pieces, int count) {
  if (count >= 2 && pieces[0].iov_len == kVirtioHeader && fails(kWritev)) {
    return -1;
  }
  return real<decltype(&writev)>("writev")(descriptor, pieces, count);
}

ssize_t read(int descriptor, void* into, size_t room) {
  if (room == kTunRead && fails(kRead)) {
    return -1;
  }
  return real<decltype(&read)>("read")(descriptor, into, room);
}

int sendmmsg(int descriptor, mmsghdr* messages, unsigned int count, int flags) {
  return fails(kSendmmsg) ? -1 : real<decltype(&sendmmsg)>("sendmmsg")(descriptor, messages, count, flags);
}

ssize_t sendmsg(int descriptor, const msghdr* message, int flags) {
  return fails(kSendmsg) ? -1 : real<decltype(&sendmsg)>("sendmsg")(descriptor, message, flags);
}

int recvmmsg(int descriptor, mmsghdr* messages, unsigned int count, int flags, timespec* timeout) {
  return fails(kRecvmmsg) ? -1
                          : real<decltype(&recvmmsg)>("recvmmsg")(descriptor, messages, count, flags, timeout);
}

}  // extern "C"
