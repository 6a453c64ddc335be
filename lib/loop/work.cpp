#include "lib/loop/work.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "lib/base/check.h"
#include "lib/loop/handle.h"
#include "lib/loop/loop.h"

namespace loop {

struct Work::State {
  uv_work_t request{};
  std::function<void()> call;
  std::function<void()> done;
  bool is_finished = false;
  bool is_forgotten = false;

  static void finished(uv_work_t* request, int) noexcept {
    auto* state = static_cast<State*>(request->data);
    state->is_finished = true;
    if (state->is_forgotten) {
      delete state;
      return;
    }
    const auto done = std::move(state->done);
    done();
  }
};

void Work::Forget::operator()(State* state) const noexcept {
  if (state->is_finished) {
    delete state;
    return;
  }
  state->is_forgotten = true;
  state->done = nullptr;
  // Fails when the call has begun, which is fine: finished() frees in both cases.
  (void)uv_cancel(reinterpret_cast<uv_req_t*>(&state->request));
}

Work::Work(Loop& loop, std::function<void()> call, std::function<void()> done) : state_(new State) {
  state_->call = std::move(call);
  state_->done = std::move(done);
  state_->request.data = state_.get();
  const auto run = [](uv_work_t* request) noexcept { static_cast<State*>(request->data)->call(); };
  base::check(uv_queue_work(loop.raw(), &state_->request, run, &State::finished) == 0,
              "the thread pool takes work");
}

struct SerialWork::State {
  struct Item {
    std::function<void()> call;
    std::function<void()> done;
  };

  explicit State(Loop& l) : loop(l) {}

  Loop& loop;
  std::size_t n_pending = 0;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Item> queue;  // guarded by mutex
  bool is_ending = false;  // guarded by mutex
  std::weak_ptr<State> self;
  std::thread thread;

  void run();
  void finish(const std::function<void()>& done);
};

/// The thread: takes items until told to end and the queue is empty.
void SerialWork::State::run() {
  std::unique_lock lock(mutex);
  while (true) {
    wake.wait(lock, [this] { return is_ending || !queue.empty(); });
    if (queue.empty()) {
      return;
    }
    Item item = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    item.call();
    item.call = nullptr;
    loop.post([weak = self, done = std::move(item.done)] {
      if (const auto state = weak.lock()) {
        state->finish(done);
      }
    });
    lock.lock();
  }
}

void SerialWork::State::finish(const std::function<void()>& done) {
  n_pending -= 1;
  loop.release();
  done();
}

SerialWork::SerialWork(Loop& loop) : state_(std::make_shared<State>(loop)) {
  state_->self = state_;
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

SerialWork::~SerialWork() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->is_ending = true;
  }
  state_->wake.notify_one();
  state_->thread.join();
  for (; state_->n_pending > 0; --state_->n_pending) {
    state_->loop.release();
  }
}

void SerialWork::submit(std::function<void()> call, std::function<void()> done) {
  state_->n_pending += 1;
  state_->loop.hold();
  {
    const std::scoped_lock lock(state_->mutex);
    state_->queue.push_back({std::move(call), std::move(done)});
  }
  state_->wake.notify_one();
}

std::size_t SerialWork::n_pending() const {
  return state_->n_pending;
}

}  // namespace loop
