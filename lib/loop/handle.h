#pragma once
// What the .cpp files of this folder share: closing handles the one right way, and errors of libuv.

#include <uv.h>

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace loop {

/// Closes `handle`, a member of `*state`; the close callback is the only place that frees `*state`.
template <class State, class Handle>
void close_and_free(State* state, Handle* handle) noexcept {
  handle->data = state;
  uv_close(reinterpret_cast<uv_handle_t*>(handle),
           [](uv_handle_t* closed) { delete static_cast<State*>(closed->data); });
}

/// libuv's errors on Unix are negative errno values, but for names that cannot be looked up.
inline base::Error uv_error(int status, std::string_view what) {
  if (status <= UV_EAI_ADDRFAMILY && status >= UV_EAI_PROTOCOL) {
    return {base::Code::unavailable, std::string(what) + ": " + uv_strerror(status)};
  }
  return base::fail_errno(-status, what).error();
}

}  // namespace loop
