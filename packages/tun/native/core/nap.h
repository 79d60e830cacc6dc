// A nap of the calling thread, too short for anybody to miss it.
#pragma once

#include <cstdint>

namespace tunscope {

// Longer wishes are cut to this: a nap delays timers and messages of the worker by as much.
inline constexpr int32_t kMaxNapMicroseconds = 500;

// Sleeps for at least this long; nothing happens for 0 and less. Sharpens the thread's timer slack at its first nap.
void nap(int32_t microseconds);

}  // namespace tunscope
