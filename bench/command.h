#pragma once
// Programs as a user starts them, and how long they took.

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace bench {

struct Finished {
  int exit_code = 0;
  base::Duration took{};
  std::string output;  // standard output, where it was asked for
};

enum class Keep { nothing, output };

/// Runs a program with this process's environment and waits for it. Its standard error is ours.
/// errors: of the start; a program that a signal ended
base::Result<Finished> run(const std::vector<std::string>& words, Keep keep = Keep::nothing);

/// Runs it with output thrown away; ends this process with a message unless it exits with 0.
base::Duration time_of(const std::vector<std::string>& words);

/// Middle of the times; `times` is not empty.
base::Duration median(std::vector<base::Duration> times);

/// Starts `words` n times, `at_once` of them at a time, each waited for; the whole time.
base::Duration spawn_all(const std::vector<std::string>& words, int n, int at_once);

/// A program that runs beside us, without output; ended with SIGTERM and waited for.
class Background {
 public:
  explicit Background(const std::vector<std::string>& words);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

/// Prints the error and ends this process with 1.
[[noreturn]] void give_up(const base::Error& error);

template <class T>
T need(base::Result<T> result) {
  if (!result) give_up(result.error());
  return std::move(*result);
}

}  // namespace bench
