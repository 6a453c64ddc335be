#include "scheduler/daemon/past_jobs.h"

#include "lib/model/job_state.h"

namespace musterd {

base::Result<std::vector<model::PastJob>> past_jobs(store::Reader& reader,
                                                    const std::vector<model::JobId>& jobs) {
  std::vector<model::PastJob> past;
  for (const auto job : jobs) {
    const auto row = reader.find_job(job);
    if (!row) return std::unexpected(row.error());
    if (!*row) continue;
    const auto state = model::job_state_from_text((*row)->state);
    const auto ending = state ? model::ending_of(*state) : std::nullopt;
    if (!ending) continue;
    past.push_back({job, *ending, (*row)->started_at.value_or((*row)->ended_at)});
  }
  return past;
}

}  // namespace musterd
