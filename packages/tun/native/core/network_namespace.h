// The number that the kernel gives a network namespace when it makes it, and never again until the next boot.
#pragma once

#include <cstdint>

namespace tunscope {

// Of the calling thread's network namespace; 0 when the kernel has none to tell (before Linux 5.14).
uint64_t network_namespace_cookie();

}  // namespace tunscope
