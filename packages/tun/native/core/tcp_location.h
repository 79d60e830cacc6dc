// Where the TCP segment lies in an IP packet, if the packet holds one whole TCP segment.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "checksum.h"

namespace tunscope {

struct TcpLocation {
  uint8_t ip_version = 0;
  // IP header with IPv4 options or IPv6 extension headers: where the TCP header starts.
  uint32_t tcp_offset = 0;
  uint32_t tcp_header_length = 0;
  // TCP header and payload, by the IP header's own length (padding behind it is not counted).
  uint32_t tcp_length = 0;

  uint32_t payload_length() const { return tcp_length - tcp_header_length; }
};

// Nothing when the packet is malformed, cut short, a fragment, or not TCP.
std::optional<TcpLocation> locate_whole_tcp(std::span<const uint8_t> packet);

// Adds the pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1) of a located segment with the given TCP length.
void add_pseudo_header(ChecksumAccumulator& sum, std::span<const uint8_t> packet, uint8_t ip_version,
                       uint32_t tcp_length);

}  // namespace tunscope
