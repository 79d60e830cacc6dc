// Any numbers in the arrays of a batch: no iovec ever leaves the arena.

#include <array>
#include <vector>

#include "../core/gather_trains.h"
#include "byte_source.h"

using namespace tunscope;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  constexpr size_t kRegions = 8;
  ByteSource source(bytes, length);
  std::vector<uint8_t> arena(source.number<uint8_t>());
  std::array<int32_t, kRegions> offset{};
  std::array<int32_t, kRegions> region_length{};
  std::array<int32_t, kRegions> next{};
  const auto small = [&source] { return static_cast<int32_t>(source.number<int8_t>()); };
  for (size_t region = 0; region < kRegions; ++region) {
    const bool is_wild = (source.number<uint8_t>() & 7U) == 0;
    offset[region] = is_wild ? source.number<int32_t>() : small();
    region_length[region] = is_wild ? source.number<int32_t>() : small();
    next[region] = is_wild ? source.number<int32_t>() : small() % static_cast<int32_t>(kRegions + 1);
  }
  const std::array<int32_t, 1> first = {small()};
  const std::array<int32_t, 1> count = {small()};
  const std::array<int32_t, 1> total = {source.number<int16_t>()};
  GatherTrains trains;
  trains.first_region = first;
  trains.region_count = count;
  trains.total_length = total;
  trains.regions = {.offset = offset, .length = region_length, .next = next};
  std::vector<iovec> out;
  const TrainFault fault = gather_payload(trains, 0, arena, out);
  size_t gathered = 0;
  for (const iovec& piece : out) {
    const uint8_t* start = static_cast<const uint8_t*>(piece.iov_base);
    require(start >= arena.data() && start + piece.iov_len <= arena.data() + arena.size());
    gathered += piece.iov_len;
  }
  require(fault != TrainFault::kNone || gathered == static_cast<size_t>(total[0]));
  require(out.size() <= kRegions);
  return 0;
}
