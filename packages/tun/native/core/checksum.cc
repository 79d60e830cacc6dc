// The Internet checksum: 64-bit additions with end-around carry, four lanes at a time.

#include "checksum.h"

#include <arpa/inet.h>

#include <array>
#include <bit>
#include <cstring>

namespace tunscope {
namespace {

uint64_t add_with_carry(uint64_t left, uint64_t right) {
  const uint64_t sum = left + right;
  return sum + (sum < right ? 1U : 0U);
}

uint64_t load_word(const uint8_t* from) {
  uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

uint16_t fold(uint64_t sum) {
  sum = (sum & 0xffffffffU) + (sum >> 32U);
  sum = (sum & 0xffffffffU) + (sum >> 32U);
  sum = (sum & 0xffffU) + (sum >> 16U);
  sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<uint16_t>((sum & 0xffffU) + (sum >> 16U));
}

uint64_t sum_bytes(std::span<const uint8_t> bytes) {
  const uint8_t* at = bytes.data();
  size_t left = bytes.size();
  // Four lanes, so that the additions do not wait for each other's carry.
  std::array<uint64_t, 4> lanes{};
  for (; left >= 32; left -= 32, at += 32) {
    for (size_t lane = 0; lane < lanes.size(); ++lane) {
      lanes[lane] = add_with_carry(lanes[lane], load_word(at + lane * 8));
    }
  }
  uint64_t sum = add_with_carry(add_with_carry(lanes[0], lanes[1]), add_with_carry(lanes[2], lanes[3]));
  for (; left >= 8; left -= 8, at += 8) {
    sum = add_with_carry(sum, load_word(at));
  }
  if (left == 0) {
    return sum;
  }
  // RFC 1071 §1: an odd byte at the end is padded with zero on the right; zeros in memory do that in any byte order.
  uint64_t last = 0;
  std::memcpy(&last, at, left);
  return add_with_carry(sum, last);
}

}  // namespace

void ChecksumAccumulator::add(std::span<const uint8_t> bytes) {
  if (bytes.empty()) {
    return;
  }
  uint64_t part = sum_bytes(bytes);
  if (is_odd_) {
    // RFC 1071 §2(B): swapping the bytes of the words swaps the bytes of the sum.
    const uint16_t folded_part = fold(part);
    part = static_cast<uint16_t>((folded_part << 8U) | (folded_part >> 8U));
  }
  sum_ = add_with_carry(sum_, part);
  is_odd_ = is_odd_ != ((bytes.size() & 1U) != 0);
}

void ChecksumAccumulator::add_number(uint16_t host_order) {
  sum_ = add_with_carry(sum_, htons(host_order));
}

uint16_t ChecksumAccumulator::folded() const { return fold(sum_); }

}  // namespace tunscope
