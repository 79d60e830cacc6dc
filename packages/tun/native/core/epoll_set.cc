// Level-triggered epoll: what a round leaves unread is reported again.

#include "epoll_set.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tunscope {
namespace {

constexpr size_t kMaxEvents = 1024;
// Tokens take the low 32 bits of an event's data; no token looks like this.
constexpr uint64_t kBell = uint64_t{1} << 32U;

uint8_t ready_flags(uint32_t events) {
  unsigned int flags = 0;
  if ((events & EPOLLIN) != 0) {
    flags |= kReadyReadable;
  }
  if ((events & EPOLLERR) != 0) {
    flags |= kReadyError;
  }
  if ((events & EPOLLHUP) != 0) {
    flags |= kReadyHangup;
  }
  return static_cast<uint8_t>(flags);
}

}  // namespace

SystemFailure EpollSet::open() {
  descriptor_.reset(::epoll_create1(EPOLL_CLOEXEC));
  return descriptor_.is_open() ? SystemFailure{} : SystemFailure{.error = errno, .syscall = Syscall::kEpollCreate};
}

SystemFailure EpollSet::add(int descriptor, int32_t token) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = static_cast<uint32_t>(token);
  if (::epoll_ctl(descriptor_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0) {
    return {};
  }
  if (errno == EEXIST && ::epoll_ctl(descriptor_.get(), EPOLL_CTL_MOD, descriptor, &event) == 0) {
    return {};
  }
  return {.error = errno, .syscall = Syscall::kEpollControl};
}

void EpollSet::remove(int descriptor) const {
  epoll_event ignored_before_2_6_9{};
  ::epoll_ctl(descriptor_.get(), EPOLL_CTL_DEL, descriptor, &ignored_before_2_6_9);
}

SystemFailure EpollSet::add_bell(int descriptor) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kBell;
  const int added = ::epoll_ctl(descriptor_.get(), EPOLL_CTL_ADD, descriptor, &event);
  return added == 0 ? SystemFailure{} : SystemFailure{.error = errno, .syscall = Syscall::kEpollControl};
}

EpollSet::Finding EpollSet::poll(std::span<int32_t> tokens, std::span<uint8_t> flags, int timeout_ms) const {
  std::array<epoll_event, kMaxEvents> events;
  const size_t room = std::min({tokens.size(), flags.size(), events.size()});
  const int ready = ::epoll_wait(descriptor_.get(), events.data(), static_cast<int>(room), timeout_ms);
  Finding finding;
  for (size_t index = 0; ready > 0 && index < static_cast<size_t>(ready); ++index) {
    if (events[index].data.u64 == kBell) {
      finding.has_bell_rung = true;
      continue;
    }
    tokens[finding.count] = static_cast<int32_t>(events[index].data.u32);
    flags[finding.count] = ready_flags(events[index].events);
    finding.count += 1;
  }
  return finding;
}

}  // namespace tunscope
