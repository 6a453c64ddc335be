#pragma once
// What makes sense in a [[quota]]: whom it names, and which of its keys go together.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.h"

namespace conf {

struct QuotaProblem {
  std::size_t quota;     // its place in Config::quotas
  std::string_view key;  // most likely the one that is wrong; empty: the quota as a whole
  std::string text;
};

std::vector<QuotaProblem> quota_problems(const Config& config);

}  // namespace conf
