// Lays trains out as messages, sends them in one go per socket, and steps back to single datagrams where refused.

#include "udp_sender.h"

#include <algorithm>
#include <cerrno>

namespace tunscope {
namespace {

// UDP_MAX_SEGMENTS of kernels before 6.9, and the largest IPv4 payload.
constexpr int32_t kMaxSegmentsPerMessage = 64;
constexpr int32_t kMaxMessageBytes = 65'507;
// The kernel's own bound for one sendmmsg.
constexpr size_t kMaxMessages = 1024;
// Each refusal clears one pending error; a peer that refuses faster than we send must not hold the loop.
constexpr int kMaxRefusalsPerMessage = 4;

int32_t datagrams_per_message(const UdpSocket& socket, int32_t segment_size, size_t regions) {
  if (!socket.has_segmentation || segment_size == 0 || regions > kMaxIovecs) {
    return 1;
  }
  return std::clamp(kMaxMessageBytes / segment_size, 1, kMaxSegmentsPerMessage);
}

void count_failure(int error, int32_t datagrams, UdpSendOutcome& outcome) {
  outcome.last_error = error;
  switch (error) {
    case EAGAIN:
    case ENOBUFS:
      outcome.dropped_queue_full += datagrams;
      return;
    case EMSGSIZE:
      outcome.dropped_too_big += datagrams;
      return;
    default:
      outcome.dropped_other += datagrams;
  }
}

void count_refusal(int32_t owner, UdpSendOutcome& outcome) {
  outcome.refusals += 1;
  outcome.last_refused_owner = owner;
  outcome.last_error = ECONNREFUSED;
}

}  // namespace

TrainFault UdpSender::send(UdpSocketTable& sockets, const SendRequest& request, UdpSendOutcome& outcome) {
  UdpSocket* current = nullptr;
  messages_.clear();
  iovecs_.clear();
  TrainFault fault = TrainFault::kNone;
  for (size_t train = 0; train < request.count && fault == TrainFault::kNone; ++train) {
    const int32_t owner = request.trains.owner[train];
    const int32_t total_length = request.trains.total_length[train];
    const int32_t segment_size = request.trains.segment_size[train];
    if (owner < 0 || static_cast<size_t>(owner) >= request.owner_socket.size()) {
      fault = TrainFault::kOwnerOutOfRange;
      break;
    }
    if (total_length < 0 || segment_size < 0 || (total_length > 0 && segment_size == 0)) {
      fault = TrainFault::kBadSegmentSize;
      break;
    }
    UdpSocket* socket = sockets.find(request.owner_socket[static_cast<size_t>(owner)]);
    if (socket == nullptr) {
      count_failure(EBADF, datagrams_in_train(total_length, segment_size), outcome);
      continue;
    }
    if (socket != current) {
      flush(current, outcome);
      current = socket;
    }
    fault = add_train(*socket, request, train, outcome);
  }
  flush(current, outcome);
  return fault;
}

TrainFault UdpSender::add_train(UdpSocket& socket, const SendRequest& request, size_t train,
                                UdpSendOutcome& outcome) {
  const GatherTrains& trains = request.trains;
  payload_.clear();
  if (const TrainFault fault = gather_payload(trains, train, socket.arena, payload_); fault != TrainFault::kNone) {
    return fault;
  }
  Message pattern;
  pattern.owner = trains.owner[train];
  pattern.segment_size = static_cast<uint32_t>(trains.segment_size[train]);
  const int32_t datagrams = datagrams_in_train(trains.total_length[train], trains.segment_size[train]);
  if (const int error = address_message(socket, request, pattern); error != 0) {
    count_failure(error, datagrams, outcome);
    return TrainFault::kNone;
  }
  PayloadCursor payload(payload_);
  int32_t left = datagrams;
  while (left > 0) {
    pattern.datagrams =
        std::min(left, datagrams_per_message(socket, trains.segment_size[train], payload_.size()));
    const bool is_last = pattern.datagrams == left;
    const size_t bytes = is_last ? payload.bytes_left()
                                 : static_cast<size_t>(pattern.datagrams) * pattern.segment_size;
    if (const TrainFault fault = add_message(payload, bytes, pattern, socket); fault != TrainFault::kNone) {
      return fault;
    }
    left -= pattern.datagrams;
    if (messages_.size() == kMaxMessages) {
      flush(&socket, outcome);
    }
  }
  return TrainFault::kNone;
}

int UdpSender::address_message(const UdpSocket& socket, const SendRequest& request, Message& message) const {
  if (socket.is_connected) {
    return 0;
  }
  const size_t start = static_cast<size_t>(message.owner) * kEndpointWords;
  if (start + kEndpointWords > request.endpoints.size()) {
    return EDESTADDRREQ;
  }
  message.endpoint = &request.endpoints[start];
  const ConstEndpointWords words(message.endpoint, kEndpointWords);
  message.remote_length = read_remote(words, socket.family, message.remote);
  return message.remote_length == 0 ? EAFNOSUPPORT : 0;
}

TrainFault UdpSender::add_message(PayloadCursor& payload, size_t bytes, const Message& pattern,
                                  UdpSocket& socket) {
  const size_t first_iovec = iovecs_.size();
  payload.take(bytes, iovecs_);
  if (iovecs_.size() - first_iovec > kMaxIovecs) {
    iovecs_.resize(first_iovec);
    return TrainFault::kTooManyRegions;
  }
  Message& message = messages_.emplace_back(pattern);
  message.first_iovec = first_iovec;
  message.iovec_count = iovecs_.size() - first_iovec;
  const uint16_t segment_size = message.datagrams > 1 ? static_cast<uint16_t>(message.segment_size) : uint16_t{0};
  message.control_length = write_control(message.control, socket.family, message.endpoint, segment_size);
  return TrainFault::kNone;
}

// The vectors may have moved while they grew, so pointers into them are taken last.
void UdpSender::link_headers() {
  headers_.resize(messages_.size());
  for (size_t index = 0; index < messages_.size(); ++index) {
    Message& message = messages_[index];
    msghdr& header = headers_[index].msg_hdr;
    header.msg_name = message.remote_length == 0 ? nullptr : &message.remote;
    header.msg_namelen = message.remote_length;
    header.msg_iov = message.iovec_count == 0 ? nullptr : &iovecs_[message.first_iovec];
    header.msg_iovlen = message.iovec_count;
    header.msg_control = message.control_length == 0 ? nullptr : message.control.data();
    header.msg_controllen = message.control_length;
    header.msg_flags = 0;
  }
}

void UdpSender::flush(UdpSocket* socket, UdpSendOutcome& outcome) {
  if (socket == nullptr || messages_.empty()) {
    return;
  }
  link_headers();
  size_t next = 0;
  int refusals = 0;
  while (next < messages_.size()) {
    const unsigned int left = static_cast<unsigned int>(messages_.size() - next);
    const int taken = ::sendmmsg(socket->descriptor.get(), &headers_[next], left, MSG_DONTWAIT);
    if (taken > 0) {
      for (int index = 0; index < taken; ++index, ++next) {
        outcome.sent += messages_[next].datagrams;
      }
      refusals = 0;
      continue;
    }
    const int error = taken < 0 ? errno : EAGAIN;
    if (error == EINTR) {
      continue;
    }
    if (error == ECONNREFUSED && refusals < kMaxRefusalsPerMessage) {
      // The error belongs to an earlier datagram; this one has not been tried yet.
      count_refusal(messages_[next].owner, outcome);
      refusals += 1;
      continue;
    }
    settle_failure(*socket, messages_[next], error, outcome);
    refusals = 0;
    next += 1;
  }
  messages_.clear();
  iovecs_.clear();
}

void UdpSender::settle_failure(UdpSocket& socket, const Message& message, int error, UdpSendOutcome& outcome) {
  const bool is_train = message.datagrams > 1;
  if (is_train && error == EIO) {
    // The device does not compute checksums, and will not learn it.
    socket.has_segmentation = false;
  }
  if (is_train && (error == EIO || error == EINVAL || error == EMSGSIZE)) {
    send_singly(socket, message, outcome);
    return;
  }
  count_failure(error, message.datagrams, outcome);
}

void UdpSender::send_singly(UdpSocket& socket, const Message& message, UdpSendOutcome& outcome) {
  PayloadCursor payload(std::span<const iovec>(iovecs_).subspan(message.first_iovec, message.iovec_count));
  Message single = message;
  single.control_length = write_control(single.control, socket.family, message.endpoint, 0);
  int refusals = 0;
  for (int32_t datagram = 0; datagram < message.datagrams; ++datagram) {
    single_.clear();
    payload.take(message.segment_size, single_);
    msghdr header{};
    header.msg_name = single.remote_length == 0 ? nullptr : &single.remote;
    header.msg_namelen = single.remote_length;
    header.msg_iov = single_.data();
    header.msg_iovlen = single_.size();
    header.msg_control = single.control_length == 0 ? nullptr : single.control.data();
    header.msg_controllen = single.control_length;
    int error = 0;
    while (::sendmsg(socket.descriptor.get(), &header, MSG_DONTWAIT) < 0) {
      error = errno;
      if (error == ECONNREFUSED && refusals < kMaxRefusalsPerMessage) {
        count_refusal(message.owner, outcome);
        refusals += 1;
      } else if (error != EINTR) {
        break;
      }
      error = 0;
    }
    if (error == 0) {
      outcome.sent += 1;
    } else {
      count_failure(error, 1, outcome);
    }
  }
}

}  // namespace tunscope
