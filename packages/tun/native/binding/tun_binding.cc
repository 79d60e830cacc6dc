// TUN devices and outgoing trains, as functions of small numbers and typed arrays.

#include <array>
#include <string>

#include "arguments.h"
#include "environment.h"

namespace tunscope {
namespace {

// openTun(name, offloadWish, arena): slot, or -1. Outcome: interface index, offloads.
Napi::Value open_tun(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  const std::string name = call[0].As<Napi::String>().Utf8Value();
  auto tun = std::make_unique<OpenTun>();
  if (const SystemFailure failed = tun->device.open(name.c_str(), number_argument(call, 1)); failed.is_failure()) {
    return number_result(call, environment.fail(failed));
  }
  tun->arena = span_argument<uint8_t>(call, 2);
  environment.outcome[0] = tun->device.interface_index();
  environment.outcome[1] = tun->device.offloads();
  return number_result(call, environment.tuns.add(std::move(tun)));
}

// tunName(slot): the name the kernel chose at open.
Napi::Value tun_name(const Napi::CallbackInfo& call) {
  const OpenTun* tun = environment_of(call).tuns.find(number_argument(call, 0));
  return Napi::String::New(call.Env(), tun == nullptr ? "" : tun->device.name());
}

// tunMtu(slot): bytes, or -1.
Napi::Value tun_mtu(const Napi::CallbackInfo& call) {
  const Environment& environment = environment_of(call);
  const OpenTun* tun = environment.tuns.find(number_argument(call, 0));
  if (tun == nullptr) {
    return number_result(call, environment.fail({.error = EBADF, .syscall = Syscall::kInterfaceMtu}));
  }
  int32_t mtu_bytes = 0;
  const SystemFailure failed = tun->device.link_mtu(mtu_bytes);
  return number_result(call, failed.is_failure() ? environment.fail(failed) : mtu_bytes);
}

// readBatch(slot, batch, limit): packets, `limit` at most; -1 when the device is gone.
Napi::Value read_batch(const Napi::CallbackInfo& call) {
  OpenTun* tun = environment_of(call).tuns.find(number_argument(call, 0));
  const PacketBatch* batch = registered_argument<PacketBatch>(call, 1);
  const bool can_read = tun != nullptr && batch != nullptr;
  return number_result(call, can_read ? tun->device.read_batch(*batch, static_cast<size_t>(number_argument(call, 2))) : -1);
}

// writeTrains(slot, trains, count): a TrainFault. Outcome, in segments: written, queue full, down, other; errno, gone.
Napi::Value write_trains(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  const OpenTun* tun = environment.tuns.find(number_argument(call, 0));
  const GatherTrains* trains = registered_argument<GatherTrains>(call, 1);
  const size_t count = static_cast<size_t>(number_argument(call, 2));
  TunWriteOutcome outcome;
  TrainFault fault = TrainFault::kNone;
  if (tun == nullptr || trains == nullptr) {
    outcome.is_gone = true;
    outcome.last_error = EBADF;
    outcome.dropped_other = trains == nullptr ? static_cast<int32_t>(count) : datagrams_in_trains(*trains, 0, count);
  } else {
    fault = environment.tun_writer.write(tun->device, *trains, tun->arena, count, outcome);
  }
  const std::array<int32_t, 6> words = {outcome.written,       outcome.dropped_queue_full,
                                        outcome.dropped_device_down, outcome.dropped_other,
                                        outcome.last_error,    outcome.is_gone ? 1 : 0};
  std::copy(words.begin(), words.end(), environment.outcome.begin());
  return number_result(call, static_cast<int32_t>(fault));
}

// closeTun(slot)
Napi::Value close_tun(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  if (const std::unique_ptr<OpenTun> tun = environment.tuns.take(number_argument(call, 0))) {
    environment.stop_watching(tun->device.descriptor());
  }
  return call.Env().Undefined();
}

// registerPackets(arena, regionOffset, regionLength, offset, length, segmentSize, verdict)
Napi::Value register_packets(const Napi::CallbackInfo& call) {
  auto batch = std::make_unique<PacketBatch>();
  batch->arena = span_argument<uint8_t>(call, 0);
  batch->region_offset = static_cast<size_t>(number_argument(call, 1));
  batch->region_length = static_cast<size_t>(number_argument(call, 2));
  batch->offset = span_argument<int32_t>(call, 3);
  batch->length = span_argument<int32_t>(call, 4);
  batch->segment_size = span_argument<int32_t>(call, 5);
  batch->verdict = span_argument<uint8_t>(call, 6);
  return register_object(call, std::move(batch));
}

// registerTrains(owner, firstRegion, regionCount, segmentSize, totalLength, headerOffset, headerLength,
//                regionOffset, regionLength, regionNext)
Napi::Value register_trains(const Napi::CallbackInfo& call) {
  auto trains = std::make_unique<GatherTrains>();
  const std::array<std::span<const int32_t>*, 10> fields = {
      &trains->owner,         &trains->first_region,   &trains->region_count,   &trains->segment_size,
      &trains->total_length,  &trains->header_offset,  &trains->header_length,  &trains->regions.offset,
      &trains->regions.length, &trains->regions.next};
  for (size_t field = 0; field < fields.size(); ++field) {
    *fields[field] = span_argument<int32_t>(call, field);
  }
  return register_object(call, std::move(trains));
}

}  // namespace

void register_tun(Napi::Object exports, Environment* environment) {
  register_function<open_tun>(exports, "openTun", environment);
  register_function<tun_name>(exports, "tunName", environment);
  register_function<tun_mtu>(exports, "tunMtu", environment);
  register_function<read_batch>(exports, "readBatch", environment);
  register_function<write_trains>(exports, "writeTrains", environment);
  register_function<close_tun>(exports, "closeTun", environment);
  register_function<register_packets>(exports, "registerPackets", environment);
  register_function<register_trains>(exports, "registerTrains", environment);
}

}  // namespace tunscope
