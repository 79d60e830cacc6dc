// Any numbers in the arrays of a batch of trains: the kernel is never given an octet outside, and each segment has one outcome.

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <vector>

#include "../core/tun_writer.h"
#include "byte_source.h"

using namespace tunscope;

// Stands in for the device, which is not linked: /dev/null takes every write, and ASan looks at all that writev is given.
SystemFailure TunDevice::open(const char* /*name*/, int32_t wish) {
  descriptor_ = UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  offloads_ = wish;
  return {};
}

namespace {

constexpr size_t kTrains = 3;
constexpr size_t kRegions = 8;
constexpr size_t kHeaderPlace = 128;

// Nothing else would get past the first check: a header of either family, whole or of a fragment.
void lay_header(std::span<uint8_t> place, uint8_t shape) {
  std::ranges::fill(place, uint8_t{0});
  const bool is_ipv4 = (shape & 1U) != 0;
  const bool is_fragment = (shape & 2U) != 0;
  const size_t tcp = is_ipv4 ? 20 : 40;
  place[0] = is_ipv4 ? 0x45 : 0x60;
  place[is_ipv4 ? 9 : 6] = is_fragment && !is_ipv4 ? 44 : 6;
  place[tcp + 12] = 0x50;
  if (is_fragment && is_ipv4) {
    place[6] = 0x20;
  }
}

struct Arrays {
  std::array<int32_t, kTrains> first{}, count{}, segment_size{}, total{}, header_offset{}, header_length{};
  std::array<int32_t, kRegions> offset{}, length{}, next{};
};

void fill(Arrays& arrays, ByteSource& source, std::span<uint8_t> arena) {
  const auto sometimes_wild = [&source](int32_t usual) {
    return (source.number<uint8_t>() & 15U) == 0 ? source.number<int32_t>() : usual;
  };
  for (size_t region = 0; region < kRegions; ++region) {
    arrays.offset[region] = sometimes_wild(source.number<uint16_t>() & 0x7ff);
    arrays.length[region] = sometimes_wild(source.number<uint8_t>());
    arrays.next[region] = sometimes_wild(static_cast<int32_t>(region + 1) % static_cast<int32_t>(kRegions));
  }
  for (size_t train = 0; train < kTrains; ++train) {
    const uint8_t shape = source.number<uint8_t>();
    lay_header(arena.subspan(train * kHeaderPlace, kHeaderPlace), shape);
    const int32_t header_length = (shape & 1U) != 0 ? 40 : 60;
    const int32_t fragment_header = (shape & 1U) != 0 ? 20 : 48;
    arrays.header_offset[train] = sometimes_wild(static_cast<int32_t>(train * kHeaderPlace));
    arrays.header_length[train] = sometimes_wild((shape & 2U) != 0 ? fragment_header : header_length);
    arrays.first[train] = sometimes_wild(source.number<uint8_t>() % kRegions);
    arrays.count[train] = sometimes_wild(source.number<uint8_t>() % (kRegions + 1));
    arrays.segment_size[train] = sometimes_wild((shape & 2U) != 0 ? 0 : source.number<uint8_t>());
    // The sum of what the chain holds, as an honest caller says it; the fuzzer may say otherwise.
    int32_t total = 0;
    int32_t region = arrays.first[train];
    const int32_t walk = std::min(arrays.count[train], static_cast<int32_t>(kRegions));
    for (int32_t walked = 0; walked < walk && region >= 0 && region < static_cast<int32_t>(kRegions); ++walked) {
      const int32_t length = arrays.length[static_cast<size_t>(region)];
      total += length >= 0 && length < 256 ? length : 0;
      region = arrays.next[static_cast<size_t>(region)];
    }
    arrays.total[train] = sometimes_wild(total);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  ByteSource source(bytes, length);
  TunDevice device;
  device.open("fuzz", source.number<uint8_t>() & 15);
  std::vector<uint8_t> arena(2'048);
  Arrays arrays;
  fill(arrays, source, arena);
  GatherTrains trains;
  trains.first_region = arrays.first;
  trains.region_count = arrays.count;
  trains.segment_size = arrays.segment_size;
  trains.total_length = arrays.total;
  trains.header_offset = arrays.header_offset;
  trains.header_length = arrays.header_length;
  trains.regions = {.offset = arrays.offset, .length = arrays.length, .next = arrays.next};
  TunWriter writer;
  TunWriteOutcome outcome;
  const TrainFault fault = writer.write(device, trains, arena, kTrains, outcome);
  const int32_t told = outcome.written + outcome.dropped_queue_full + outcome.dropped_device_down + outcome.dropped_other;
  require(outcome.written >= 0 && told >= outcome.written);
  require(fault != TrainFault::kNone || told == datagrams_in_trains(trains, 0, kTrains));
  return 0;
}
