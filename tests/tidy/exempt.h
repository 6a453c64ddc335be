#pragma once
// Exceptions to the rules: lines "RULE PATH: REASON" in exempt.txt. One that is no longer needed is
// itself a finding, so the list cannot grow old.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "tests/tidy/source.h"

namespace tidy {

struct Exemption {
  std::string rule;
  std::string path;
  std::size_t line;
};

/// errors    invalid for a line without rule, path and reason; lines beginning with '#' and empty
/// ones are
///           skipped
base::Result<std::vector<Exemption>> parse_exemptions(std::string_view text);

/// What is left of the findings, and a finding for each exemption that was not needed.
Findings without_exempt(Findings findings, const std::vector<Exemption>& exemptions);

}  // namespace tidy
