#pragma once
// Questions to the journal's file that must not hold the loop up: asked on a thread of its own.

#include <memory>
#include <optional>
#include <utility>

#include "lib/loop/work.h"
#include "lib/store/journal.h"

namespace musterd {

class Archive {
 public:
  Archive(loop::Loop& loop, store::Reader& reader) : reader_(reader), thread_(loop) {}

  /// `ask(store::Reader&)` runs on the thread and owns all that it uses; `done` gets its value on
  /// the loop.
  template <class Ask, class Done>
  void ask(Ask ask, Done done) {
    using Value = decltype(ask(reader_));
    auto slot = std::make_shared<std::optional<Value>>();
    thread_.submit([slot, reader = &reader_, ask = std::move(ask)] { slot->emplace(ask(*reader)); },
                   [slot, done = std::move(done)]() mutable { done(std::move(**slot)); });
  }

 private:
  store::Reader& reader_;
  loop::SerialWork thread_;
};

}  // namespace musterd
