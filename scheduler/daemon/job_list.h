#pragma once
// One page of the listing of jobs: those of the state and those that only history knows.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/record.h"
#include "lib/store/journal.h"
#include "scheduler/core/engine.h"

namespace musterd {

struct JobQuery {
  std::set<model::JobState> states;  // empty: all
  std::string user;                  // empty: all
  std::string name;                  // empty: all
  std::optional<base::Time> since;   // not those that had ended before
  std::optional<base::Time> until;   // not those submitted after
  std::optional<model::JobId> after;
  std::size_t limit = 1000;
};

/// Reads the query of GET /v1/jobs. Error invalid, naming the parameter.
base::Result<JobQuery> job_query(const std::map<std::string, std::string>& parameters);

/// The page's part from the state. A page looks at a bounded number of jobs, so that a listing
/// never delays decisions: `horizon` is set when it ends before all were looked at.
struct LiveJobs {
  std::vector<model::JobRecord> jobs;  // at most query.limit + 1
  std::optional<model::JobId> horizon;
};
LiveJobs live_jobs(const scheduler::Engine& engine, const JobQuery& query,
                   std::size_t look_at = 20'000);

/// The JSON of the page, with history's part.
base::Result<std::string> job_page(store::Reader& reader, const JobQuery& query,
                                   const LiveJobs& live);

}  // namespace musterd
