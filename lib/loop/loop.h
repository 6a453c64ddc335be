#pragma once
// The event loop of one thread, and the door through which other threads reach it.
// Everything else in this folder lives on a Loop and must be destroyed before it.

#include <functional>
#include <memory>

#include "lib/base/result.h"

struct uv_loop_s;

namespace loop {

/// Owns a libuv loop. Making one also makes the process ignore SIGPIPE (children get the default
/// back).
class Loop {
 public:
  Loop();
  /// Closes the loop; a handle that is still open then is a broken invariant.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs callbacks until stop() or until nothing is left to wait for.
  void run();
  /// Ends run() after the callbacks of this turn. Only from the loop's thread; others post() it.
  void stop();

  /// Runs `task` on the loop's thread, in the order of the calls. The only member other threads may
  /// call. Does not keep run() going by itself.
  void post(std::function<void()> task);

  /// Runs `task` when the callbacks of this turn are through, before the loop waits again.
  void defer(std::function<void()> task);

  /// `hook` is called at the end of every turn, after the deferred tasks, before the loop waits:
  /// the place for "take the queue, call the engine, append". Cheap when there is nothing to do,
  /// please.
  void on_turn_end(std::function<void()> hook);

  /// While holds outnumber releases run() does not end for want of handles.
  void hold();
  void release();

  /// Frees the loop. Error conflict while handles are open: then the loop stays as it was.
  base::Result<void> close();

  /// For the .cpp files of this folder.
  uv_loop_s* raw();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace loop
