// The few libuv functions that this addon calls. node-api-headers ships no uv.h; libuv keeps these stable (ABI 1).
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct uv_loop_s;
struct uv_handle_s;
struct uv_poll_s;
struct uv_prepare_s;

using uv_poll_cb = void (*)(uv_poll_s* poll, int status, int events);
using uv_prepare_cb = void (*)(uv_prepare_s* prepare);
using uv_close_cb = void (*)(uv_handle_s* closed);

size_t uv_handle_size(int type);
void* uv_handle_get_data(const uv_handle_s* from);
void uv_handle_set_data(uv_handle_s* to, void* data);
void uv_close(uv_handle_s* closing, uv_close_cb on_closed);

int uv_backend_fd(const uv_loop_s* loop);
int uv_backend_timeout(const uv_loop_s* loop);
void uv_update_time(uv_loop_s* loop);
uint64_t uv_now(const uv_loop_s* loop);

int uv_prepare_init(uv_loop_s* loop, uv_prepare_s* prepare);
int uv_prepare_start(uv_prepare_s* prepare, uv_prepare_cb on_prepare);
int uv_prepare_stop(uv_prepare_s* prepare);

int uv_poll_init(uv_loop_s* loop, uv_poll_s* poll, int descriptor);
int uv_poll_start(uv_poll_s* poll, int events, uv_poll_cb on_events);
int uv_poll_stop(uv_poll_s* poll);

}  // extern "C"

namespace tunscope {

// UV_POLL and UV_PREPARE in uv_handle_type, UV_READABLE in uv_poll_event.
inline constexpr int kUvPollType = 8;
inline constexpr int kUvPrepareType = 9;
inline constexpr int kUvReadable = 1;

}  // namespace tunscope
