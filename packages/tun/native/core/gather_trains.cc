// Walks the linked regions of a train into iovecs, checking each against the arena.

#include "gather_trains.h"

namespace tunscope {
namespace {

bool lies_in(std::span<uint8_t> arena, int32_t offset, int32_t length) {
  if (offset < 0 || length < 1) {
    return false;
  }
  const size_t start = static_cast<size_t>(offset);
  return start <= arena.size() && static_cast<size_t>(length) <= arena.size() - start;
}

void append_region(std::vector<iovec>& out, size_t first, std::span<uint8_t> bytes) {
  if (out.size() > first) {
    iovec& last = out.back();
    if (static_cast<uint8_t*>(last.iov_base) + last.iov_len == bytes.data()) {
      last.iov_len += bytes.size();
      return;
    }
  }
  out.push_back({.iov_base = bytes.data(), .iov_len = bytes.size()});
}

}  // namespace

TrainFault gather_payload(const GatherTrains& trains, size_t train, std::span<uint8_t> arena,
                          std::vector<iovec>& out) {
  const GatherRegions& regions = trains.regions;
  const size_t first_iovec = out.size();
  int32_t region = trains.first_region[train];
  int64_t gathered = 0;
  // No region can be in a train twice, so a larger count is a cycle in `next`.
  if (trains.region_count[train] < 0 || static_cast<size_t>(trains.region_count[train]) > regions.next.size()) {
    return TrainFault::kRegionChain;
  }
  for (int32_t walked = 0; walked < trains.region_count[train]; ++walked) {
    if (region < 0 || static_cast<size_t>(region) >= regions.offset.size()) {
      return TrainFault::kRegionChain;
    }
    const size_t index = static_cast<size_t>(region);
    if (!lies_in(arena, regions.offset[index], regions.length[index])) {
      return TrainFault::kRegionOutsideArena;
    }
    const size_t length = static_cast<size_t>(regions.length[index]);
    append_region(out, first_iovec, arena.subspan(static_cast<size_t>(regions.offset[index]), length));
    gathered += regions.length[index];
    region = regions.next[index];
  }
  if (region != -1) {
    return TrainFault::kRegionChain;
  }
  return gathered == trains.total_length[train] ? TrainFault::kNone : TrainFault::kLengthMismatch;
}

}  // namespace tunscope
