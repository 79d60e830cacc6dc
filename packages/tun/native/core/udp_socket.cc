// Opens and configures a UDP socket: family, options, buffers, bind, connect.

#include "udp_socket.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>

namespace tunscope {
namespace {

constexpr int kUdpSegment = 103;
constexpr int kUdpGro = 104;

SystemFailure failure(Syscall syscall) { return {.error = errno, .syscall = syscall}; }

bool set_option(int descriptor, int level, int option, int value) {
  return ::setsockopt(descriptor, level, option, &value, sizeof value) == 0;
}

int get_option(int descriptor, int level, int option) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(descriptor, level, option, &value, &length) == 0 ? value : 0;
}

int family_of(const UdpWish& wish) {
  const int32_t word = wish.bind_to[0] != 0 ? wish.bind_to[0] : wish.connect_to[0];
  return endpoint_family(word) == 6 ? AF_INET6 : AF_INET;
}

// Options without which the socket would misreport addresses: failing to set one fails the opening.
bool set_address_options(const UdpSocket& socket, const UdpWish& wish) {
  const int descriptor = socket.descriptor.get();
  if (socket.family == AF_INET) {
    return set_option(descriptor, IPPROTO_IP, IP_PKTINFO, 1);
  }
  return set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, wish.is_dual_stack ? 0 : 1) &&
         set_option(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

// Datagrams larger than the link are fragmented rather than refused: the application decides their size, not we.
bool allow_fragments(const UdpSocket& socket) {
  const int descriptor = socket.descriptor.get();
  if (!set_option(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)) {
    return false;
  }
  return socket.family == AF_INET ||
         set_option(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
}

void set_buffer(int descriptor, int forced_option, int option, int32_t bytes) {
  // The forced form passes net.core.*mem_max but needs CAP_NET_ADMIN.
  if (bytes > 0 && !set_option(descriptor, SOL_SOCKET, forced_option, bytes)) {
    set_option(descriptor, SOL_SOCKET, option, bytes);
  }
}

void switch_on_offloads(UdpSocket& socket) {
  const int descriptor = socket.descriptor.get();
  socket.has_gro = set_option(descriptor, SOL_UDP, kUdpGro, 1);
  // 0 means "no default size": the call only shows whether the kernel knows the option.
  socket.has_segmentation = set_option(descriptor, SOL_UDP, kUdpSegment, 0);
}

SystemFailure bind_and_connect(UdpSocket& socket, const UdpWish& wish) {
  SocketAddress address{};
  if (wish.bind_to[0] != 0) {
    const socklen_t length = read_remote(wish.bind_to, socket.family, address);
    if (length == 0 || ::bind(socket.descriptor.get(), &address.generic, length) != 0) {
      return length == 0 ? SystemFailure{.error = EAFNOSUPPORT, .syscall = Syscall::kBind} : failure(Syscall::kBind);
    }
  }
  if (wish.connect_to[0] == 0) {
    return {};
  }
  const socklen_t length = read_remote(wish.connect_to, socket.family, address);
  if (length == 0) {
    return {.error = EAFNOSUPPORT, .syscall = Syscall::kConnect};
  }
  if (::connect(socket.descriptor.get(), &address.generic, length) != 0) {
    return failure(Syscall::kConnect);
  }
  socket.is_connected = true;
  return {};
}

}  // namespace

SystemFailure open_udp_socket(const UdpWish& wish, UdpSocket& socket) {
  socket.family = family_of(wish);
  socket.descriptor.reset(::socket(socket.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.descriptor.is_open()) {
    return failure(Syscall::kSocket);
  }
  if (!set_address_options(socket, wish) || !allow_fragments(socket)) {
    return failure(Syscall::kSetSocketOption);
  }
  const int descriptor = socket.descriptor.get();
  // Absent before 2.6.33: then the drop counter stays 0.
  set_option(descriptor, SOL_SOCKET, SO_RXQ_OVFL, 1);
  set_buffer(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, wish.receive_buffer_bytes);
  set_buffer(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, wish.send_buffer_bytes);
  socket.receive_buffer_bytes = get_option(descriptor, SOL_SOCKET, SO_RCVBUF);
  if (wish.with_offloads) {
    switch_on_offloads(socket);
  }
  return bind_and_connect(socket, wish);
}

SystemFailure local_address(const UdpSocket& socket, EndpointWords to) {
  SocketAddress address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket.descriptor.get(), &address.generic, &length) != 0) {
    return failure(Syscall::kGetSocketName);
  }
  write_remote(address, to);
  return {};
}

}  // namespace tunscope
