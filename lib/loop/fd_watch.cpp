#include "lib/loop/fd_watch.h"

#include <utility>

#include "lib/base/check.h"
#include "lib/loop/handle.h"
#include "lib/loop/loop.h"

namespace loop {

struct FdWatch::State {
  uv_poll_t poll{};
  Direction direction = Direction::read;
  std::function<void()> on_ready;
};

void FdWatch::Close::operator()(State* state) const noexcept {
  state->on_ready = nullptr;
  uv_poll_stop(&state->poll);
  close_and_free(state, &state->poll);
}

FdWatch::FdWatch(Loop& loop, int fd, Direction direction, std::function<void()> on_ready)
    : state_(new State{.direction = direction, .on_ready = std::move(on_ready)}) {
  const int status = uv_poll_init(loop.raw(), &state_->poll, fd);
  base::check(status == 0, "a watched descriptor is open and can be waited for");
  state_->poll.data = state_.get();
}

void FdWatch::start() {
  const int events = state_->direction == Direction::read ? UV_READABLE : UV_WRITABLE;
  uv_poll_start(&state_->poll, events, [](uv_poll_t* poll, int, int) noexcept {
    const auto callback = static_cast<State*>(poll->data)->on_ready;
    if (callback) callback();
  });
}

void FdWatch::stop() {
  uv_poll_stop(&state_->poll);
}

}  // namespace loop
