// Holds the virtio header against the packet it describes, and sums the TCP segment when nobody else has.

#include "packet_check.h"

#include "checksum.h"
#include "tcp_location.h"

namespace tunscope {
namespace {

bool is_tcp_gso(uint8_t gso_type) { return gso_type == kGsoTcpV4 || gso_type == kGsoTcpV6; }

// True when the offsets of NEEDS_CSUM name the checksum field of the located segment, or lie in the packet at all
// when the packet is not TCP.
bool checksum_offsets_fit(const VirtioHeader& header, std::span<const uint8_t> packet,
                          const std::optional<TcpLocation>& place) {
  if (place.has_value()) {
    return header.checksum_start == place->tcp_offset && header.checksum_offset == kTcpChecksumOffset;
  }
  return static_cast<size_t>(header.checksum_start) + header.checksum_offset + 2U <= packet.size();
}

bool gso_fits(const VirtioHeader& header, uint8_t gso_type, std::span<const uint8_t> packet,
              const std::optional<TcpLocation>& place) {
  if (!is_tcp_gso(gso_type) || !place.has_value() || header.gso_size == 0) {
    return false;
  }
  const uint8_t expected_version = gso_type == kGsoTcpV4 ? 4 : 6;
  // hdr_len is the kernel's linear length, a hint at best: it may not point outside, and is not used further.
  return place->ip_version == expected_version && header.header_length <= packet.size();
}

Verdict sum_segment(std::span<const uint8_t> packet, const TcpLocation& place) {
  ChecksumAccumulator sum;
  add_pseudo_header(sum, packet, place.ip_version, place.tcp_length);
  sum.add(packet.subspan(place.tcp_offset, place.tcp_length));
  return sum.folded() == 0xffffU ? Verdict::kChecksumGood : Verdict::kChecksumBad;
}

}  // namespace

PacketFinding check_packet(const VirtioHeader& header, std::span<const uint8_t> packet) {
  const std::optional<TcpLocation> place = locate_whole_tcp(packet);
  const uint8_t gso_type = header.gso_type & static_cast<uint8_t>(~kGsoEcnBit);
  if (gso_type != kGsoNone && !gso_fits(header, gso_type, packet, place)) {
    return {.verdict = Verdict::kBadVirtioHeader, .segment_size = 0};
  }
  const bool needs_checksum = (header.flags & kVirtioNeedsChecksum) != 0;
  if (needs_checksum && !checksum_offsets_fit(header, packet, place)) {
    return {.verdict = Verdict::kBadVirtioHeader, .segment_size = 0};
  }
  if (!place.has_value()) {
    return {.verdict = Verdict::kChecksumUnknown, .segment_size = 0};
  }
  const bool is_train = gso_type != kGsoNone && place->payload_length() > header.gso_size;
  const uint16_t segment_size = is_train ? header.gso_size : uint16_t{0};
  if (needs_checksum || (header.flags & kVirtioDataValid) != 0) {
    return {.verdict = Verdict::kChecksumGood, .segment_size = segment_size};
  }
  return {.verdict = sum_segment(packet, *place), .segment_size = segment_size};
}

}  // namespace tunscope
