#include "scheduler/daemon/past_jobs.h"

#include "lib/model/job_state.h"
#include "lib/wire/api.h"

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
    const auto record = wire::job_record_from_json((*row)->record);
    if (!record) return std::unexpected(record.error());
    auto& found = past.emplace_back(
        model::PastJob{job, *ending, (*row)->started_at.value_or((*row)->ended_at), {}, {}});
    if (!record->tally || !record->array) continue;
    found.tasks = record->array->tasks;
    found.completed = record->tally->completed;
  }
  return past;
}

}  // namespace musterd
