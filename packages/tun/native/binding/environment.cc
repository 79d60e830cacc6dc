// Clean-up of an environment: descriptors at once, libuv handles through the loop, then the state itself.

#include "environment.h"

#include <utility>

namespace tunscope {

Environment* Environment::create(napi_env env) {
  auto owned = std::make_unique<Environment>();
  napi_async_cleanup_hook_handle hook = nullptr;
  const napi_status added = napi_add_async_cleanup_hook(
      env,
      [](napi_async_cleanup_hook_handle ending, void* self) { static_cast<Environment*>(self)->shut_down(ending); },
      owned.get(), &hook);
  return added == napi_ok ? owned.release() : nullptr;
}

int32_t Environment::fail(const SystemFailure& failure) const {
  if (outcome.size() >= 2) {
    outcome[0] = failure.error;
    outcome[1] = static_cast<int32_t>(failure.syscall);
  }
  return -1;
}

void Environment::stop_watching(int descriptor) const {
  pollers.for_each([descriptor](const UvPoller& poller) { poller.set().remove(descriptor); });
}

void Environment::close_poller(int32_t slot) {
  std::unique_ptr<UvPoller> poller = pollers.take(slot);
  if (poller == nullptr) {
    return;
  }
  UvPoller* closing = poller.get();
  auto record = std::make_unique<ClosingPoller>(ClosingPoller{.environment = this, .poller = std::move(poller)});
  if (closing->close(&Environment::on_poller_closed, record.get())) {
    closing_pollers_ += 1;
    // libuv keeps the pointer; on_poller_closed takes it back.
    static_cast<void>(record.release());
  }
}

void Environment::on_poller_closed(void* data) {
  const std::unique_ptr<ClosingPoller> record(static_cast<ClosingPoller*>(data));
  record->environment->closing_pollers_ -= 1;
  record->environment->finish_if_done();
}

void Environment::shut_down(napi_async_cleanup_hook_handle hook) {
  ending_ = hook;
  for (size_t slot = 0; slot < pollers.size(); ++slot) {
    close_poller(static_cast<int32_t>(slot));
  }
  sockets.clear();
  tuns = {};
  link_watches = {};
  finish_if_done();
}

void Environment::finish_if_done() {
  if (ending_ == nullptr || closing_pollers_ > 0) {
    return;
  }
  const std::unique_ptr<Environment> self(this);
  napi_remove_async_cleanup_hook(ending_);
}

}  // namespace tunscope
