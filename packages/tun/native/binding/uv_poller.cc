// Ties an epoll descriptor to the environment's own libuv loop; no thread, no busy loop.

#include "uv_poller.h"

#include <cerrno>
#include <cstdlib>

namespace tunscope {
namespace {

// Every libuv handle type starts with uv_handle_t's members; libuv's own macros cast the same way.
uv_handle_s* as_base(uv_poll_s* poll) { return reinterpret_cast<uv_handle_s*>(poll); }

}  // namespace

UvPoller::~UvPoller() { std::free(poll_); }

SystemFailure UvPoller::open() {
  if (const SystemFailure failed = set_.open(); failed.is_failure()) {
    return failed;
  }
  uv_loop_s* loop = nullptr;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) {
    return {.error = ENOTSUP, .syscall = Syscall::kUvPoll};
  }
  uv_poll_s* poll = static_cast<uv_poll_s*>(std::calloc(1, uv_handle_size(kUvPollType)));
  if (poll == nullptr) {
    return {.error = ENOMEM, .syscall = Syscall::kUvPoll};
  }
  const int failed = uv_poll_init(loop, poll, set_.descriptor());
  if (failed != 0) {
    std::free(poll);
    return {.error = -failed, .syscall = Syscall::kUvPoll};
  }
  uv_handle_set_data(as_base(poll), this);
  poll_ = poll;
  return {};
}

SystemFailure UvPoller::start(napi_value on_ready) {
  forget_callback();
  if (napi_create_reference(env_, on_ready, 1, &on_ready_) != napi_ok) {
    return {.error = EINVAL, .syscall = Syscall::kUvPoll};
  }
  const int failed = uv_poll_start(poll_, kUvReadable, &UvPoller::on_events);
  return failed == 0 ? SystemFailure{} : SystemFailure{.error = -failed, .syscall = Syscall::kUvPoll};
}

void UvPoller::stop() {
  uv_poll_stop(poll_);
  forget_callback();
}

bool UvPoller::close(void (*on_closed)(void* data), void* data) {
  forget_callback();
  if (poll_ == nullptr) {
    return false;
  }
  on_closed_ = on_closed;
  on_closed_data_ = data;
  uv_close(as_base(poll_), [](uv_handle_s* closed) {
    UvPoller* self = static_cast<UvPoller*>(uv_handle_get_data(closed));
    self->on_closed_(self->on_closed_data_);
  });
  // libuv has let go of the descriptor by now (uv_close's documentation for uv_poll_t).
  set_.close();
  return true;
}

void UvPoller::on_events(uv_poll_s* poll, int status, int /*events*/) {
  // A negative status means that libuv has stopped watching; there is nothing to read then.
  if (status == 0) {
    static_cast<UvPoller*>(uv_handle_get_data(as_base(poll)))->call_on_ready();
  }
}

// The callback may close this poller; the object then lives until libuv's close callback, after this returns.
void UvPoller::call_on_ready() {
  napi_env env = env_;
  napi_handle_scope scope = nullptr;
  if (on_ready_ == nullptr || napi_open_handle_scope(env, &scope) != napi_ok) {
    return;
  }
  napi_value callback = nullptr;
  napi_value receiver = nullptr;
  napi_value ignored = nullptr;
  napi_get_reference_value(env, on_ready_, &callback);
  napi_get_global(env, &receiver);
  const napi_status called = napi_make_callback(env, nullptr, receiver, callback, 0, nullptr, &ignored);
  if (called == napi_pending_exception) {
    napi_value thrown = nullptr;
    if (napi_get_and_clear_last_exception(env, &thrown) == napi_ok) {
      // As any exception out of an event: 'uncaughtException', or the end of the worker.
      napi_fatal_exception(env, thrown);
    }
  }
  napi_close_handle_scope(env, scope);
}

void UvPoller::forget_callback() {
  if (on_ready_ != nullptr) {
    napi_delete_reference(env_, on_ready_);
    on_ready_ = nullptr;
  }
}

}  // namespace tunscope
