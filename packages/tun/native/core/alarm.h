// A deadline as a descriptor: it is readable from then on.
//
// A wait that carries a time limit arms and disarms a timer of the kernel each time, on a virtual machine at the price
// of a trap when the core would go idle. A worker with sparse traffic waits thousands of times for one deadline.
#pragma once

#include <cstdint>

#include "system_failure.h"
#include "unique_fd.h"

namespace tunscope {

class Alarm {
 public:
  static constexpr uint64_t kNever = UINT64_MAX;

  SystemFailure open();
  // Rings at that time of CLOCK_MONOTONIC; at once when it has passed. The same time again costs nothing.
  // False when the kernel refused: the caller then bounds its wait itself.
  bool set(uint64_t at_ms);

  int descriptor() const { return descriptor_.get(); }
  void close() { descriptor_.reset(-1); }

 private:
  UniqueFd descriptor_;
  uint64_t at_ms_ = kNever;
};

}  // namespace tunscope
