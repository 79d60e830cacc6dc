// Takes fuzzer input apart into numbers and ranges; gives zeros when it is used up.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

namespace tunscope {

class ByteSource {
 public:
  ByteSource(const uint8_t* bytes, size_t length) : bytes_(bytes, length) {}

  template <typename Number>
  Number number() {
    Number value{};
    const size_t taken = std::min(sizeof value, bytes_.size());
    if (taken > 0) {
      std::memcpy(&value, bytes_.data(), taken);
    }
    bytes_ = bytes_.subspan(taken);
    return value;
  }

  std::span<const uint8_t> take(size_t length) {
    const auto taken = bytes_.first(std::min(length, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }

  std::span<const uint8_t> rest() { return take(bytes_.size()); }

 private:
  std::span<const uint8_t> bytes_;
};

// Aborts, so that libFuzzer keeps the input.
inline void require(bool condition) {
  if (!condition) {
    __builtin_trap();
  }
}

}  // namespace tunscope
