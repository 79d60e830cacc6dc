// Everything one JavaScript environment (main thread or worker) has open, closed when the environment ends.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "../core/link_watch.h"
#include "../core/tun_device.h"
#include "../core/tun_writer.h"
#include "../core/udp_sender.h"
#include "../core/udp_socket_table.h"
#include "slot_table.h"
#include "uv_poller.h"

namespace tunscope {

struct OpenTun {
  TunDevice device;
  std::span<uint8_t> arena;
};

class Environment {
 public:
  // Lives until the environment's clean-up has run; freed by itself.
  static Environment* create(napi_env env);

  // Results that do not fit a return value; the layout belongs to each function (src/native/addon.ts).
  std::span<int32_t> outcome;
  SlotTable<OpenTun> tuns;
  SlotTable<LinkWatch> link_watches;
  SlotTable<UvPoller> pollers;
  UdpSocketTable sockets;
  TunWriter tun_writer;
  UdpSender udp_sender;

  // Writes errno and the call into `outcome`; returns -1, for the caller to hand on.
  int32_t fail(const SystemFailure& failure) const;
  // Before its descriptor is closed: a descriptor that a forked child still holds would stay in the epoll set.
  void stop_watching(int descriptor) const;
  void close_poller(int32_t slot);

 private:
  void shut_down(napi_async_cleanup_hook_handle hook);
  void finish_if_done();
  static void on_poller_closed(void* data);

  struct ClosingPoller {
    Environment* environment;
    std::unique_ptr<UvPoller> poller;
  };

  size_t closing_pollers_ = 0;
  napi_async_cleanup_hook_handle ending_ = nullptr;
};

// The environment that a function was registered with.
inline Environment& environment_of(const Napi::CallbackInfo& call) {
  return *static_cast<Environment*>(call.Data());
}

void register_tun(Napi::Object exports, Environment* environment);
void register_udp(Napi::Object exports, Environment* environment);
void register_poller(Napi::Object exports, Environment* environment);
void register_link_watch(Napi::Object exports, Environment* environment);
void register_network_namespace(Napi::Object exports);
void register_pure_functions(Napi::Object exports);

}  // namespace tunscope
