// Writes trains to a TUN device: one writev each where the kernel segments, cut in software where it does not.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <vector>

#include "gather_trains.h"
#include "segment_cutter.h"
#include "tun_device.h"

namespace tunscope {

// In segments: a train counts as many as it holds, a segment without payload and an IP fragment count one.
struct TunWriteOutcome {
  int32_t written = 0;
  int32_t dropped_queue_full = 0;
  int32_t dropped_device_down = 0;
  int32_t dropped_other = 0;
  int32_t last_error = 0;
  bool is_gone = false;
};

// Above this, the kernel splits a super-segment in software; past 65,535 a length wraps.
inline constexpr int32_t kMaxTrainPacket = 65'521;
inline constexpr int32_t kMaxSinglePacket = 65'535;

class TunWriter {
 public:
  // Writes the first `count` trains. A fault ends the batch at the faulty train: trains before it are written.
  TrainFault write(const TunDevice& device, const GatherTrains& trains, std::span<uint8_t> arena, size_t count,
                   TunWriteOutcome& outcome);

 private:
  // What became of one train: its first `written` segments were taken, then `error` (0 when all were).
  struct TrainResult {
    int32_t written = 0;
    int error = 0;
  };
  // A train about to be written; `segment_size` is 0 for one segment.
  struct TrainShape {
    TrainHeader header;
    int32_t segment_size = 0;
    int32_t segments = 1;
  };

  static void count_result(const TrainResult& result, int32_t segments, TunWriteOutcome& outcome);
  TrainFault write_fragment(const TunDevice& device, std::span<const uint8_t> header, TunWriteOutcome& outcome);
  TrainFault write_train(const TunDevice& device, const TrainShape& train, TrainResult& result);
  void write_whole(const TunDevice& device, const TrainShape& train, TrainResult& result);
  TrainFault write_cut(const TunDevice& device, const TrainShape& train, TrainResult& result);

  // Entries 0 and 1 are kept for the virtio header and the packet header.
  std::vector<iovec> iovecs_;
  std::vector<iovec> segment_iovecs_;
};

}  // namespace tunscope
