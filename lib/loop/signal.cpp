#include "lib/loop/signal.h"

#include <utility>

#include "lib/base/check.h"
#include "lib/loop/handle.h"
#include "lib/loop/loop.h"

namespace loop {

struct Signal::State {
  uv_signal_t signal{};
  std::function<void()> on_signal;
};

void Signal::Close::operator()(State* state) const noexcept {
  state->on_signal = nullptr;
  close_and_free(state, &state->signal);
}

Signal::Signal(Loop& loop, int number, std::function<void()> on_signal) : state_(new State) {
  state_->on_signal = std::move(on_signal);
  uv_signal_init(loop.raw(), &state_->signal);
  state_->signal.data = state_.get();
  const auto received = [](uv_signal_t* signal, int) noexcept {
    const auto callback = static_cast<State*>(signal->data)->on_signal;
    if (callback) {
      callback();
    }
  };
  base::check(uv_signal_start(&state_->signal, received, number) == 0, "the signal can be caught");
  uv_unref(reinterpret_cast<uv_handle_t*>(&state_->signal));
}

}  // namespace loop
