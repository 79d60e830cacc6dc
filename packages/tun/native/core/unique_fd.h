// A file descriptor that closes itself: the only owner of a descriptor in this addon.
#pragma once

#include <unistd.h>

#include <utility>

namespace tunscope {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int descriptor) : descriptor_(descriptor) {}
  UniqueFd(UniqueFd&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset(std::exchange(other.descriptor_, -1));
    }
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(-1); }

  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

  void reset(int descriptor) {
    if (descriptor_ >= 0) {
      // EINTR still closes on Linux, so a retry could close a descriptor that another thread just got.
      ::close(descriptor_);
    }
    descriptor_ = descriptor;
  }

 private:
  int descriptor_ = -1;
};

}  // namespace tunscope
