#pragma once
// From a command line to the exit code of muster.

#include <span>

namespace cli {

/// Runs the command that `arguments` (with the program's name) asks for. Prints what went wrong.
int program(std::span<char* const> arguments);

}  // namespace cli
