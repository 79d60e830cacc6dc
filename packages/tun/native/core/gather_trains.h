// A batch of outgoing trains as TypeScript laid it out: struct-of-arrays views, and the walk over linked regions.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <vector>

namespace tunscope {

struct GatherRegions {
  std::span<const int32_t> offset;
  std::span<const int32_t> length;
  std::span<const int32_t> next;
};

struct GatherTrains {
  std::span<const int32_t> owner;
  std::span<const int32_t> first_region;
  std::span<const int32_t> region_count;
  std::span<const int32_t> segment_size;
  std::span<const int32_t> total_length;
  std::span<const int32_t> header_offset;
  std::span<const int32_t> header_length;
  GatherRegions regions;
};

// A batch that breaks its own contract: a bug on our side of the kernel, reported as a broken invariant.
// The numbers are mirrored by TRAIN_FAULTS in src/native/train-faults.ts.
enum class TrainFault : int32_t {
  kNone = 0,
  kRegionOutsideArena = 1,
  kRegionChain = 2,
  kLengthMismatch = 3,
  kTooManyRegions = 4,
  kBadHeader = 5,
  kTooLong = 6,
  kOwnerOutOfRange = 7,
  kBadSegmentSize = 8,
};

// The kernel's UIO_MAXIOV.
inline constexpr size_t kMaxIovecs = 1024;

// Appends the payload of one train to `out`, joining regions that touch in memory.
TrainFault gather_payload(const GatherTrains& trains, size_t train, std::span<uint8_t> arena,
                          std::vector<iovec>& out);

// How many datagrams the train holds; a train without payload is one, and so is one of no sensible shape.
inline int32_t datagrams_in_train(int32_t total_length, int32_t segment_size) {
  return total_length <= segment_size || segment_size <= 0 ? 1 : (total_length - 1) / segment_size + 1;
}

// The same for trains `first` to `end` - 1.
inline int32_t datagrams_in_trains(const GatherTrains& trains, size_t first, size_t end) {
  int32_t datagrams = 0;
  for (size_t train = first; train < end; ++train) {
    datagrams += datagrams_in_train(trains.total_length[train], trains.segment_size[train]);
  }
  return datagrams;
}

}  // namespace tunscope
