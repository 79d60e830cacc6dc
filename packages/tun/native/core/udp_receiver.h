// Receives datagrams of several sockets into the slots of one batch with recvmmsg.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "control_messages.h"
#include "endpoint.h"
#include "udp_socket_table.h"

namespace tunscope {

// DATAGRAM_SLOT_BYTES in src/packet-io.ts: 64 KiB and a stagger, so that slots do not share cache sets.
inline constexpr size_t kDatagramSlotBytes = 65'536 + 2'112;

struct DatagramArrays {
  std::span<int32_t> offset;
  std::span<int32_t> length;
  std::span<int32_t> segment_size;
  std::span<int32_t> token;
  std::span<int32_t> endpoint;
  std::span<int32_t> error_token;
  std::span<int32_t> error_number;
};

struct ReceivedCounts {
  size_t messages = 0;
  size_t errors = 0;
};

class DatagramBatch {
 public:
  // `region` holds one slot for every entry of `arrays.offset`; `region_offset` is its place in the arena.
  DatagramBatch(std::span<uint8_t> region, size_t region_offset, const DatagramArrays& arrays);
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  // Reads the sockets in the order of `tokens` until each is empty or `limit` messages are here.
  ReceivedCounts receive(UdpSocketTable& sockets, std::span<const int32_t> tokens, size_t limit);

 private:
  struct Slot {
    iovec bytes{};
    SocketAddress remote{};
    alignas(cmsghdr) std::array<uint8_t, kReceiveControlSize> control{};
  };

  void receive_from(UdpSocket& socket, int32_t token, size_t limit);
  void describe(UdpSocket& socket, int32_t token, size_t index);
  void prepare(size_t index);
  // False when there is no room for another error.
  bool note_error(int32_t token, int error);

  DatagramArrays arrays_;
  std::vector<Slot> slots_;
  std::vector<mmsghdr> headers_;
  ReceivedCounts counts_;
  // Payload in the batch so far.
  size_t bytes_ = 0;
};

}  // namespace tunscope
