// A UDP socket with everything the batches need switched on: GRO, segmentation, PKTINFO, drop counter, buffers.
#pragma once

#include <cstdint>
#include <span>

#include "endpoint.h"
#include "system_failure.h"
#include "unique_fd.h"

namespace tunscope {

// What the caller asked for; addresses in endpoint words, all zero for "none".
struct UdpWish {
  std::span<const int32_t, kEndpointWords> bind_to;
  std::span<const int32_t, kEndpointWords> connect_to;
  bool is_dual_stack = false;
  bool with_offloads = true;
  // 0 leaves the kernel's default.
  int32_t receive_buffer_bytes = 0;
  int32_t send_buffer_bytes = 0;
};

struct UdpSocket {
  UniqueFd descriptor;
  int family = 0;
  bool is_connected = false;
  bool has_gro = false;
  // Switched off for good when the device turns out not to compute checksums (EIO).
  bool has_segmentation = false;
  uint32_t overflow_drops = 0;
  int32_t receive_buffer_bytes = 0;
  std::span<uint8_t> arena;
};

SystemFailure open_udp_socket(const UdpWish& wish, UdpSocket& socket);
SystemFailure local_address(const UdpSocket& socket, EndpointWords to);

}  // namespace tunscope
