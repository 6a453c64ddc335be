#pragma once
// Where the commands of other schedulers get jobs from: the same questions that muster asks.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/api.h"
#include "cli/compat/job_filter.h"
#include "cli/compat/slurm_format.h"
#include "lib/model/record.h"

namespace cli {

/// The cluster that the environment names.
Try<Api> api_here();

/// Now, and the name of the cluster where `is_named`; without that nobody is asked.
Try<compat::Surroundings> surroundings(const Api& api, bool is_named);

/// All pages of the listing with this query, "&state=active".
Try<std::vector<model::JobRecord>> list_jobs(const Api& api, const std::string& query);

/// nullopt: there is no such job.
Try<std::optional<model::JobRecord>> find_job(const Api& api, const std::string& name);

/// The named jobs; of an array also its tasks that are jobs, where `query` lets them pass.
/// `missing` gets those that are not there.
Try<std::vector<model::JobRecord>> jobs_named(const Api& api,
                                              std::span<const compat::NamedJob> names,
                                              const std::string& query,
                                              std::vector<std::string>& missing);

/// Arrays whose tasks wait as these tasks; arrays that have no such tasks left out.
std::vector<model::JobRecord> with_tasks_apart(std::vector<model::JobRecord> jobs);

/// Such an array is on one line by itself while tasks wait, and of no interest afterwards.
void drop_spread_arrays(std::vector<model::JobRecord>& jobs);

/// "&user=ann" where all that pass have one user; "" else.
std::string user_query(const std::vector<std::string>& users);

Try<std::vector<model::NodeRecord>> list_nodes(const Api& api);

/// Words with the optional value of options that are read as flags cut off: "--json=list".
std::vector<std::string> without_value(std::span<const std::string> words, std::string_view option);

}  // namespace cli
