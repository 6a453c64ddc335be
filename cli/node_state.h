#pragma once
// muster node show and muster node check: how a node is.

#include <span>
#include <string>

#include "cli/verb.h"

namespace cli {

/// The words behind "show".
Outcome show_node(std::span<const std::string> words);

/// The words behind "check".
Outcome check_node(std::span<const std::string> words);

}  // namespace cli
