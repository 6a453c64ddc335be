// Changes of requests: what may change of a job that waits, and of one that runs.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "scheduler/core/circle.h"
#include "scheduler/core/decide.h"

namespace scheduler {

namespace {

using base::Code;
using base::fail;
using model::ChangedField;

bool names(const model::JobChange& change, ChangedField field) {
  return change.fields.contains(field);
}

/// Also of a job that runs.
bool may_change_later(ChangedField field) {
  return field == ChangedField::time_limit || field == ChangedField::grow_after;
}

/// "--pool and --nodes", of the listed fields those that change before the job runs.
std::string options_of(const std::set<ChangedField>& fields) {
  std::vector<std::string> options;
  for (const auto field : fields) {
    if (!may_change_later(field)) options.emplace_back(option_of(field));
  }
  return base::join(options, " and ");
}

/// The job would need the same room, and may take it as soon.
bool keeps_promise(ChangedField field) {
  return field == ChangedField::comment || field == ChangedField::requeue ||
         field == ChangedField::restart || field == ChangedField::hang_timeout ||
         field == ChangedField::grow_after || field == ChangedField::save_signal ||
         field == ChangedField::output || field == ChangedField::error;
}

/// Nobody is ended for a room that is not taken then, nor are nodes kept for nobody.
base::Result<void> check_promise(const State& state, const Job& job,
                                 const model::JobChange& change) {
  const auto owed = state.owed.find(job.id);
  if (owed == state.owed.end() || std::ranges::all_of(change.fields, keeps_promise)) return {};
  if (!owed->second.nodes.empty()) {
    return fail(Code::conflict,
                fmt::format("nodes are kept for job {0} as it is, which was ended to start again "
                            "on them; to change it all the same, give them up first: muster hold "
                            "{0}",
                            to_text(job.id)));
  }
  return fail(Code::conflict,
              fmt::format("other jobs are being ended to make room for job {0} as it is; to change "
                          "it all the same, give that room up first: muster hold {0}",
                          to_text(job.id)));
}

/// Who changes the sum would have to know what it is made of.
base::Result<void> check_roles(const Job& job, const model::JobChange& change) {
  static constexpr std::array made_of_roles{
      ChangedField::nodes,         ChangedField::tasks,         ChangedField::tasks_per_node,
      ChangedField::cpus_per_task, ChangedField::gpus_per_node, ChangedField::gpus_per_task,
      ChangedField::memory};
  if (!model::have_resources(job.spec->roles)) return {};
  for (const auto field : made_of_roles) {
    if (!names(change, field)) continue;
    return fail(
        Code::conflict,
        fmt::format("{}: what job {} needs is what its roles say; to change that, cancel it "
                    "and submit it anew",
                    option_of(field), to_text(job.id)));
  }
  return {};
}

base::Result<void> check_past(const Job& job, const model::JobChange& change) {
  const bool has_begun = job.tasks && job.tasks->tally.has_begun;
  const bool is_behind = job.attempts > 0 || job.task || has_begun;
  if (is_behind && names(change, ChangedField::dependency)) {
    return fail(Code::conflict,
                fmt::format("{} {} has started, so what it waited for is behind it; "
                            "--dependency can not change any more",
                            has_begun ? "a task of array" : "job", to_text(job.id)));
  }
  if (job.attempts > 0 && names(change, ChangedField::workspace)) {
    return fail(Code::conflict,
                fmt::format("job {} has run already, and that is charged; --workspace can not "
                            "change any more",
                            to_text(job.id)));
  }
  return {};
}

/// "--dependency=afterok:20: job 17 would wait for itself: 17 waits for 20, 20 for 17".
base::Result<void> check_circle(const State& state, const Job& job,
                                const model::JobChange& change) {
  const auto circle = circle_of(state, job);
  if (circle.empty()) return {};
  std::string way;
  for (std::size_t i = 0; i + 1 < circle.size(); ++i) {
    way += fmt::format("{}{} {} {}", way.empty() ? "" : ", ", to_text(circle[i]),
                       way.empty() ? "waits for" : "for", to_text(circle[i + 1]));
  }
  const auto given = names(change, ChangedField::dependency)
                         ? "--dependency=" + to_text(job.spec->dependency)
                         : "--job-name=" + job.spec->name;
  return fail(Code::invalid,
              fmt::format("{}: job {} would wait for itself: {}", given, to_text(job.id), way));
}

/// Of the jobs in a new dependency those that have ended.
base::Result<std::vector<model::PastJob>> check_waits(const State& state, const Job& job,
                                                      const UpdateJob& request) {
  const bool depends_anew = names(*request.change, ChangedField::dependency);
  if (!depends_anew && !names(*request.change, ChangedField::name))
    return std::vector<model::PastJob>();
  if (auto fine = check_circle(state, job, *request.change); !fine)
    return std::unexpected(fine.error());
  if (!depends_anew) return std::vector<model::PastJob>();
  return promising(state, job, request.past);
}

/// As of a submission, by the rights of the job's user.
base::Result<std::vector<model::PastJob>> check_waiting(const View& view, const Policy& policy,
                                                        const Job& job, const UpdateJob& request,
                                                        base::Time now) {
  if (auto fine = check_promise(view.state, job, *request.change); !fine)
    return std::unexpected(fine.error());
  if (auto fine = check_roles(job, *request.change); !fine) return std::unexpected(fine.error());
  if (auto fine = check_past(job, *request.change); !fine) return std::unexpected(fine.error());
  if (auto fine = runnable(view, policy, job.user, *job.spec); !fine)
    return std::unexpected(fine.error());
  if (auto fine = reachable(*job.spec, now); !fine) return std::unexpected(fine.error());
  if (auto fine = policy.allow(view, job.user, *job.spec, false); !fine)
    return std::unexpected(fine.error());
  if (auto fine = may_use_booking(view.state, job.user, *job.spec, now); !fine)
    return std::unexpected(fine.error());
  return check_waits(view.state, job, request);
}

bool is_longer(const std::optional<base::Duration>& limit,
               const std::optional<base::Duration>& than) {
  if (!limit) return than.has_value();
  return than && *limit > *than;
}

/// Of a job that has its nodes. `job` is as it was.
base::Result<void> check_active(const Settings& settings, const Job& job,
                                const model::JobSpec& after, const UpdateJob& request,
                                base::Time now) {
  const auto id = to_text(job.id);
  const auto others = options_of(request.change->fields);
  if (!others.empty()) {
    return fail(Code::conflict,
                fmt::format("job {} runs; of a running job only --time and --grow-after can "
                            "change, not {}; to have the rest otherwise, cancel it and submit it "
                            "anew",
                            id, others));
  }
  if (auto can_grow = has_nodes_to_grow(after, job.layout); !can_grow) return can_grow;
  const auto& before = job.spec->time_limit;
  if (is_longer(after.time_limit, before) && !is_in_charge(settings, request.user)) {
    return fail(Code::denied,
                fmt::format("the time limit of job {}, {}, may become shorter; only root and the "
                            "owner of the cluster can make that of a running job longer",
                            id, base::to_clock_text(*before)));
  }
  const auto* running = std::get_if<Running>(&job.phase);
  if (running == nullptr) return {};
  const auto so_far = now - running->since;
  if (after.time_limit && *after.time_limit <= so_far) {
    return fail(
        Code::invalid,
        fmt::format("job {0} has run for {1}, so it can not have a limit of {2}; to end it: "
                    "muster cancel {0}",
                    id, base::to_clock_text(so_far), base::to_clock_text(*after.time_limit)));
  }
  return reachable(after, running->since);
}

/// Jobs whose request can not change at all, as they stand.
base::Result<void> check_phase(const Job& job) {
  const auto id = to_text(job.id);
  if (std::holds_alternative<Done>(job.phase))
    return fail(Code::conflict, fmt::format("job {} has already ended", id));
  if (std::holds_alternative<Ending>(job.phase)) {
    return fail(Code::conflict,
                fmt::format("job {} is being ended; if it starts again, change it while it waits "
                            "for that",
                            id));
  }
  if (std::holds_alternative<Spread>(job.phase)) {
    return fail(Code::conflict,
                fmt::format("all tasks of array {} have started; of one that runs "
                            "--time can change: name it, such as {}_{}",
                            id, id, job.tasks->open.empty() ? 0 : *job.tasks->open.begin()));
  }
  return {};
}

base::Result<void> check_array(const Job& job, const model::JobChange& change) {
  if (!names(change, ChangedField::array_limit) || job.tasks) return {};
  const auto id = to_text(job.id);
  if (!job.task)
    return fail(Code::invalid, fmt::format("job {} is no array; it has no --array-limit", id));
  return fail(Code::invalid, fmt::format("--array-limit is of the array; name that: {}",
                                         to_text(job.task->array)));
}

/// nullopt: the job has all of it already.
base::Result<std::optional<model::JobUpdated>> update(const View& view, const Policy& policy,
                                                      const Settings& settings,
                                                      const UpdateJob& request, base::Time now) {
  const auto found = own_job(view.state, settings, request.user, request.job);
  if (!found) return std::unexpected(found.error());
  const Job& job = **found;
  if (auto fine = check_phase(job); !fine) return std::unexpected(fine.error());
  if (auto fine = check_array(job, *request.change); !fine) return std::unexpected(fine.error());
  auto spec = std::make_shared<const model::JobSpec>(model::changed(*job.spec, *request.change));
  if (*spec == *job.spec) return std::nullopt;
  model::JobUpdated fact{job.id, request.user.name, request.change, {}};
  if (!std::holds_alternative<Waiting>(job.phase)) {
    if (auto fine = check_active(settings, job, *spec, request, now); !fine)
      return std::unexpected(fine.error());
    return fact;
  }
  auto after = job;
  after.spec = std::move(spec);
  auto past = check_waiting(view, policy, after, request, now);
  if (!past) return std::unexpected(past.error());
  fact.past = std::move(*past);
  return fact;
}

}  // namespace

Decision decide_update(const View& view, const Policy& policy, const Settings& settings,
                       const UpdateJob& request, base::Time now) {
  auto fact = update(view, policy, settings, request, now);
  Decision decision;
  if (!fact) {
    decision.actions.push_back(Reply{request.request, std::unexpected(fact.error())});
    return decision;
  }
  if (*fact) decision.facts.push_back(std::move(**fact));
  decision.actions.push_back(Reply{request.request, Answer(Nothing{})});
  return decision;
}

}  // namespace scheduler
