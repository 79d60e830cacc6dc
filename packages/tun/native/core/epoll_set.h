// One epoll descriptor and the ready list it fills.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "system_failure.h"
#include "unique_fd.h"

struct epoll_event;

namespace tunscope {

// READY in src/packet-io.ts.
inline constexpr uint8_t kReadyReadable = 1;
inline constexpr uint8_t kReadyError = 2;
inline constexpr uint8_t kReadyHangup = 4;

class EpollSet {
 public:
  SystemFailure open();
  // Watches for input; adding a descriptor again changes its token.
  SystemFailure add(int descriptor, int32_t token) const;
  // Nothing happens when the descriptor is not watched.
  void remove(int descriptor) const;
  // Watches a descriptor that is nobody's source: when it is ready, a poll says so apart from the entries.
  SystemFailure add_bell(int descriptor) const;

  struct Finding {
    // Entries of both arrays that are valid.
    size_t count = 0;
    bool has_bell_rung = false;
  };
  // Fills both arrays from the start. Waits `timeout_ms` at most for the first: 0 never waits, -1 has no limit.
  Finding poll(std::span<int32_t> tokens, std::span<uint8_t> flags, int timeout_ms) const;

  int descriptor() const { return descriptor_.get(); }
  void close() { descriptor_.reset(-1); }

 private:
  UniqueFd descriptor_;
};

}  // namespace tunscope
