#pragma once
// The command line of the digits programs.

#include <optional>
#include <string>
#include <vector>

#include "examples/digits/trainer.h"

namespace digits {

struct Options {
  Settings settings;
  std::string data;
  std::string checkpoint;  // empty: none is written
  bool help = false;
};

/// errors    invalid, naming the option, what was found and what was expected
base::Result<Options> parse_options(const std::vector<std::string>& arguments);

std::string help_text();

}  // namespace digits
