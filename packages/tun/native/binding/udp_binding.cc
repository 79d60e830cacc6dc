// UDP sockets and datagram batches, as functions of tokens and typed arrays.

#include <algorithm>
#include <array>

#include "../core/udp_receiver.h"
#include "../core/udp_socket.h"
#include "arguments.h"
#include "environment.h"

namespace tunscope {
namespace {

// openUdp(bind, connect, isDualStack, withOffloads, receiveBufferBytes, sendBufferBytes, arena): token, or -1.
// Outcome: receive buffer, GRO, segmentation, then the local endpoint from word 4 on.
Napi::Value open_udp(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  const std::span<int32_t> bind_to = span_argument<int32_t>(call, 0);
  const std::span<int32_t> connect_to = span_argument<int32_t>(call, 1);
  if (bind_to.size() != kEndpointWords || connect_to.size() != kEndpointWords) {
    return number_result(call, environment.fail({.error = EINVAL, .syscall = Syscall::kAddress}));
  }
  const UdpWish wish{.bind_to = bind_to.first<kEndpointWords>(),
                     .connect_to = connect_to.first<kEndpointWords>(),
                     .is_dual_stack = number_argument(call, 2) == 1,
                     .with_offloads = number_argument(call, 3) == 1,
                     .receive_buffer_bytes = number_argument(call, 4),
                     .send_buffer_bytes = number_argument(call, 5)};
  UdpSocket socket;
  if (const SystemFailure failed = open_udp_socket(wish, socket); failed.is_failure()) {
    return number_result(call, environment.fail(failed));
  }
  socket.arena = span_argument<uint8_t>(call, 6);
  const auto local = environment.outcome.subspan<4, kEndpointWords>();
  if (const SystemFailure failed = local_address(socket, local); failed.is_failure()) {
    return number_result(call, environment.fail(failed));
  }
  environment.outcome[0] = socket.receive_buffer_bytes;
  environment.outcome[1] = socket.has_gro ? 1 : 0;
  environment.outcome[2] = socket.has_segmentation ? 1 : 0;
  return number_result(call, environment.sockets.add(std::move(socket)));
}

// udpState(token): 0, or -1 for a closed one. Outcome: drops (as unsigned 32 bits), segmentation.
Napi::Value udp_state(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  const UdpSocket* socket = environment.sockets.find(number_argument(call, 0));
  if (socket == nullptr) {
    return number_result(call, -1);
  }
  environment.outcome[0] = static_cast<int32_t>(socket->overflow_drops);
  environment.outcome[1] = socket->has_segmentation ? 1 : 0;
  return number_result(call, 0);
}

// closeUdp(token)
Napi::Value close_udp(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  const int32_t token = number_argument(call, 0);
  if (const UdpSocket* socket = environment.sockets.find(token)) {
    environment.stop_watching(socket->descriptor.get());
    environment.sockets.remove(token);
  }
  return call.Env().Undefined();
}

// registerDatagrams(arena, regionOffset, offset, length, segmentSize, token, endpoint, errorToken, errorNumber)
Napi::Value register_datagrams(const Napi::CallbackInfo& call) {
  const std::span<uint8_t> arena = span_argument<uint8_t>(call, 0);
  const size_t region_offset = static_cast<size_t>(number_argument(call, 1));
  const DatagramArrays arrays{.offset = span_argument<int32_t>(call, 2),
                              .length = span_argument<int32_t>(call, 3),
                              .segment_size = span_argument<int32_t>(call, 4),
                              .token = span_argument<int32_t>(call, 5),
                              .endpoint = span_argument<int32_t>(call, 6),
                              .error_token = span_argument<int32_t>(call, 7),
                              .error_number = span_argument<int32_t>(call, 8)};
  if (region_offset > arena.size() || arrays.offset.size() * kDatagramSlotBytes > arena.size() - region_offset) {
    return call.Env().Null();
  }
  return register_object(call,
                         std::make_unique<DatagramBatch>(arena.subspan(region_offset), region_offset, arrays));
}

// receiveDatagrams(tokens, tokenCount, batch, limit): messages. Outcome: errors.
Napi::Value receive_datagrams(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  const std::span<int32_t> tokens = span_argument<int32_t>(call, 0);
  const size_t token_count = std::min(static_cast<size_t>(number_argument(call, 1)), tokens.size());
  DatagramBatch* batch = registered_argument<DatagramBatch>(call, 2);
  const size_t limit = static_cast<size_t>(std::max(number_argument(call, 3), 0));
  if (batch == nullptr) {
    return number_result(call, -1);
  }
  const ReceivedCounts counts = batch->receive(environment.sockets, tokens.first(token_count), limit);
  environment.outcome[0] = static_cast<int32_t>(counts.errors);
  return number_result(call, static_cast<int32_t>(counts.messages));
}

// sendTrains(trains, count, ownerSocket, endpoints or null): a TrainFault.
// Outcome: sent, queue full, refusals, last refused owner, too big, other, errno.
Napi::Value send_trains(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  const GatherTrains* trains = registered_argument<GatherTrains>(call, 0);
  if (trains == nullptr) {
    return number_result(call, static_cast<int32_t>(TrainFault::kOwnerOutOfRange));
  }
  const SendRequest request{.trains = *trains,
                            .count = static_cast<size_t>(number_argument(call, 1)),
                            .owner_socket = span_argument<int32_t>(call, 2),
                            .endpoints = span_argument<int32_t>(call, 3)};
  UdpSendOutcome outcome;
  const TrainFault fault = environment.udp_sender.send(environment.sockets, request, outcome);
  const std::array<int32_t, 7> words = {outcome.sent,          outcome.dropped_queue_full, outcome.refusals,
                                        outcome.last_refused_owner, outcome.dropped_too_big,
                                        outcome.dropped_other, outcome.last_error};
  std::copy(words.begin(), words.end(), environment.outcome.begin());
  return number_result(call, static_cast<int32_t>(fault));
}

}  // namespace

void register_udp(Napi::Object exports, Environment* environment) {
  register_function<open_udp>(exports, "openUdp", environment);
  register_function<udp_state>(exports, "udpState", environment);
  register_function<close_udp>(exports, "closeUdp", environment);
  register_function<register_datagrams>(exports, "registerDatagrams", environment);
  register_function<receive_datagrams>(exports, "receiveDatagrams", environment);
  register_function<send_trains>(exports, "sendTrains", environment);
}

}  // namespace tunscope
