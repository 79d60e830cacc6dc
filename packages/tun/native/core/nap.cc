// clock_nanosleep with a timer slack that fits it: the default slack of 50 µs would double a short nap.

#include "nap.h"

#include <sys/prctl.h>

#include <algorithm>
#include <ctime>

namespace tunscope {
namespace {

constexpr long kNanosecondsPerMicrosecond = 1000;
constexpr unsigned long kTimerSlackNanoseconds = 1000;

void sharpen_timers() {
  thread_local bool is_sharp = false;
  if (!is_sharp) {
    ::prctl(PR_SET_TIMERSLACK, kTimerSlackNanoseconds, 0UL, 0UL, 0UL);
    is_sharp = true;
  }
}

}  // namespace

void nap(int32_t microseconds) {
  if (microseconds <= 0) {
    return;
  }
  sharpen_timers();
  const long bounded = std::min(microseconds, kMaxNapMicroseconds);
  const timespec length{.tv_sec = 0, .tv_nsec = bounded * kNanosecondsPerMicrosecond};
  // A signal ends it early, which is as good.
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &length, nullptr);
}

}  // namespace tunscope
