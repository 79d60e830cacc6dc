// Entry point of the addon: one Environment for each JavaScript environment that loads it.

#include "arguments.h"
#include "environment.h"

namespace tunscope {
namespace {

constexpr size_t kOutcomeWords = 16;

// The array that native functions write further results into. The reference is never deleted: the array lives as
// long as the environment.
bool create_outcome(Napi::Env env, Napi::Object exports, Environment& environment) {
  Napi::Int32Array words = Napi::Int32Array::New(env, kOutcomeWords);
  napi_ref kept = nullptr;
  if (napi_create_reference(env, words, 1, &kept) != napi_ok) {
    return false;
  }
  environment.outcome = std::span<int32_t>(words.Data(), words.ElementLength());
  return exports.Set("outcome", words);
}

Napi::Object start(Napi::Env env, Napi::Object exports) {
  Environment* environment = Environment::create(env);
  if (environment == nullptr || !create_outcome(env, exports, *environment)) {
    return exports;
  }
  register_tun(exports, environment);
  register_udp(exports, environment);
  register_poller(exports, environment);
  register_link_watch(exports, environment);
  register_network_namespace(exports);
  register_pure_functions(exports);
  return exports;
}

}  // namespace
}  // namespace tunscope

static Napi::Object start_addon(Napi::Env env, Napi::Object exports) { return tunscope::start(env, exports); }

NODE_API_MODULE(tunscope_tun, start_addon)
