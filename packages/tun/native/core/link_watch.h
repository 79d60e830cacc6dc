// A route netlink socket that hears of links, addresses and routes.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "route_messages.h"
#include "system_failure.h"
#include "unique_fd.h"

namespace tunscope {

class LinkWatch {
 public:
  SystemFailure open();
  // Calls `report(event)` for what is pending, reading at most `max_reads` times.
  template <typename Report>
  void drain(int max_reads, Report report) {
    for (int reads = 0; reads < max_reads; ++reads) {
      size_t length = 0;
      const ReadResult result = read_once(length);
      if (result == ReadResult::kNothing) {
        return;
      }
      if (result == ReadResult::kOverrun) {
        LinkEvent event;
        event.kind = LinkEventKind::kOverrun;
        report(event);
      }
      RouteMessageReader reader(std::span<const uint8_t>(buffer_).first(length));
      while (const auto event = reader.next()) {
        report(*event);
      }
    }
  }

  int descriptor() const { return descriptor_.get(); }

 private:
  enum class ReadResult { kNothing, kMessages, kForeign, kOverrun };

  // `length` is 0 unless the result is kMessages.
  ReadResult read_once(size_t& length);

  UniqueFd descriptor_;
  // The kernel's NLMSG_GOODSIZE is at most 8 KiB for notifications; a link with many attributes stays below 16.
  std::array<uint8_t, 32'768> buffer_{};
};

}  // namespace tunscope
