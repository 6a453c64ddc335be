// Tasks of arrays, which the API names 17_4: each has a number of its own, as any job.

#include <fmt/format.h>

#include <utility>

#include "scheduler/core/record.h"
#include "scheduler/daemon/api.h"

namespace musterd {

namespace {

using base::Code;
using base::fail;

/// The array that an ended job was.
base::Result<model::IndexSet> tasks_in_history(store::Reader& reader, model::JobId job) {
  const auto row = reader.find_job(job);
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(Code::not_found, "there is no job " + to_text(job));
  const auto record = wire::job_record_from_json((*row)->record);
  if (!record) return std::unexpected(record.error());
  return record->tally && record->array ? record->array->tasks : model::IndexSet();
}

/// The number of the one task that is meant.
base::Result<model::JobId> number_of(model::JobId array, const model::IndexSet& all,
                                     const model::IndexSet& wanted) {
  if (all.empty()) return fail(Code::not_found, fmt::format("job {} is no array", to_text(array)));
  const int index = wanted.first().value_or(0);
  if (all.contains(index)) return model::task_job(array, all, index);
  return fail(Code::not_found, fmt::format("array {} has no task {}; its tasks are {}",
                                           to_text(array), index, ranges_text(all)));
}

}  // namespace

/// Goes on with the number of the task, or with those that the route takes.
void Api::with_task(Ask ask, void (Api::*handler)(Ask)) {
  auto go_on = [this, ask, handler](const base::Result<model::IndexSet>& all) mutable {
    if (!all) return ask.responder.fail(all.error());
    const auto number = number_of(ask.job, *all, *ask.tasks);
    if (!number) return ask.responder.fail(number.error());
    if (handler == &Api::cancel) return cancel(std::move(ask));
    ask.task = model::ArrayTask{ask.job, *ask.tasks->first()};
    ask.job = *number;
    (this->*handler)(std::move(ask));
  };
  const auto& jobs = parts_.driver.engine().state().jobs;
  const auto found = jobs.find(ask.job);
  if (found != jobs.end()) {
    const auto& job = found->second;
    return go_on(job.tasks ? job.spec->array->tasks : model::IndexSet());
  }
  parts_.archive.ask(
      [job = ask.job](store::Reader& reader) { return tasks_in_history(reader, job); }, go_on);
}

/// The array, if the task that is asked for has not started.
const scheduler::Job* Api::pending_array(const Ask& ask) const {
  if (!ask.task) return nullptr;
  const auto& jobs = parts_.driver.engine().state().jobs;
  const auto array = jobs.find(ask.task->array);
  if (array == jobs.end() || !array->second.tasks->tally.pending.contains(ask.task->index))
    return nullptr;
  return &array->second;
}

/// The record of a task; of one that has never been a job, what its array says.
void Api::answer_task(const Ask& ask) {
  const auto& engine = parts_.driver.engine();
  const auto array = engine.state().jobs.find(ask.task->array);
  const bool is_job = engine.state().jobs.contains(ask.job);
  if (is_job || array == engine.state().jobs.end()) return answer_record(ask.job, ask.responder);
  auto record = scheduler::task_record(array->second, ask.job, *ask.task);
  if (record.state == model::JobState::waiting) {
    record.reason = engine.reason_of(array->first);
    auto responder = ask.responder;
    return responder.send(json_response(wire::to_json(record)));
  }
  parts_.archive.ask([job = ask.job](store::Reader& reader) { return reader.find_job(job); },
                     [responder = ask.responder, record = std::move(record)](
                         const base::Result<std::optional<store::HistoryRow>>& row) mutable {
                       if (!row) return responder.fail(row.error());
                       responder.send(json_response(*row ? (*row)->record : wire::to_json(record)));
                     });
}

}  // namespace musterd
