// Level-triggered epoll: what a round leaves unread is reported again.

#include "epoll_set.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tunscope {
namespace {

constexpr size_t kMaxEvents = 1024;

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
  event.data.u32 = static_cast<uint32_t>(token);
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

size_t EpollSet::poll(std::span<int32_t> tokens, std::span<uint8_t> flags) const {
  std::array<epoll_event, kMaxEvents> events;
  const size_t room = std::min({tokens.size(), flags.size(), events.size()});
  const int ready = ::epoll_wait(descriptor_.get(), events.data(), static_cast<int>(room), 0);
  if (ready <= 0) {
    return 0;
  }
  for (size_t index = 0; index < static_cast<size_t>(ready); ++index) {
    tokens[index] = static_cast<int32_t>(events[index].data.u32);
    flags[index] = ready_flags(events[index].events);
  }
  return static_cast<size_t>(ready);
}

}  // namespace tunscope
