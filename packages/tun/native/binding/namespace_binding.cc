// Which network namespace this thread is in.

#include <string>

#include "../core/network_namespace.h"
#include "arguments.h"
#include "environment.h"

namespace tunscope {
namespace {

// networkNamespaceCookie(): decimal, because a double does not hold 64 bits; "0" when the kernel tells none.
Napi::Value network_namespace_cookie_text(const Napi::CallbackInfo& call) {
  return Napi::String::New(call.Env(), std::to_string(network_namespace_cookie()));
}

}  // namespace

void register_network_namespace(Napi::Object exports) {
  register_function<network_namespace_cookie_text>(exports, "networkNamespaceCookie", nullptr);
}

}  // namespace tunscope
