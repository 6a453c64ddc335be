#pragma once
// Blocking calls off the loop's thread: values go in, values come out, nothing is shared.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace loop {

class Loop;

/// One blocking call on the thread pool; `done` runs on the loop afterwards. Destroyed earlier,
/// `done` is never called, and the call, if it has begun, still runs to its end.
class Work {
 public:
  Work(Loop& loop, std::function<void()> call, std::function<void()> done);

 private:
  struct State;
  struct Forget {
    void operator()(State* state) const noexcept;
  };
  std::unique_ptr<State, Forget> state_;
};

/// Work with a value: `done` gets what `call` returned. `call` owns all that it uses.
template <class Call, class Done>
[[nodiscard]] Work in_background(Loop& loop, Call call, Done done) {
  using Value = decltype(call());
  auto slot = std::make_shared<std::optional<Value>>();
  return Work(
      loop, [slot, call = std::move(call)]() mutable { slot->emplace(call()); },
      [slot, done = std::move(done)]() mutable { done(std::move(**slot)); });
}

/// One thread of its own that takes calls in order: the writer of the journal.
class SerialWork {
 public:
  explicit SerialWork(Loop& loop);
  /// Waits for all queued calls to end; their `done` are not called any more.
  ~SerialWork();
  SerialWork(const SerialWork&) = delete;
  SerialWork& operator=(const SerialWork&) = delete;

  /// Runs `call` on the thread after all earlier ones, then `done` on the loop.
  void submit(std::function<void()> call, std::function<void()> done);
  /// Calls whose `done` has not run yet.
  std::size_t n_pending() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace loop
