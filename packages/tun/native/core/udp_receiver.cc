// recvmmsg into prepared slots; only the headers that the kernel used are prepared again.

#include "udp_receiver.h"

#include <algorithm>
#include <cerrno>

namespace tunscope {
namespace {

// A peer that makes errors faster than we read them must not hold the loop.
constexpr int kMaxErrorsPerSocket = 8;

// Slots are virtual memory until a message lands in them, and stay resident from then on. A large batch is meant for
// small messages; without this bound a burst of 64-KiB messages would make all 1,024 slots, 64 MiB, resident.
constexpr size_t kBatchBytes = size_t{2} << 20;
constexpr size_t kMessagesPerCall = 64;

}  // namespace

DatagramBatch::DatagramBatch(std::span<uint8_t> region, size_t region_offset, const DatagramArrays& arrays)
    : arrays_(arrays), slots_(arrays.offset.size()), headers_(arrays.offset.size()) {
  for (size_t index = 0; index < slots_.size(); ++index) {
    const size_t start = index * kDatagramSlotBytes;
    slots_[index].bytes = {.iov_base = &region[start], .iov_len = kDatagramSlotBytes};
    arrays_.offset[index] = static_cast<int32_t>(region_offset + start);
    prepare(index);
  }
}

void DatagramBatch::prepare(size_t index) {
  Slot& slot = slots_[index];
  msghdr& header = headers_[index].msg_hdr;
  header.msg_name = &slot.remote;
  header.msg_namelen = sizeof slot.remote;
  header.msg_iov = &slot.bytes;
  header.msg_iovlen = 1;
  header.msg_control = slot.control.data();
  header.msg_controllen = slot.control.size();
  header.msg_flags = 0;
}

ReceivedCounts DatagramBatch::receive(UdpSocketTable& sockets, std::span<const int32_t> tokens, size_t limit) {
  counts_ = {};
  bytes_ = 0;
  const size_t bound = std::min(limit, slots_.size());
  for (const int32_t token : tokens) {
    if (counts_.messages == bound || bytes_ >= kBatchBytes) {
      break;
    }
    UdpSocket* socket = sockets.find(token);
    if (socket == nullptr) {
      note_error(token, EBADF);
      continue;
    }
    receive_from(*socket, token, bound);
  }
  return counts_;
}

void DatagramBatch::receive_from(UdpSocket& socket, int32_t token, size_t limit) {
  int errors = 0;
  while (counts_.messages < limit && bytes_ < kBatchBytes) {
    const unsigned int room = static_cast<unsigned int>(std::min(limit - counts_.messages, kMessagesPerCall));
    const int got = ::recvmmsg(socket.descriptor.get(), &headers_[counts_.messages], room, MSG_DONTWAIT, nullptr);
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      if (errno == EAGAIN || !note_error(token, errno)) {
        return;
      }
      errors += 1;
      if (errors == kMaxErrorsPerSocket) {
        return;
      }
      continue;
    }
    for (int received = 0; received < got; ++received) {
      describe(socket, token, counts_.messages);
      counts_.messages += 1;
    }
    // Fewer than asked for: the queue is empty, and asking again would only cost a call.
    if (static_cast<unsigned int>(got) < room) {
      return;
    }
  }
}

void DatagramBatch::describe(UdpSocket& socket, int32_t token, size_t index) {
  const auto endpoint = arrays_.endpoint.subspan(index * kEndpointWords).first<kEndpointWords>();
  Slot& slot = slots_[index];
  write_remote(slot.remote, endpoint);
  const size_t control_length = std::min<size_t>(headers_[index].msg_hdr.msg_controllen, slot.control.size());
  const ReceivedControl control = read_control(std::span(slot.control).first(control_length), endpoint);
  if (control.overflow_drops.has_value()) {
    socket.overflow_drops = *control.overflow_drops;
  }
  const int32_t length = static_cast<int32_t>(headers_[index].msg_len);
  const bool is_glued = control.gro_size > 0 && control.gro_size < length;
  arrays_.length[index] = length;
  bytes_ += static_cast<size_t>(length);
  arrays_.segment_size[index] = is_glued ? control.gro_size : length;
  arrays_.token[index] = token;
  prepare(index);
}

bool DatagramBatch::note_error(int32_t token, int error) {
  if (counts_.errors == arrays_.error_token.size()) {
    return false;
  }
  arrays_.error_token[counts_.errors] = token;
  arrays_.error_number[counts_.errors] = error;
  counts_.errors += 1;
  return true;
}

}  // namespace tunscope
