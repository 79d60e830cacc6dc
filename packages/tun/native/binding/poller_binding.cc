// Pollers and link watches, as functions of small numbers.

#include <arpa/inet.h>

#include <array>

#include "../core/nap.h"
#include "../core/thread_cores.h"
#include "arguments.h"
#include "environment.h"

namespace tunscope {
namespace {

constexpr int kMaxReadsPerDrain = 64;

// Kinds of sources, as src/native/addon.ts numbers them.
enum class SourceKind : int32_t { kTun = 0, kUdp = 1, kLinkWatch = 2 };

// -1 for a source that is not open.
int descriptor_of(Environment& environment, SourceKind kind, int32_t slot) {
  if (kind == SourceKind::kTun) {
    const OpenTun* tun = environment.tuns.find(slot);
    return tun == nullptr ? -1 : tun->device.descriptor();
  }
  if (kind == SourceKind::kUdp) {
    const UdpSocket* socket = environment.sockets.find(slot);
    return socket == nullptr ? -1 : socket->descriptor.get();
  }
  const LinkWatch* watch = environment.link_watches.find(slot);
  return watch == nullptr ? -1 : watch->descriptor();
}

// openPoller(tie, readyTokens, readyFlags): slot, or -1.
Napi::Value open_poller(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  auto poller = std::make_unique<UvPoller>(
      call.Env(), static_cast<LoopTie>(number_argument(call, 0)),
      UvPoller::Ready{.tokens = span_argument<int32_t>(call, 1), .flags = span_argument<uint8_t>(call, 2)});
  if (const SystemFailure failed = poller->open(); failed.is_failure()) {
    return number_result(call, environment.fail(failed));
  }
  return number_result(call, environment.pollers.add(std::move(poller)));
}

// pollerAdd(slot, sourceKind, source, token): 0, or -1.
Napi::Value poller_add(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  const UvPoller* poller = environment.pollers.find(number_argument(call, 0));
  const SourceKind kind = static_cast<SourceKind>(number_argument(call, 1));
  const int descriptor = descriptor_of(environment, kind, number_argument(call, 2));
  if (poller == nullptr || descriptor < 0) {
    return number_result(call, environment.fail({.error = EBADF, .syscall = Syscall::kEpollControl}));
  }
  const SystemFailure failed = poller->set().add(descriptor, number_argument(call, 3));
  return number_result(call, failed.is_failure() ? environment.fail(failed) : 0);
}

// pollerRemove(slot, sourceKind, source)
Napi::Value poller_remove(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  const UvPoller* poller = environment.pollers.find(number_argument(call, 0));
  const SourceKind kind = static_cast<SourceKind>(number_argument(call, 1));
  const int descriptor = descriptor_of(environment, kind, number_argument(call, 2));
  if (poller != nullptr && descriptor >= 0) {
    poller->set().remove(descriptor);
  }
  return call.Env().Undefined();
}

// pollerPoll(slot): entries of the ready list.
Napi::Value poller_poll(const Napi::CallbackInfo& call) {
  UvPoller* poller = environment_of(call).pollers.find(number_argument(call, 0));
  return number_result(call, poller == nullptr ? 0 : static_cast<int32_t>(poller->poll()));
}

// pollerStart(slot, onReady): 0, or -1.
Napi::Value poller_start(const Napi::CallbackInfo& call) {
  const Environment& environment = environment_of(call);
  UvPoller* poller = environment.pollers.find(number_argument(call, 0));
  if (poller == nullptr) {
    return number_result(call, environment.fail({.error = EBADF, .syscall = Syscall::kUvPoll}));
  }
  const SystemFailure failed = poller->start(call[1]);
  return number_result(call, failed.is_failure() ? environment.fail(failed) : 0);
}

// pollerNap(microseconds)
Napi::Value poller_nap(const Napi::CallbackInfo& call) {
  nap(number_argument(call, 0));
  return call.Env().Undefined();
}

// keepThreadOn(core): 1 when it is so now.
Napi::Value keep_thread_on_core(const Napi::CallbackInfo& call) {
  return number_result(call, keep_thread_on(number_argument(call, 0)) ? 1 : 0);
}

// pollerStop(slot)
Napi::Value poller_stop(const Napi::CallbackInfo& call) {
  if (UvPoller* poller = environment_of(call).pollers.find(number_argument(call, 0))) {
    poller->stop();
  }
  return call.Env().Undefined();
}

// closePoller(slot)
Napi::Value close_poller(const Napi::CallbackInfo& call) {
  environment_of(call).close_poller(number_argument(call, 0));
  return call.Env().Undefined();
}

Napi::Object event_object(Napi::Env env, const LinkEvent& event) {
  Napi::Object object = Napi::Object::New(env);
  std::array<char, INET6_ADDRSTRLEN> address{};
  ::inet_ntop(event.family == 4 ? AF_INET : AF_INET6, event.address.data(), address.data(), address.size());
  object.Set("kind", static_cast<int32_t>(event.kind));
  object.Set("interfaceIndex", event.interface_index);
  object.Set("isDeleted", event.is_deleted);
  object.Set("name", event.name.data());
  object.Set("isUp", event.is_up);
  object.Set("isRunning", event.is_running);
  object.Set("linkMtuBytes", event.link_mtu_bytes);
  object.Set("family", static_cast<int32_t>(event.family));
  object.Set("address", address.data());
  object.Set("isDefault", event.is_default);
  return object;
}

// openLinkWatch(): slot, or -1.
Napi::Value open_link_watch(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  auto watch = std::make_unique<LinkWatch>();
  if (const SystemFailure failed = watch->open(); failed.is_failure()) {
    return number_result(call, environment.fail(failed));
  }
  return number_result(call, environment.link_watches.add(std::move(watch)));
}

// drainLinkWatch(slot): an array of events.
Napi::Value drain_link_watch(const Napi::CallbackInfo& call) {
  Napi::Array events = Napi::Array::New(call.Env());
  if (LinkWatch* watch = environment_of(call).link_watches.find(number_argument(call, 0))) {
    watch->drain(kMaxReadsPerDrain, [&events, &call](const LinkEvent& event) {
      events.Set(events.Length(), event_object(call.Env(), event));
    });
  }
  return events;
}

// closeLinkWatch(slot)
Napi::Value close_link_watch(const Napi::CallbackInfo& call) {
  Environment& environment = environment_of(call);
  if (const std::unique_ptr<LinkWatch> watch = environment.link_watches.take(number_argument(call, 0))) {
    environment.stop_watching(watch->descriptor());
  }
  return call.Env().Undefined();
}

}  // namespace

void register_poller(Napi::Object exports, Environment* environment) {
  register_function<open_poller>(exports, "openPoller", environment);
  register_function<poller_add>(exports, "pollerAdd", environment);
  register_function<poller_remove>(exports, "pollerRemove", environment);
  register_function<poller_poll>(exports, "pollerPoll", environment);
  register_function<poller_start>(exports, "pollerStart", environment);
  register_function<poller_nap>(exports, "pollerNap", environment);
  register_function<keep_thread_on_core>(exports, "keepThreadOn", environment);
  register_function<poller_stop>(exports, "pollerStop", environment);
  register_function<close_poller>(exports, "closePoller", environment);
}

void register_link_watch(Napi::Object exports, Environment* environment) {
  register_function<open_link_watch>(exports, "openLinkWatch", environment);
  register_function<drain_link_watch>(exports, "drainLinkWatch", environment);
  register_function<close_link_watch>(exports, "closeLinkWatch", environment);
}

}  // namespace tunscope
