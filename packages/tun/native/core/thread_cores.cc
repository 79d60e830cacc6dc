// sched_setaffinity within the set that the thread was started with (taskset, cgroups and the like stay respected).

#include "thread_cores.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tunscope {
namespace {

// The shortest slice the kernel takes (sched/fair.c). A thread with a shorter slice than the running one is let in at
// its wake-up (PREEMPT_SHORT, Linux 6.12); the worker then needs some microseconds and sleeps again.
constexpr uint64_t kShortSliceNanoseconds = 100'000;
constexpr uint64_t kDefaultSlice = 0;

// struct sched_attr of linux/sched/types.h, which cannot be included beside glibc's <sched.h>.
struct SchedAttributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};

struct AllowedCores {
  cpu_set_t set{};
  bool is_known = false;
};

const AllowedCores& allowed_at_first() {
  thread_local const AllowedCores allowed = [] {
    AllowedCores read;
    read.is_known = ::sched_getaffinity(0, sizeof read.set, &read.set) == 0;
    return read;
  }();
  return allowed;
}

// Older kernels take the call and ignore the slice; whether it worked changes nothing.
void set_slice(uint64_t nanoseconds) {
  SchedAttributes attributes{};
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) {
    return;
  }
  attributes.runtime = nanoseconds;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace

bool keep_thread_on(int32_t core) {
  const AllowedCores& allowed = allowed_at_first();
  if (!allowed.is_known) {
    return false;
  }
  if (core < 0) {
    set_slice(kDefaultSlice);
    return ::sched_setaffinity(0, sizeof allowed.set, &allowed.set) == 0;
  }
  if (core >= CPU_SETSIZE || !CPU_ISSET(core, &allowed.set)) {
    return false;
  }
  cpu_set_t one{};
  CPU_SET(core, &one);
  if (::sched_setaffinity(0, sizeof one, &one) != 0) {
    return false;
  }
  set_slice(kShortSliceNanoseconds);
  return true;
}

}  // namespace tunscope
