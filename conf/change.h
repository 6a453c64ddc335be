#pragma once
// Keys that are set without a file, and the rules about several keys, which hold for files too.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.h"

namespace conf {

/// Sets what `assignment` says, such as "scheduler.order=fcfs"; keys of a [[pool]] and the like
/// cannot be set. errors: invalid, as for a file
base::Result<void> change(Config& config, std::string_view assignment);

/// A rule about two keys that is broken.
struct Clash {
  std::string_view section;
  std::string_view key;    // most likely the one that is wrong
  std::string_view other;  // of the same section; empty: the rule is about classes
  std::string text;
};

std::vector<Clash> clashes(const Config& config);

/// The classes that there are.
std::vector<std::string_view> class_names(const Config& config);

/// "; did you mean 'order'?", or the list of all `known`.
std::string nearest_text(std::string_view word, std::span<const std::string_view> known);

}  // namespace conf
