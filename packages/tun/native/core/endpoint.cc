// Converts between endpoint words and the kernel's socket addresses, folding IPv4-mapped IPv6 into IPv4.

#include "endpoint.h"

#include <algorithm>
#include <cstring>

namespace tunscope {
namespace {

int32_t first_word(int family, uint16_t port_network_order) {
  return static_cast<int32_t>(static_cast<uint32_t>(family) |
                              (static_cast<uint32_t>(ntohs(port_network_order)) << 16U));
}

}  // namespace

void write_address(const in6_addr& from, std::span<int32_t, 4> to) {
  std::fill(to.begin(), to.end(), 0);
  if (IN6_IS_ADDR_V4MAPPED(&from)) {
    std::memcpy(to.data(), &from.s6_addr[12], 4);
    return;
  }
  std::memcpy(to.data(), &from, sizeof from);
}

in6_addr mapped_address(int32_t word) {
  in6_addr address{};
  address.s6_addr[10] = 0xff;
  address.s6_addr[11] = 0xff;
  std::memcpy(&address.s6_addr[12], &word, sizeof word);
  return address;
}

void write_remote(const SocketAddress& from, EndpointWords to) {
  std::fill(to.begin(), to.end(), 0);
  if (from.generic.sa_family == AF_INET) {
    to[0] = first_word(4, from.v4.sin_port);
    std::memcpy(&to[kEndpointAddress], &from.v4.sin_addr, sizeof from.v4.sin_addr);
    return;
  }
  if (from.generic.sa_family != AF_INET6) {
    return;
  }
  const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&from.v6.sin6_addr);
  to[0] = first_word(is_mapped ? 4 : 6, from.v6.sin6_port);
  to[kEndpointScope] = is_mapped ? 0 : static_cast<int32_t>(from.v6.sin6_scope_id);
  write_address(from.v6.sin6_addr, to.subspan<kEndpointAddress, 4>());
}

socklen_t read_remote(ConstEndpointWords from, int socket_family, SocketAddress& to) {
  const int family = endpoint_family(from[0]);
  const uint16_t port = htons(endpoint_port(from[0]));
  if (socket_family == AF_INET) {
    if (family != 4) {
      return 0;
    }
    to.v4 = {};
    to.v4.sin_family = AF_INET;
    to.v4.sin_port = port;
    std::memcpy(&to.v4.sin_addr, &from[kEndpointAddress], sizeof to.v4.sin_addr);
    return sizeof to.v4;
  }
  if (family != 4 && family != 6) {
    return 0;
  }
  to.v6 = {};
  to.v6.sin6_family = AF_INET6;
  to.v6.sin6_port = port;
  if (family == 4) {
    to.v6.sin6_addr = mapped_address(from[kEndpointAddress]);
    return sizeof to.v6;
  }
  to.v6.sin6_scope_id = static_cast<uint32_t>(from[kEndpointScope]);
  std::memcpy(&to.v6.sin6_addr, &from[kEndpointAddress], sizeof to.v6.sin6_addr);
  return sizeof to.v6;
}

}  // namespace tunscope
