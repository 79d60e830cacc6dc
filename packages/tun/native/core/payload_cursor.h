// Takes a scattered payload apart from front to back, in pieces of any length.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace tunscope {

class PayloadCursor {
 public:
  explicit PayloadCursor(std::span<const iovec> payload) : payload_(payload) {
    for (const iovec& piece : payload) {
      bytes_left_ += piece.iov_len;
    }
  }

  size_t bytes_left() const { return bytes_left_; }

  // Appends the next `wanted` bytes, or all that are left, to `out`. Returns how many.
  size_t take(size_t wanted, std::vector<iovec>& out) {
    const size_t taken = std::min(wanted, bytes_left_);
    size_t missing = taken;
    while (missing > 0) {
      const iovec& piece = payload_[index_];
      const size_t part = std::min(missing, piece.iov_len - used_);
      out.push_back({.iov_base = static_cast<uint8_t*>(piece.iov_base) + used_, .iov_len = part});
      missing -= part;
      used_ += part;
      if (used_ == piece.iov_len) {
        index_ += 1;
        used_ = 0;
      }
    }
    bytes_left_ -= taken;
    return taken;
  }

 private:
  std::span<const iovec> payload_;
  size_t bytes_left_ = 0;
  size_t index_ = 0;
  size_t used_ = 0;
};

}  // namespace tunscope
