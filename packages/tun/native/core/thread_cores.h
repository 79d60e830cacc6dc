// Ties the calling thread to one core, where it is let in at once when it wakes, and lets it go again.
#pragma once

#include <cstdint>

namespace tunscope {

// -1 lets the thread run where it was allowed to before the first call. False when the core is not among those, or the
// kernel refuses; nothing has changed then.
bool keep_thread_on(int32_t core);

}  // namespace tunscope
