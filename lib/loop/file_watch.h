#pragma once
// Tells when a file grows, shrinks, appears or is replaced: for following a log.

#include <functional>
#include <memory>
#include <string>

#include "lib/base/result.h"

namespace loop {

class Loop;

class FileWatch {
 public:
  /// Calls `on_change` when size, time or identity of the file at `path` change; its folder must
  /// exist. By inotify, and by a look each second for file systems that do not tell (NFS).
  static base::Result<FileWatch> open(Loop& loop, const std::string& path,
                                      std::function<void()> on_change);

 private:
  struct State;
  struct Close {
    void operator()(State* state) const noexcept;
  };
  explicit FileWatch(State* state);
  std::unique_ptr<State, Close> state_;
};

}  // namespace loop
