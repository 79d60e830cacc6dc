// Finds the TCP header behind an IPv4 header with options or an IPv6 extension chain.

#include "tcp_location.h"

#include <netinet/in.h>

#include "byte_order.h"

namespace tunscope {
namespace {

constexpr uint32_t kIpv4MinimumHeader = 20;
constexpr uint32_t kIpv6Header = 40;
constexpr uint32_t kTcpMinimumHeader = 20;
constexpr uint32_t kTcpProtocol = 6;
// Longer chains are not ours to judge; the packet goes up unsummed.
constexpr int kMaxExtensionHeaders = 8;

std::optional<TcpLocation> locate_tcp_header(std::span<const uint8_t> packet, TcpLocation place) {
  if (place.tcp_length < kTcpMinimumHeader) {
    return std::nullopt;
  }
  place.tcp_header_length = static_cast<uint32_t>(packet[place.tcp_offset + 12] >> 4U) * 4U;
  if (place.tcp_header_length < kTcpMinimumHeader || place.tcp_header_length > place.tcp_length) {
    return std::nullopt;
  }
  return place;
}

std::optional<TcpLocation> locate_in_ipv4(std::span<const uint8_t> packet) {
  if (packet.size() < kIpv4MinimumHeader) {
    return std::nullopt;
  }
  const uint32_t header_length = static_cast<uint32_t>(packet[0] & 0x0fU) * 4U;
  const uint32_t total_length = load_be16(&packet[2]);
  if (header_length < kIpv4MinimumHeader || total_length < header_length || total_length > packet.size()) {
    return std::nullopt;
  }
  // More Fragments, or a fragment offset.
  if ((load_be16(&packet[6]) & 0x3fffU) != 0 || packet[9] != kTcpProtocol) {
    return std::nullopt;
  }
  return locate_tcp_header(packet, {.ip_version = 4,
                                    .tcp_offset = header_length,
                                    .tcp_header_length = 0,
                                    .tcp_length = total_length - header_length});
}

// Length of one extension header, 0 when the segment behind it is not ours to sum.
uint32_t extension_length(std::span<const uint8_t> packet, uint32_t at, uint8_t kind) {
  switch (kind) {
    case IPPROTO_HOPOPTS:
    case IPPROTO_DSTOPTS:
      return (packet[at + 1] + 1U) * 8U;
    case IPPROTO_ROUTING:
      // RFC 8200 §8.1: with segments left the pseudo-header names another destination than the IPv6 header.
      return packet[at + 3] == 0 ? (packet[at + 1] + 1U) * 8U : 0;
    case IPPROTO_FRAGMENT:
      // RFC 6946: an atomic fragment (offset 0, no more) is a whole packet.
      return (load_be16(&packet[at + 2]) & 0xfff9U) == 0 ? 8U : 0;
    default:
      return 0;
  }
}

std::optional<TcpLocation> locate_in_ipv6(std::span<const uint8_t> packet) {
  if (packet.size() < kIpv6Header) {
    return std::nullopt;
  }
  const uint32_t end = kIpv6Header + load_be16(&packet[4]);
  if (end > packet.size()) {
    return std::nullopt;
  }
  uint8_t next_header = packet[6];
  uint32_t at = kIpv6Header;
  for (int walked = 0; next_header != kTcpProtocol; ++walked) {
    if (walked == kMaxExtensionHeaders || at + 8 > end) {
      return std::nullopt;
    }
    const uint32_t length = extension_length(packet, at, next_header);
    if (length == 0 || at + length > end) {
      return std::nullopt;
    }
    next_header = packet[at];
    at += length;
  }
  return locate_tcp_header(
      packet, {.ip_version = 6, .tcp_offset = at, .tcp_header_length = 0, .tcp_length = end - at});
}

}  // namespace

std::optional<TcpLocation> locate_whole_tcp(std::span<const uint8_t> packet) {
  if (packet.empty()) {
    return std::nullopt;
  }
  switch (packet[0] >> 4U) {
    case 4:
      return locate_in_ipv4(packet);
    case 6:
      return locate_in_ipv6(packet);
    default:
      return std::nullopt;
  }
}

void add_pseudo_header(ChecksumAccumulator& sum, std::span<const uint8_t> packet, uint8_t ip_version,
                       uint32_t tcp_length) {
  sum.add(ip_version == 4 ? packet.subspan(12, 8) : packet.subspan(8, 32));
  sum.add_number(static_cast<uint16_t>(tcp_length >> 16U));
  sum.add_number(static_cast<uint16_t>(tcp_length & 0xffffU));
  sum.add_number(kTcpProtocol);
}

}  // namespace tunscope
