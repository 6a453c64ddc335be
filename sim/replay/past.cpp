#include "sim/replay/past.h"

#include <utility>

#include "lib/model/record.h"
#include "lib/wire/api.h"
#include "sim/replay/swf.h"

namespace replay {

namespace {

Job job_of(const model::JobRecord& record, base::Time first) {
  return {.id = record.job.number(),
          .submit = record.submitted_at - first,
          .run = *record.ended_at - *record.started_at,
          .requested = record.time_limit.value_or(unlimited),
          .cores = model::n_cores(record.allocation),
          .gpus = model::n_gpus(record.allocation),
          .user = record.user.uid,
          .group = record.user.gid,
          .name = record.name,
          .layout = record.layout,
          .class_name = record.class_name,
          .workspace = record.workspace,
          .priority = record.priority};
}

base::Result<void> take_row(const store::HistoryRow& row, base::Time first, Intake& intake) {
  const auto record = wire::job_record_from_json(row.record);
  if (!record) return intake.reject(row.job.number(), record.error());
  if (!record->started_at || record->allocation.nodes.empty()) {
    intake.drop(Flaw::no_start);
  } else if (!record->ended_at) {
    intake.drop(Flaw::no_end);
  } else {
    auto job = job_of(*record, first);
    auto line = swf_row(job);
    return intake.take(row.job.number(), {std::move(job), std::move(line)});
  }
  return {};
}

}  // namespace

base::Result<Log> read_history(store::Reader& history, const Reading& reading,
                               const Machine& machine) {
  Intake intake(reading, machine, "job");
  store::HistoryQuery query{.after = {}, .limit = 1000, .states = {}, .user = {}};
  base::Time first{};
  for (bool is_all = false; !is_all;) {
    const auto rows = history.list_jobs(query);
    if (!rows) return std::unexpected(rows.error());
    if (!query.after && !rows->empty()) first = rows->front().submitted_at;
    for (const auto& row : *rows) {
      if (auto taken = take_row(row, first, intake); !taken) return std::unexpected(taken.error());
      query.after = row.job;
    }
    is_all = rows->size() < query.limit;
  }
  return std::move(intake).finish();
}

}  // namespace replay
