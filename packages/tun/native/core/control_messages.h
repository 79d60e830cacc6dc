// Control messages beside UDP datagrams: what the kernel tells on receipt, what we tell it on sending.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "endpoint.h"

namespace tunscope {

// PKTINFO of either family, the GRO size, the drop counter; the kernel adds nothing we did not ask for.
inline constexpr size_t kReceiveControlSize =
    CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(in_pktinfo)) + 2 * CMSG_SPACE(sizeof(int));
inline constexpr size_t kSendControlSize = CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t));

struct ReceivedControl {
  // Bytes of each datagram when several were glued, 0 otherwise.
  int32_t gro_size = 0;
  std::optional<uint32_t> overflow_drops;
};

// Reads the message's control buffer; writes the local address and interface into the endpoint.
ReceivedControl read_control(std::span<const uint8_t> bytes, EndpointWords endpoint);

// Writes PKTINFO (when the endpoint knows a local address) and UDP_SEGMENT (when `segment_size` is not 0).
// `control` is aligned for cmsghdr and holds kSendControlSize bytes. Returns the bytes used.
size_t write_control(std::span<uint8_t> control, int socket_family, const int32_t* endpoint, uint16_t segment_size);

}  // namespace tunscope
