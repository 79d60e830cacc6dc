// Walks received control messages with every length checked, and lays out the ones we send.

#include "control_messages.h"

#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

namespace tunscope {
namespace {

// Since Linux 4.18 and 5.0; older C libraries do not name them.
constexpr int kUdpSegment = 103;
constexpr int kUdpGro = 104;

struct ControlMessage {
  int level = 0;
  int type = 0;
  std::span<const uint8_t> payload;
};

template <typename Value>
std::optional<Value> payload_of(const ControlMessage& message) {
  if (message.payload.size() < sizeof(Value)) {
    return std::nullopt;
  }
  Value value{};
  std::memcpy(&value, message.payload.data(), sizeof value);
  return value;
}

// A group or broadcast address cannot be a source, so it is no use as "the address to answer from".
bool can_be_source(const in6_addr& address) {
  constexpr uint8_t kFirstIpv4Group = 224;
  return IN6_IS_ADDR_V4MAPPED(&address) ? address.s6_addr[12] < kFirstIpv4Group : !IN6_IS_ADDR_MULTICAST(&address);
}

void write_local_v6(const in6_pktinfo& packet_info, EndpointWords endpoint) {
  endpoint[kEndpointInterface] = static_cast<int32_t>(packet_info.ipi6_ifindex);
  if (can_be_source(packet_info.ipi6_addr)) {
    write_address(packet_info.ipi6_addr, endpoint.subspan<kEndpointLocal, 4>());
  }
}

void write_local_v4(const in_pktinfo& packet_info, EndpointWords endpoint) {
  endpoint[kEndpointInterface] = packet_info.ipi_ifindex;
  // ipi_spec_dst, not ipi_addr: for a broadcast it is the unicast address that the kernel would answer from.
  std::memcpy(&endpoint[kEndpointLocal], &packet_info.ipi_spec_dst, sizeof packet_info.ipi_spec_dst);
}

void read_one(const ControlMessage& message, EndpointWords endpoint, ReceivedControl& control) {
  if (message.level == SOL_UDP && message.type == kUdpGro) {
    control.gro_size = payload_of<int32_t>(message).value_or(0);
  } else if (message.level == SOL_SOCKET && message.type == SO_RXQ_OVFL) {
    control.overflow_drops = payload_of<uint32_t>(message);
  } else if (message.level == IPPROTO_IP && message.type == IP_PKTINFO) {
    if (const auto packet_info = payload_of<in_pktinfo>(message)) {
      write_local_v4(*packet_info, endpoint);
    }
  } else if (message.level == IPPROTO_IPV6 && message.type == IPV6_PKTINFO) {
    if (const auto packet_info = payload_of<in6_pktinfo>(message)) {
      write_local_v6(*packet_info, endpoint);
    }
  }
}

template <typename Value>
size_t append(std::span<uint8_t> control, size_t used, int level, int type, const Value& value) {
  cmsghdr header{};
  header.cmsg_len = CMSG_LEN(sizeof value);
  header.cmsg_level = level;
  header.cmsg_type = type;
  std::memcpy(&control[used], &header, sizeof header);
  std::memcpy(&control[used + CMSG_LEN(0)], &value, sizeof value);
  return used + CMSG_SPACE(sizeof value);
}

size_t append_source(std::span<uint8_t> control, int socket_family, ConstEndpointWords endpoint) {
  const auto local = endpoint.subspan<kEndpointLocal, 4>();
  if (std::all_of(local.begin(), local.end(), [](int32_t word) { return word == 0; })) {
    return 0;
  }
  // The interface is left to routing: forcing the one the datagram came by would break asymmetric routes.
  if (socket_family == AF_INET) {
    in_pktinfo packet_info{};
    std::memcpy(&packet_info.ipi_spec_dst, local.data(), sizeof packet_info.ipi_spec_dst);
    return append(control, 0, IPPROTO_IP, IP_PKTINFO, packet_info);
  }
  in6_pktinfo packet_info{};
  if (endpoint_family(endpoint[0]) == 4) {
    packet_info.ipi6_addr = mapped_address(local[0]);
  } else {
    std::memcpy(&packet_info.ipi6_addr, local.data(), sizeof packet_info.ipi6_addr);
  }
  return append(control, 0, IPPROTO_IPV6, IPV6_PKTINFO, packet_info);
}

}  // namespace

ReceivedControl read_control(std::span<const uint8_t> bytes, EndpointWords endpoint) {
  ReceivedControl control;
  while (bytes.size() >= sizeof(cmsghdr)) {
    cmsghdr header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.cmsg_len < CMSG_LEN(0) || header.cmsg_len > bytes.size()) {
      break;
    }
    const auto payload = bytes.subspan(CMSG_LEN(0), header.cmsg_len - CMSG_LEN(0));
    read_one({.level = header.cmsg_level, .type = header.cmsg_type, .payload = payload}, endpoint, control);
    // The last message need not be padded.
    bytes = bytes.subspan(std::min<size_t>(CMSG_ALIGN(header.cmsg_len), bytes.size()));
  }
  return control;
}

size_t write_control(std::span<uint8_t> control, int socket_family, const int32_t* endpoint, uint16_t segment_size) {
  size_t used = 0;
  if (endpoint != nullptr) {
    used = append_source(control, socket_family, ConstEndpointWords(endpoint, kEndpointWords));
  }
  if (segment_size != 0) {
    used = append(control, used, SOL_UDP, kUdpSegment, segment_size);
  }
  return used;
}

}  // namespace tunscope
