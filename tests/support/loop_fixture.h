#pragma once
// A loop that must close with nothing open, a time limit on every run, and a folder that is
// removed.

#include <chrono>
#include <string>

#include "lib/loop/loop.h"
#include "lib/loop/timer.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace loop_test {

/// Ends a run that waits for something that never comes; the test then sees that it did not come.
class Fixture {
 public:
  Fixture()
      : deadline_(loop, [this] {
          is_late = true;
          loop.stop();
        }) {}

  const std::string& folder() const { return folder_.path(); }
  std::string path(const std::string& name) const { return folder_ / name; }

  /// Runs until stop() or 20 s.
  void run() {
    deadline_.start(std::chrono::seconds(20));
    loop.run();
    deadline_.stop();
    CHECK_FALSE(is_late);
  }

  loop::Loop loop;
  bool is_late = false;

 private:
  support::TempFolder folder_;
  loop::Timer deadline_;
};

}  // namespace loop_test
