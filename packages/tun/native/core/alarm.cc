// A timerfd that is set anew only when the deadline is another.

#include "alarm.h"

#include <sys/timerfd.h>

#include <cerrno>
#include <ctime>

namespace tunscope {
namespace {

constexpr uint64_t kMillisecondsPerSecond = 1000;
constexpr long kNanosecondsPerMillisecond = 1000000;

}  // namespace

SystemFailure Alarm::open() {
  descriptor_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  return descriptor_.is_open() ? SystemFailure{} : SystemFailure{.error = errno, .syscall = Syscall::kTimerCreate};
}

bool Alarm::set(uint64_t at_ms) {
  if (at_ms == at_ms_) {
    return true;
  }
  itimerspec time{};
  if (at_ms != kNever) {
    time.it_value.tv_sec = static_cast<time_t>(at_ms / kMillisecondsPerSecond);
    time.it_value.tv_nsec = static_cast<long>(at_ms % kMillisecondsPerSecond) * kNanosecondsPerMillisecond;
  }
  // Setting it takes back a ring that nobody has read; all zeros switch it off.
  if (::timerfd_settime(descriptor_.get(), TFD_TIMER_ABSTIME, &time, nullptr) != 0) {
    at_ms_ = kNever;
    return false;
  }
  at_ms_ = at_ms;
  return true;
}

}  // namespace tunscope
