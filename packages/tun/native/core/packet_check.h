// What is known about a packet read from the TUN: is its checksum right, and is it a super-segment.
#pragma once

#include <cstdint>
#include <span>

#include "virtio_header.h"

namespace tunscope {

// The numbers are PACKET_VERDICT in src/tun-device.ts.
enum class Verdict : uint8_t {
  kChecksumGood = 0,
  kChecksumBad = 1,
  kChecksumUnknown = 2,
  kBadVirtioHeader = 3,
};

struct PacketFinding {
  Verdict verdict = Verdict::kChecksumUnknown;
  // Payload bytes of each TCP segment in a super-segment, 0 when the packet is one segment.
  uint16_t segment_size = 0;
};

// Nothing in `header` is trusted: every offset is compared with what the packet itself says.
PacketFinding check_packet(const VirtioHeader& header, std::span<const uint8_t> packet);

}  // namespace tunscope
