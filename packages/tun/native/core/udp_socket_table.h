// The open UDP sockets of one environment, by token: always the lowest free number, so tokens index dense arrays.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "udp_socket.h"

namespace tunscope {

class UdpSocketTable {
 public:
  int32_t add(UdpSocket&& socket) {
    if (free_.empty()) {
      sockets_.emplace_back(std::move(socket));
      return static_cast<int32_t>(sockets_.size() - 1);
    }
    const int32_t token = free_.top();
    free_.pop();
    sockets_[static_cast<size_t>(token)].emplace(std::move(socket));
    return token;
  }

  // Null for a token that names no open socket.
  UdpSocket* find(int32_t token) {
    if (token < 0 || static_cast<size_t>(token) >= sockets_.size()) {
      return nullptr;
    }
    std::optional<UdpSocket>& entry = sockets_[static_cast<size_t>(token)];
    return entry.has_value() ? &*entry : nullptr;
  }

  void remove(int32_t token) {
    if (find(token) != nullptr) {
      sockets_[static_cast<size_t>(token)].reset();
      free_.push(token);
    }
  }

  void clear() {
    sockets_.clear();
    free_ = {};
  }

 private:
  std::vector<std::optional<UdpSocket>> sockets_;
  std::priority_queue<int32_t, std::vector<int32_t>, std::greater<>> free_;
};

}  // namespace tunscope
