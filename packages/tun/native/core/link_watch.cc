// Opens the netlink socket and reads it without waiting.

#include "link_watch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>

namespace tunscope {

SystemFailure LinkWatch::open() {
  descriptor_.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!descriptor_.is_open()) {
    return {.error = errno, .syscall = Syscall::kSocket};
  }
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups =
      RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  if (::bind(descriptor_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return {.error = errno, .syscall = Syscall::kBind};
  }
  return {};
}

LinkWatch::ReadResult LinkWatch::read_once(size_t& length) {
  sockaddr_nl sender{};
  ssize_t got = 0;
  do {
    socklen_t sender_length = sizeof sender;
    got = ::recvfrom(descriptor_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT,
                     reinterpret_cast<sockaddr*>(&sender), &sender_length);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    return errno == ENOBUFS ? ReadResult::kOverrun : ReadResult::kNothing;
  }
  // Any privileged process may send to a netlink port; only the kernel has port id 0.
  if (sender.nl_pid != 0) {
    return ReadResult::kForeign;
  }
  length = static_cast<size_t>(got);
  return ReadResult::kMessages;
}

}  // namespace tunscope
