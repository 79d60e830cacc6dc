// An errno and the call that gave it, as a value: errors travel to the TypeScript edge this way.
#pragma once

#include <cstdint>

namespace tunscope {

// The numbers are mirrored by SYSCALL_NAMES in src/native/system-failure.ts.
enum class Syscall : int32_t {
  kNone = 0,
  kOpenTun = 1,
  kTunGetFeatures = 2,
  kTunSetIff = 3,
  kTunSetVnetHeaderSize = 4,
  kTunSetOffload = 5,
  kInterfaceIndex = 6,
  kInterfaceMtu = 7,
  kSocket = 8,
  kBind = 9,
  kConnect = 10,
  kGetSocketName = 11,
  kSetSocketOption = 12,
  kEpollCreate = 13,
  kEpollControl = 14,
  kUvPoll = 15,
  kAddress = 16,
  kTunGetIff = 17,
  kTimerCreate = 18,
};

struct SystemFailure {
  // Positive errno, 0 when nothing failed.
  int error = 0;
  Syscall syscall = Syscall::kNone;

  bool is_failure() const { return error != 0; }
};

}  // namespace tunscope
