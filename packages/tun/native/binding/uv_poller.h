// An epoll set that libuv watches: when something is ready, one JavaScript callback runs.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <span>

#include "../core/epoll_set.h"
#include "../core/system_failure.h"
#include "uv_poll.h"

namespace tunscope {

class UvPoller {
 public:
  UvPoller(napi_env env, std::span<int32_t> ready_tokens, std::span<uint8_t> ready_flags)
      : env_(env), ready_tokens_(ready_tokens), ready_flags_(ready_flags) {}
  UvPoller(const UvPoller&) = delete;
  UvPoller& operator=(const UvPoller&) = delete;
  ~UvPoller();

  SystemFailure open();
  SystemFailure start(napi_value on_ready);
  void stop();
  size_t poll() const { return set_.poll(ready_tokens_, ready_flags_); }
  const EpollSet& set() const { return set_; }

  // Closes the libuv side. True when `on_closed(data)` will come from a later turn of the loop and the object must
  // live until then; false when it may go at once.
  bool close(void (*on_closed)(void* data), void* data);

 private:
  static void on_events(uv_poll_s* poll, int status, int events);
  void call_on_ready();
  void forget_callback();

  napi_env env_;
  std::span<int32_t> ready_tokens_;
  std::span<uint8_t> ready_flags_;
  EpollSet set_;
  // malloc'ed by uv_handle_size, because the size of uv_poll_t is libuv's own business.
  uv_poll_s* poll_ = nullptr;
  napi_ref on_ready_ = nullptr;
  void (*on_closed_)(void* data) = nullptr;
  void* on_closed_data_ = nullptr;
};

}  // namespace tunscope
