// Arguments of native functions. The TypeScript face is the only caller and has checked them; a wrong one is a no-op.
#pragma once

#include <napi.h>

#include <cstdint>
#include <span>
#include <string>

namespace tunscope {

template <typename Element>
inline constexpr napi_typedarray_type kTypedArrayType = napi_uint8_array;
template <>
inline constexpr napi_typedarray_type kTypedArrayType<int32_t> = napi_int32_array;

// The memory of a typed array; empty for anything else.
template <typename Element>
std::span<Element> span_argument(const Napi::CallbackInfo& call, size_t index) {
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* bytes = nullptr;
  const napi_status got = napi_get_typedarray_info(call.Env(), call[index], &type, &length, &bytes, nullptr, nullptr);
  if (got != napi_ok || type != kTypedArrayType<Element>) {
    return {};
  }
  return {static_cast<Element*>(bytes), length};
}

inline int32_t number_argument(const Napi::CallbackInfo& call, size_t index) {
  int32_t value = -1;
  napi_get_value_int32(call.Env(), call[index], &value);
  return value;
}

template <typename Registered>
Registered* registered_argument(const Napi::CallbackInfo& call, size_t index) {
  void* registered = nullptr;
  napi_get_value_external(call.Env(), call[index], &registered);
  return static_cast<Registered*>(registered);
}

inline Napi::Value number_result(const Napi::CallbackInfo& call, int32_t value) {
  return Napi::Number::New(call.Env(), value);
}

// Hands an object to JavaScript; it is deleted when JavaScript lets go of it, or when the environment ends.
template <typename Registered>
Napi::Value register_object(const Napi::CallbackInfo& call, std::unique_ptr<Registered> object) {
  return Napi::External<Registered>::New(call.Env(), object.release(), [](Napi::Env, Registered* unreachable) {
    const std::unique_ptr<Registered> deleted(unreachable);
  });
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void register_function(Napi::Object exports, const char* name, void* data) {
  exports.Set(name, Napi::Function::New<function>(exports.Env(), name, data));
}

}  // namespace tunscope
