#pragma once
// Lines for people.

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "examples/parameter-server/roster.h"

namespace parameter_server {

/// One line, at once: the launcher passes on what a process has written, line by line.
inline void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

inline void complain(const Roster& roster, const std::string& text) {
  fmt::print(stderr, "parameter-server: {} {}: {}\n", to_text(roster.role), roster.index, text);
}

}  // namespace parameter_server
