// Sends trains through UDP sockets: adjacent trains of one socket share a sendmmsg, each train a UDP_SEGMENT.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "control_messages.h"
#include "endpoint.h"
#include "gather_trains.h"
#include "payload_cursor.h"
#include "udp_socket_table.h"

namespace tunscope {

struct UdpSendOutcome {
  int32_t sent = 0;
  int32_t dropped_queue_full = 0;
  int32_t refusals = 0;
  int32_t last_refused_owner = -1;
  int32_t dropped_too_big = 0;
  int32_t dropped_other = 0;
  int32_t last_error = 0;
};

struct SendRequest {
  const GatherTrains& trains;
  size_t count;
  // Socket token by owner.
  std::span<const int32_t> owner_socket;
  // kEndpointWords words by owner; empty when all sockets are connected.
  std::span<const int32_t> endpoints;
};

class UdpSender {
 public:
  // A fault ends the batch at the faulty train: trains before it are sent.
  TrainFault send(UdpSocketTable& sockets, const SendRequest& request, UdpSendOutcome& outcome);

 private:
  struct Message {
    int32_t owner = 0;
    int32_t datagrams = 0;
    uint32_t segment_size = 0;
    const int32_t* endpoint = nullptr;
    size_t first_iovec = 0;
    size_t iovec_count = 0;
    SocketAddress remote{};
    socklen_t remote_length = 0;
    alignas(cmsghdr) std::array<uint8_t, kSendControlSize> control{};
    size_t control_length = 0;
  };

  TrainFault add_train(UdpSocket& socket, const SendRequest& request, size_t train, UdpSendOutcome& outcome);
  TrainFault add_message(PayloadCursor& payload, size_t bytes, const Message& pattern, UdpSocket& socket);
  // Destination and source of an unconnected socket's message; an errno when it cannot be addressed.
  int address_message(const UdpSocket& socket, const SendRequest& request, Message& message) const;
  void flush(UdpSocket* socket, UdpSendOutcome& outcome);
  void link_headers();
  void settle_failure(UdpSocket& socket, const Message& message, int error, UdpSendOutcome& outcome);
  void send_singly(UdpSocket& socket, const Message& message, UdpSendOutcome& outcome);

  std::vector<Message> messages_;
  std::vector<mmsghdr> headers_;
  std::vector<iovec> iovecs_;
  std::vector<iovec> payload_;
  std::vector<iovec> single_;
};

}  // namespace tunscope
