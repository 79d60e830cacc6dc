// The 10-byte virtio-net header that precedes every packet on a TUN opened with IFF_VNET_HDR.
#pragma once

#include <cstdint>

namespace tunscope {

// Layout of struct virtio_net_hdr (linux/virtio_net.h); a TUN uses the machine's byte order.
struct VirtioHeader {
  uint8_t flags = 0;
  uint8_t gso_type = 0;
  uint16_t header_length = 0;
  uint16_t gso_size = 0;
  uint16_t checksum_start = 0;
  uint16_t checksum_offset = 0;
};
static_assert(sizeof(VirtioHeader) == 10);

inline constexpr uint8_t kVirtioNeedsChecksum = 1;
inline constexpr uint8_t kVirtioDataValid = 2;

inline constexpr uint8_t kGsoNone = 0;
inline constexpr uint8_t kGsoTcpV4 = 1;
inline constexpr uint8_t kGsoTcpV6 = 4;
// Set beside the type when a segment of the train carries CWR.
inline constexpr uint8_t kGsoEcnBit = 0x80;

inline constexpr uint16_t kTcpChecksumOffset = 16;

}  // namespace tunscope
