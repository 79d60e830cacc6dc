// The two ties to libuv's loop; no thread, no busy loop.

#include "uv_poller.h"

#include <cerrno>
#include <cstdlib>

namespace tunscope {

UvPoller::~UvPoller() { std::free(handle_); }

// Every libuv handle type starts with uv_handle_t's members; libuv's own macros cast the same way.
uv_poll_s* UvPoller::as_poll() const { return reinterpret_cast<uv_poll_s*>(handle_); }
uv_prepare_s* UvPoller::as_prepare() const { return reinterpret_cast<uv_prepare_s*>(handle_); }

int UvPoller::init_handle(uv_loop_s* loop) const {
  return tie_ == LoopTie::kOwner ? uv_prepare_init(loop, as_prepare())
                                 : uv_poll_init(loop, as_poll(), set_.descriptor());
}

SystemFailure UvPoller::open() {
  if (const SystemFailure failed = set_.open(); failed.is_failure()) {
    return failed;
  }
  if (napi_get_uv_event_loop(env_, &loop_) != napi_ok) {
    return {.error = ENOTSUP, .syscall = Syscall::kUvPoll};
  }
  if (tie_ == LoopTie::kOwner) {
    if (const SystemFailure failed = set_.add_bell(uv_backend_fd(loop_)); failed.is_failure()) {
      return failed;
    }
    if (const SystemFailure failed = alarm_.open(); failed.is_failure()) {
      return failed;
    }
    if (const SystemFailure failed = set_.add_bell(alarm_.descriptor()); failed.is_failure()) {
      return failed;
    }
  }
  const size_t size = uv_handle_size(tie_ == LoopTie::kOwner ? kUvPrepareType : kUvPollType);
  handle_ = static_cast<uv_handle_s*>(std::calloc(1, size));
  if (handle_ == nullptr) {
    return {.error = ENOMEM, .syscall = Syscall::kUvPoll};
  }
  if (const int failed = init_handle(loop_); failed != 0) {
    std::free(handle_);
    handle_ = nullptr;
    return {.error = -failed, .syscall = Syscall::kUvPoll};
  }
  uv_handle_set_data(handle_, this);
  return {};
}

SystemFailure UvPoller::start(napi_value on_ready) {
  forget_callback();
  if (napi_create_reference(env_, on_ready, 1, &on_ready_) != napi_ok) {
    return {.error = EINVAL, .syscall = Syscall::kUvPoll};
  }
  if (tie_ == LoopTie::kOwner && open_context() != napi_ok) {
    return {.error = EINVAL, .syscall = Syscall::kUvPoll};
  }
  const int failed = tie_ == LoopTie::kOwner ? uv_prepare_start(as_prepare(), &UvPoller::on_prepare)
                                             : uv_poll_start(as_poll(), kUvReadable, &UvPoller::on_events);
  return failed == 0 ? SystemFailure{} : SystemFailure{.error = -failed, .syscall = Syscall::kUvPoll};
}

void UvPoller::stop() {
  forget_callback();
  if (handle_ == nullptr) {
    return;
  }
  if (tie_ == LoopTie::kOwner) {
    uv_prepare_stop(as_prepare());
  } else {
    uv_poll_stop(as_poll());
  }
}

bool UvPoller::close(void (*on_closed)(void* data), void* data) {
  forget_callback();
  if (context_ != nullptr) {
    napi_async_destroy(env_, context_);
    context_ = nullptr;
  }
  if (handle_ == nullptr) {
    return false;
  }
  on_closed_ = on_closed;
  on_closed_data_ = data;
  uv_close(handle_, [](uv_handle_s* closed) {
    UvPoller* self = static_cast<UvPoller*>(uv_handle_get_data(closed));
    self->on_closed_(self->on_closed_data_);
  });
  // libuv has let go of the descriptor by now (uv_close's documentation for uv_poll_t).
  set_.close();
  alarm_.close();
  return true;
}

size_t UvPoller::poll() { return collect(0); }

// 0 when libuv wants its turn now, otherwise -1, with the alarm set for libuv's next timer.
int UvPoller::wait_limit_ms() {
  uv_update_time(loop_);
  const int timeout_ms = uv_backend_timeout(loop_);
  if (timeout_ms == 0) {
    return 0;
  }
  const uint64_t due_ms = timeout_ms < 0 ? Alarm::kNever : uv_now(loop_) + static_cast<uint64_t>(timeout_ms);
  return alarm_.set(due_ms) ? -1 : timeout_ms;
}

size_t UvPoller::collect(int timeout_ms) {
  const EpollSet::Finding finding = set_.poll(ready_.tokens, ready_.flags, timeout_ms);
  does_loop_want_ = does_loop_want_ || finding.has_bell_rung;
  return finding.count;
}

void UvPoller::on_events(uv_poll_s* poll, int status, int /*events*/) {
  // A negative status means that libuv has stopped watching; there is nothing to read then.
  if (status == 0) {
    auto* self = static_cast<UvPoller*>(uv_handle_get_data(reinterpret_cast<uv_handle_s*>(poll)));
    self->call_on_ready(self->collect(0));
  }
}

void UvPoller::on_prepare(uv_prepare_s* prepare) {
  static_cast<UvPoller*>(uv_handle_get_data(reinterpret_cast<uv_handle_s*>(prepare)))->serve_until_loop_wants();
}

// Returns to libuv only when libuv has something to do: its own wait, which knows nothing of our sources, then ends at
// once. uv_backend_timeout is 0 when a timer is due, the loop is ending, or handles wait to be registered or closed.
void UvPoller::serve_until_loop_wants() {
  serve_rounds();
  run_ticks();
}

void UvPoller::serve_rounds() {
  while (on_ready_ != nullptr) {
    const int limit_ms = wait_limit_ms();
    does_loop_want_ = limit_ms == 0;
    const size_t found = collect(limit_ms);
    if (found == 0) {
      // A timer is due, or libuv's descriptor alone was ready; after a signal its turn does no harm.
      return;
    }
    call_on_ready(found);
    if (does_loop_want_) {
      return;
    }
  }
}

// The callback may close this poller; the object then lives until libuv's close callback, after this returns.
void UvPoller::call_on_ready(size_t found) {
  napi_env env = env_;
  napi_handle_scope scope = nullptr;
  if (on_ready_ == nullptr || napi_open_handle_scope(env, &scope) != napi_ok) {
    return;
  }
  napi_value callback = nullptr;
  napi_get_reference_value(env, on_ready_, &callback);
  if (call(callback, found) == napi_pending_exception) {
    napi_value thrown = nullptr;
    if (napi_get_and_clear_last_exception(env, &thrown) == napi_ok) {
      // As any exception out of an event: 'uncaughtException', or the end of the worker.
      napi_fatal_exception(env, thrown);
    }
  }
  napi_close_handle_scope(env, scope);
}

// Promises and ticks that an owner's callback leaves wait until libuv gets its turn: run_ticks.
napi_status UvPoller::call(napi_value callback, size_t found) const {
  napi_value receiver = nullptr;
  napi_value argument = nullptr;
  napi_value ignored = nullptr;
  napi_get_global(env_, &receiver);
  napi_create_uint32(env_, static_cast<uint32_t>(found), &argument);
  return tie_ == LoopTie::kOwner ? napi_call_function(env_, receiver, callback, 1, &argument, &ignored)
                                 : napi_make_callback(env_, nullptr, receiver, callback, 1, &argument, &ignored);
}

napi_status UvPoller::open_context() {
  if (context_ != nullptr) {
    return napi_ok;
  }
  napi_value name = nullptr;
  const napi_status named = napi_create_string_utf8(env_, "tunscope:poller", NAPI_AUTO_LENGTH, &name);
  return named == napi_ok ? napi_async_init(env_, nullptr, name, &context_) : named;
}

// The end of a callback scope is where Node runs process.nextTick and promises.
void UvPoller::run_ticks() const {
  napi_handle_scope handles = nullptr;
  if (context_ == nullptr || napi_open_handle_scope(env_, &handles) != napi_ok) {
    return;
  }
  napi_callback_scope ticks = nullptr;
  if (napi_open_callback_scope(env_, nullptr, context_, &ticks) == napi_ok) {
    napi_close_callback_scope(env_, ticks);
  }
  napi_close_handle_scope(env_, handles);
}

void UvPoller::forget_callback() {
  if (on_ready_ != nullptr) {
    napi_delete_reference(env_, on_ready_);
    on_ready_ = nullptr;
  }
}

}  // namespace tunscope
