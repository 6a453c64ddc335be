#include "lib/loop/sampled.h"

#include <condition_variable>
#include <csignal>
#include <thread>

namespace loop {

struct Repetition::State {
  std::mutex mutex;
  std::condition_variable wake;
  bool is_over = false;  // guarded by mutex
};

Repetition::Repetition(base::Duration pause, std::function<bool()> call)
    : state_(std::make_shared<State>()) {
  sigset_t all;
  sigset_t own;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &own);
  std::thread([state = state_, pause, call = std::move(call)] {
    while (call()) {
      std::unique_lock lock(state->mutex);
      if (state->wake.wait_for(lock, pause, [&state] { return state->is_over; })) return;
    }
  }).detach();
  pthread_sigmask(SIG_SETMASK, &own, nullptr);
}

Repetition::~Repetition() {
  const std::scoped_lock lock(state_->mutex);
  state_->is_over = true;
  state_->wake.notify_one();
}

}  // namespace loop
