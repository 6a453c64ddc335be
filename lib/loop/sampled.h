#pragma once
// A value that is looked up again and again by a call which may block, or hang for ever.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "lib/base/time.h"

namespace loop {

/// Makes a call on a thread of its own, and again after each pause until it returns false.
/// Destroying it waits for nothing: a call that hangs keeps its thread and what it has captured.
/// The thread takes no signals.
class Repetition {
 public:
  Repetition(base::Duration pause, std::function<bool()> call);
  ~Repetition();
  Repetition(const Repetition&) = delete;
  Repetition& operator=(const Repetition&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

template <class Value>
class Sampled {
 public:
  /// `call` owns all that it uses. When it returns nullopt it is not made any more, and the value
  /// stays.
  Sampled(base::Duration pause, std::function<std::optional<Value>()> call)
      : slot_(std::make_shared<Slot>()), repetition_(pause, [slot = slot_, call = std::move(call)] {
          auto value = call();
          if (!value) return false;
          const std::scoped_lock lock(slot->mutex);
          slot->value = *std::move(value);
          return true;
        }) {}

  /// What the last call that has ended returned; before, a value of no content.
  Value latest() const {
    const std::scoped_lock lock(slot_->mutex);
    return slot_->value;
  }

 private:
  struct Slot {
    std::mutex mutex;
    Value value{};  // guarded by mutex
  };

  std::shared_ptr<Slot> slot_;
  Repetition repetition_;
};

}  // namespace loop
