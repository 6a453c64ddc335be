#pragma once
// How a command ends: its exit code, or what went wrong.

#include <expected>
#include <string>
#include <utility>

#include "lib/base/result.h"

namespace cli {

// The exit codes of every command; wait, submit --wait and run exit with that of the job or step.
constexpr int exit_done = 0;
constexpr int exit_refused = 1;  // it could not be done, and the message says why
constexpr int exit_usage = 2;    // the command line makes no sense
constexpr int exit_no_cluster = 3;
constexpr int exit_signal_base = 128;  // and the number of the signal that ended it

struct Problem {
  int exit_code = exit_refused;
  std::string text;
  bool was_cut_off = false;  // the connection broke: asking again may go on
  bool is_for_now = false;   // nothing was done, and later it may be
  bool is_missing = false;   // what was named is not there
};

using Outcome = std::expected<int, Problem>;
template <class T>
using Try = std::expected<T, Problem>;

inline std::unexpected<Problem> refuse(std::string text) {
  return std::unexpected(Problem{.exit_code = exit_refused, .text = std::move(text)});
}
inline std::unexpected<Problem> refuse(const base::Error& error) {
  return refuse(error.text);
}
inline std::unexpected<Problem> misuse(std::string text) {
  return std::unexpected(Problem{.exit_code = exit_usage, .text = std::move(text)});
}

}  // namespace cli
