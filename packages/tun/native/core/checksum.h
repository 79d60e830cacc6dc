// The Internet checksum (RFC 1071) over scattered memory, in the machine's own byte order until the end.
#pragma once

#include <cstdint>
#include <span>

namespace tunscope {

// Adds byte ranges one after another; a range of odd length shifts the following ones by one byte.
class ChecksumAccumulator {
 public:
  void add(std::span<const uint8_t> bytes);
  // Adds one 16-bit number given in host order, at an even position.
  void add_number(uint16_t host_order);
  // The folded sum, not complemented, as it lies in memory (network order).
  uint16_t folded() const;
  // The checksum to store, as it lies in memory.
  uint16_t finished() const { return static_cast<uint16_t>(~folded()); }

 private:
  uint64_t sum_ = 0;
  bool is_odd_ = false;
};

}  // namespace tunscope
