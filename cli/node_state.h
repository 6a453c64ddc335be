#pragma once
// muster node show and muster node check: how a node is.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/verb.h"

namespace cli {

/// What `muster node VERB [OPTIONS] NAME` was given; nothing where --help was, and is printed.
Try<std::optional<options::Parsed>> parse_one_node(std::string_view verb,
                                                   std::span<const std::string> words,
                                                   std::span<const options::Option> table,
                                                   std::string_view usage);

/// The words behind "show".
Outcome show_node(std::span<const std::string> words);

/// The words behind "check".
Outcome check_node(std::span<const std::string> words);

}  // namespace cli
