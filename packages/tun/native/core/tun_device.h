// A TUN device: opening it with the offloads the kernel has, reading batches, asking for its MTU.
#pragma once

#include <net/if.h>

#include <array>
#include <cstdint>
#include <span>

#include "system_failure.h"
#include "unique_fd.h"

namespace tunscope {

// Bits of the wish for, and the finding of, offloads; mirrored by OFFLOAD in src/native/addon.ts.
inline constexpr int32_t kOffloadVirtioHeader = 1;
inline constexpr int32_t kOffloadChecksum = 2;
inline constexpr int32_t kOffloadTso4 = 4;
inline constexpr int32_t kOffloadTso6 = 8;

// The part of the arena that one batch may fill, and the arrays that describe what was read.
struct PacketBatch {
  std::span<uint8_t> arena;
  size_t region_offset = 0;
  size_t region_length = 0;
  std::span<int32_t> offset;
  std::span<int32_t> length;
  std::span<int32_t> segment_size;
  std::span<uint8_t> verdict;
};

class TunDevice {
 public:
  // `name` is a kernel name or pattern, already checked for length; `wish` is made of kOffload bits.
  SystemFailure open(const char* name, int32_t wish);
  // Packets read, `limit` at most; -1 when the device is gone.
  int32_t read_batch(const PacketBatch& batch, size_t limit);
  // Positive MTU, or a failure.
  SystemFailure link_mtu(int32_t& mtu_bytes) const;

  int descriptor() const { return descriptor_.get(); }
  const char* name() const { return name_.data(); }
  int32_t interface_index() const { return interface_index_; }
  int32_t offloads() const { return offloads_; }
  bool has(int32_t offload) const { return (offloads_ & offload) != 0; }

 private:
  SystemFailure attach(const char* name, bool with_virtio_header);
  SystemFailure agree_on_offloads(int32_t wish);

  UniqueFd descriptor_;
  std::array<char, IFNAMSIZ> name_{};
  int32_t interface_index_ = 0;
  int32_t offloads_ = 0;
};

}  // namespace tunscope
