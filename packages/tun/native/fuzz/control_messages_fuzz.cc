// Any bytes as control messages, and every endpoint written and read back.

#include <array>
#include <vector>

#include "../core/control_messages.h"
#include "byte_source.h"

using namespace tunscope;

namespace {

void read_anything(std::span<const uint8_t> rest) {
  const std::vector<uint8_t> exact(rest.begin(), rest.end());
  std::array<int32_t, kEndpointWords> endpoint{};
  read_control(exact, endpoint);
  require(endpoint[0] == 0 && endpoint[kEndpointScope] == 0 && endpoint[kEndpointWords - 1] == 0);
}

// What we write must be what the walk reads: one source address, and never a GRO size.
void read_back(ByteSource& source) {
  std::array<int32_t, kEndpointWords> endpoint{};
  endpoint[0] = (source.number<uint8_t>() & 1U) != 0 ? 4 : 6;
  const int socket_family = (source.number<uint8_t>() & 1U) != 0 && endpoint[0] == 4 ? AF_INET : AF_INET6;
  for (size_t word = 0; word < (endpoint[0] == 4 ? 1U : 4U); ++word) {
    endpoint[kEndpointLocal + word] = source.number<int32_t>();
  }
  const uint16_t segment_size = source.number<uint16_t>();
  alignas(cmsghdr) std::array<uint8_t, kSendControlSize> control{};
  const size_t used = write_control(control, socket_family, endpoint.data(), segment_size);
  require(used <= control.size());
  std::array<int32_t, kEndpointWords> back{};
  const ReceivedControl received = read_control(std::span(control).first(used), back);
  require(received.gro_size == 0 && !received.overflow_drops.has_value());
  for (size_t word = 0; word < 4 && endpoint[0] == 4 && socket_family == AF_INET; ++word) {
    require(back[kEndpointLocal + word] == endpoint[kEndpointLocal + word]);
  }
}

// Remote endpoints come back as they went in, through a socket of either family.
void remote_round_trip(ByteSource& source) {
  std::array<int32_t, kEndpointWords> endpoint{};
  const int32_t family = (source.number<uint8_t>() & 1U) != 0 ? 4 : 6;
  endpoint[0] = static_cast<int32_t>((uint32_t{source.number<uint16_t>()} << 16U) | static_cast<uint32_t>(family));
  endpoint[kEndpointScope] = family == 6 ? source.number<int32_t>() : 0;
  // A first word other than zero keeps an IPv6 address from being an IPv4-mapped one.
  endpoint[kEndpointAddress] = source.number<int32_t>() | 1;
  for (size_t word = 1; family == 6 && word < 4; ++word) {
    endpoint[kEndpointAddress + word] = source.number<int32_t>();
  }
  for (const int socket_family : {AF_INET, AF_INET6}) {
    SocketAddress address{};
    const socklen_t length = read_remote(endpoint, socket_family, address);
    require((length == 0) == (socket_family == AF_INET && family == 6));
    if (length != 0) {
      std::array<int32_t, kEndpointWords> back{};
      write_remote(address, back);
      require(back == endpoint);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  ByteSource source(bytes, length);
  read_back(source);
  remote_round_trip(source);
  read_anything(source.rest());
  return 0;
}
