#pragma once
// What cancel, hold and release have in common: one request for each job named.

#include <string_view>

#include "cli/options/option.h"
#include "cli/problem.h"

namespace cli {

/// Posts to each job; goes on after a refusal, and exits with 1 if there was one. `query` stands
/// behind the action: "?hold=true".
Outcome act_on_jobs(const options::Parsed& line, std::string_view action,
                    std::string_view query = "");

}  // namespace cli
