#pragma once
// What follows from the ends of preparations, and from the site's prolog and epilog around them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/model/fact.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// Who drains and holds for that.
constexpr std::string_view itself = "musterd";

/// Does a pool of these nodes have a prolog or an epilog?
bool has_site_programs(const State& state, const Settings& settings,
                       const model::Allocation& allocation);

/// Nodes where the prolog failed, of the active attempt and of those right before it that ended for
/// that: of these, one each. What was before the job was released after a hold for it is past.
int n_prolog_failures(const Job& job);

/// Is it held because its prolog failed wherever it was tried?
bool is_held_for_prolog(const Job& job);

/// What is wrong with a job that is held for that; empty: it is not.
std::string why_held(const Job& job);

/// A preparation that has ended before the script did ends the attempt.
std::optional<model::FactBody> failed_preparation(const Job& job, const Attempt& attempt);

/// The same for one that is over, but whose node's epilog has not ended.
std::vector<model::FactBody> failed_early(const Job& job, model::NodeId node,
                                          const model::LaunchReport& report);

/// The node takes no more work where the prolog or the epilog failed, but for a job whose prolog
/// fails wherever it is tried. `job` is null where the state does not know it any more, and does
/// not have this end yet.
std::vector<model::FactBody> drain_for_site(const Settings& settings, const Node& node,
                                            const Job* job, const model::LaunchReport& report);

}  // namespace scheduler
