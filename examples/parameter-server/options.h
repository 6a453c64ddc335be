#pragma once
// The command line of parameter-server, the same for servers and workers.

#include <chrono>
#include <string>
#include <vector>

#include "examples/digits/settings.h"

namespace parameter_server {

struct Options {
  digits::Settings settings;
  std::string data;
  std::string checkpoint;  // empty: none is written
  std::chrono::milliseconds slow{0};
  bool help = false;
};

/// errors    invalid, naming the option, what was found and what was expected
base::Result<Options> parse_options(const std::vector<std::string>& arguments);

std::string help_text();

}  // namespace parameter_server
