#pragma once
// The tree of switches of a configuration.

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "conf/config.h"

namespace conf {

/// What is wrong with the switches, by their places: unknown ones, those below two others or below
/// themselves, nodes at two places, and switches with nothing below them.
std::vector<std::pair<std::size_t, std::string>> switch_problems(
    const std::vector<Switch>& switches);

/// The path from the topmost switch to the one with this name.
std::vector<std::string> switch_path(const std::vector<Switch>& switches, const std::string& name);

}  // namespace conf
