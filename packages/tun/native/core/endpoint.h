// Endpoints as twelve 32-bit words (src/udp-socket.ts, ENDPOINT_WORDS), to and from socket addresses.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <span>

namespace tunscope {

inline constexpr size_t kEndpointWords = 12;
inline constexpr size_t kEndpointScope = 1;
inline constexpr size_t kEndpointAddress = 2;
inline constexpr size_t kEndpointLocal = 6;
inline constexpr size_t kEndpointInterface = 10;

// Large enough for both families, and no larger: a batch holds a thousand of them.
union SocketAddress {
  sockaddr generic;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

using EndpointWords = std::span<int32_t, kEndpointWords>;
using ConstEndpointWords = std::span<const int32_t, kEndpointWords>;

// Fills family, port, scope and remote address, and clears the rest; an IPv4-mapped address becomes family 4.
void write_remote(const SocketAddress& from, EndpointWords to);
// Length of the address for `socket_family`, 0 when the endpoint's family cannot be reached from that socket.
socklen_t read_remote(ConstEndpointWords from, int socket_family, SocketAddress& to);

// 4, 6, or 0 for words that hold no endpoint.
inline int endpoint_family(int32_t first_word) { return first_word & 0xffff; }
inline uint16_t endpoint_port(int32_t first_word) {
  return static_cast<uint16_t>(static_cast<uint32_t>(first_word) >> 16U);
}

// Writes an IPv6 address to four words; an IPv4-mapped one to the first word only.
void write_address(const in6_addr& from, std::span<int32_t, 4> to);
// The IPv4-mapped form of one word.
in6_addr mapped_address(int32_t word);

}  // namespace tunscope
