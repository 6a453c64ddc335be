#pragma once
// Finds functions in C++ by their braces alone, without a compiler: good enough to count lines and
// parameters.

#include <cstddef>
#include <string>
#include <vector>

#include "tests/tidy/source.h"

namespace tidy {

struct Function {
  std::string name;
  std::size_t first_line;
  std::size_t n_lines;  // 0 for a declaration
  std::size_t n_parameters;
};

/// Definitions and declarations at namespace and class level, in order of the file.
std::vector<Function> functions_of(const Source& source);

}  // namespace tidy
