#include "lib/loop/loop.h"

#include <csignal>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/check.h"
#include "lib/loop/handle.h"

namespace loop {

using Tasks = std::vector<std::function<void()>>;

struct Loop::State {
  uv_loop_t loop{};
  uv_async_t async{};      // wakes the loop for posted tasks
  uv_prepare_t prepare{};  // the end of a turn whose callbacks were timers
  uv_check_t after_io{};   // the end of a turn whose callbacks were I/O
  uv_idle_t idle{};        // active while deferred tasks wait: the loop must not sleep then
  std::mutex mutex;
  Tasks posted;  // guarded by mutex
  Tasks deferred;
  Tasks hooks;
  int n_holds = 0;
  bool is_open = true;

  void run_posted();
  void end_turn();
};

void Loop::State::run_posted() {
  Tasks tasks;
  {
    const std::scoped_lock lock(mutex);
    tasks.swap(posted);
  }
  for (auto& task : tasks) {
    task();
  }
}

void Loop::State::end_turn() {
  Tasks tasks;
  tasks.swap(deferred);
  uv_idle_stop(&idle);
  for (auto& task : tasks) {
    task();
  }
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    const auto hook = hooks[i];
    hook();
  }
}

Loop::Loop() : state_(std::make_unique<State>()) {
  std::signal(SIGPIPE, SIG_IGN);
  State& state = *state_;
  base::check(uv_loop_init(&state.loop) == 0, "the system has descriptors left for an event loop");
  state.loop.data = &state;
  uv_async_init(&state.loop, &state.async, [](uv_async_t* async) noexcept {
    static_cast<State*>(async->loop->data)->run_posted();
  });
  uv_prepare_init(&state.loop, &state.prepare);
  uv_prepare_start(&state.prepare, [](uv_prepare_t* prepare) noexcept {
    static_cast<State*>(prepare->loop->data)->end_turn();
  });
  uv_check_init(&state.loop, &state.after_io);
  uv_check_start(&state.after_io, [](uv_check_t* after_io) noexcept {
    static_cast<State*>(after_io->loop->data)->end_turn();
  });
  uv_idle_init(&state.loop, &state.idle);
  uv_unref(reinterpret_cast<uv_handle_t*>(&state.async));
  uv_unref(reinterpret_cast<uv_handle_t*>(&state.prepare));
  uv_unref(reinterpret_cast<uv_handle_t*>(&state.after_io));
}

Loop::~Loop() {
  const auto closed = close();
  base::check(closed.has_value(), closed ? "" : closed.error().text);
}

void Loop::run() {
  uv_run(&state_->loop, UV_RUN_DEFAULT);
}

void Loop::stop() {
  uv_stop(&state_->loop);
}

void Loop::post(std::function<void()> task) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->posted.push_back(std::move(task));
  }
  uv_async_send(&state_->async);
}

void Loop::defer(std::function<void()> task) {
  state_->deferred.push_back(std::move(task));
  uv_idle_start(&state_->idle, [](uv_idle_t*) noexcept {});
}

void Loop::on_turn_end(std::function<void()> hook) {
  state_->hooks.push_back(std::move(hook));
}

void Loop::hold() {
  if (state_->n_holds++ == 0) {
    uv_ref(reinterpret_cast<uv_handle_t*>(&state_->async));
  }
}

void Loop::release() {
  base::check(state_->n_holds > 0, "a loop is released as often as it is held");
  if (--state_->n_holds == 0) {
    uv_unref(reinterpret_cast<uv_handle_t*>(&state_->async));
  }
}

base::Result<void> Loop::close() {
  State& state = *state_;
  if (!state.is_open) {
    return {};
  }
  for (Tasks* tasks : {&state.posted, &state.deferred, &state.hooks}) {
    Tasks(std::move(*tasks)).clear();
    tasks->clear();
  }
  std::string open_handles;
  const auto note = [](uv_handle_t* handle, void* text) noexcept {
    const State& owner = *static_cast<State*>(handle->loop->data);
    const void* address = handle;
    const bool is_own = address == &owner.async || address == &owner.prepare ||
                        address == &owner.after_io || address == &owner.idle;
    if (!is_own && uv_is_closing(handle) == 0) {
      static_cast<std::string*>(text)->append(" ").append(uv_handle_type_name(handle->type));
    }
  };
  uv_walk(&state.loop, note, &open_handles);
  if (!open_handles.empty()) {
    return base::fail(base::Code::conflict,
                      "the event loop still has open handles:" + open_handles);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&state.async), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&state.prepare), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&state.after_io), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&state.idle), nullptr);
  uv_run(&state.loop, UV_RUN_DEFAULT);
  base::check(uv_loop_close(&state.loop) == 0, "a loop without open handles can be closed");
  state.is_open = false;
  return {};
}

uv_loop_s* Loop::raw() {
  return &state_->loop;
}

}  // namespace loop
