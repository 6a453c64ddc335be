#pragma once
// The step that `muster run` starts, for its other names.

#include <string_view>

#include "cli/options/option.h"
#include "cli/problem.h"

namespace cli {

/// Starts the step of the line, is its client, and leaves the process with its exit code.
///
/// who   tells what failed: "muster run"
Outcome run_step(const options::Parsed& line, std::string_view who);

}  // namespace cli
