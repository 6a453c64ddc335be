#include "lib/loop/timer.h"

#include <algorithm>
#include <utility>

#include "lib/loop/handle.h"
#include "lib/loop/loop.h"

namespace loop {

struct Timer::State {
  uv_timer_t timer{};
  std::function<void()> on_fire;

  static void fired(uv_timer_t* timer) noexcept {
    const auto on_fire = static_cast<State*>(timer->data)->on_fire;
    if (on_fire) {
      on_fire();
    }
  }
};

void Timer::Close::operator()(State* state) const noexcept {
  state->on_fire = nullptr;
  close_and_free(state, &state->timer);
}

Timer::Timer(Loop& loop, std::function<void()> on_fire) : state_(new State) {
  state_->on_fire = std::move(on_fire);
  uv_timer_init(loop.raw(), &state_->timer);
  state_->timer.data = state_.get();
}

static std::uint64_t ceil_ms(base::Duration duration) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0));
}

void Timer::start(base::Duration after) {
  // libuv's idea of now is cut to milliseconds and as old as the turn: hence the update and the
  // one.
  uv_update_time(state_->timer.loop);
  const std::uint64_t ms = ceil_ms(after);
  uv_timer_start(&state_->timer, &State::fired, ms == 0 ? 0 : ms + 1, 0);
}

void Timer::start_repeating(base::Duration every) {
  uv_update_time(state_->timer.loop);
  const std::uint64_t ms = std::max<std::uint64_t>(ceil_ms(every), 1);
  uv_timer_start(&state_->timer, &State::fired, ms, ms);
}

void Timer::stop() {
  uv_timer_stop(&state_->timer);
}

bool Timer::is_running() const {
  return uv_is_active(reinterpret_cast<const uv_handle_t*>(&state_->timer)) != 0;
}

}  // namespace loop
