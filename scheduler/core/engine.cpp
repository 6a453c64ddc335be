#include "scheduler/core/engine.h"

#include <algorithm>

#include "lib/base/check.h"
#include "scheduler/core/apply.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/dependency.h"
#include "scheduler/core/react.h"
#include "scheduler/core/record.h"

namespace scheduler {

namespace {

/// Why a job starts later: a requeue, --begin, or the delay of a dependency.
model::Reason later(const Job& job, const Waiting& waiting) {
  const bool is_back_off = waiting.due == waiting.not_before && job.spec->begin != waiting.due;
  if (is_back_off) return model::BackOff{*waiting.due};
  return model::BeginTime{*waiting.due};
}

/// Why none of an array's tasks may start.
model::Reason no_task(const State& state, const Job& array) {
  const auto n_open = static_cast<int>(array.tasks->open.size());
  const auto limit = array.spec->array->most_running;
  if (limit && n_open >= *limit) return model::ArrayLimit{n_open};
  return open_pairs(state, array);
}

model::TaskSplit split_next(const State& state, const Job& array) {
  const auto index = first_startable(state, array);
  base::check(index.has_value(), "an array in the queue has a task that may start");
  return {model::task_job(array.id, array.spec->array->tasks, *index), {array.id, *index}};
}

/// Does it follow from several facts, and has one of them ended the job already?
bool is_outdated(const State& state, const model::FactBody& body) {
  const bool may_be_late = std::holds_alternative<model::JobEnded>(body) ||
                           std::holds_alternative<model::TasksCancelled>(body) ||
                           std::holds_alternative<model::ParentEnded>(body);
  return may_be_late && std::holds_alternative<Done>(state.jobs.at(*model::job_of(body)).phase);
}

}  // namespace

Engine::Engine(Settings settings, Policy policy)
    : settings_(std::move(settings)), policy_(std::move(policy)) {
  state_.jobs_kept = settings_.jobs_kept;
}

void Engine::replay(model::Seq seq, const model::Fact& fact) {
  base::check(seq > last_seq_, "facts are replayed in order");
  apply(state_, fact);
  last_seq_ = seq;
}

std::vector<model::Fact> Engine::handle(const Input& input, base::Time now) {
  reasons_.clear();
  std::vector<model::Fact> facts;
  auto decision = decide({state_, settings_.pools}, policy_, settings_, input, now);
  for (auto& body : decision.facts) take({now, std::move(body)}, facts);
  for (auto& action : decision.actions) held_.push_back({last_seq_, std::move(action)});
  return facts;
}

void Engine::take(model::Fact fact, std::vector<model::Fact>& facts) {
  const auto at = fact.at;
  std::deque<model::FactBody> due{std::move(fact.body)};
  while (!due.empty()) {
    auto body = std::move(due.front());
    due.pop_front();
    if (is_outdated(state_, body)) continue;
    facts.push_back({at, std::move(body)});
    const auto& taken = facts.back();
    apply(state_, taken);
    ++last_seq_;
    for (auto& action : react(state_, settings_, taken))
      held_.push_back({last_seq_, std::move(action)});
    for (auto& next : settle(state_, settings_, taken)) due.push_back(std::move(next));
  }
}

std::vector<model::Fact> Engine::plan(base::Time now) {
  std::vector<model::Fact> facts;
  last_pass_ = now;
  reasons_.clear();
  bool is_awaited = true;
  while (is_awaited) {
    is_awaited = false;
    last_plan_ = policy_.plan({state_, settings_.pools}, now);
    for (auto& start : last_plan_.starts) {
      const auto& chosen = state_.jobs.at(start.job);
      is_awaited = is_awaited || state_.dependants.contains(start.job);
      auto job = start.job;
      if (chosen.tasks) {
        const auto split = split_next(state_, chosen);
        job = split.job;
        take({now, split}, facts);
      }
      const auto attempt = state_.jobs.at(job).attempts + 1;
      take({now, model::AttemptStarted{job, attempt, std::move(start.allocation)}}, facts);
    }
  }
  return facts;
}

std::vector<Action> Engine::durable(model::Seq seq) {
  std::vector<Action> actions;
  while (!held_.empty() && held_.front().after <= seq) {
    actions.push_back(std::move(held_.front().action));
    held_.pop_front();
  }
  return actions;
}

std::optional<base::Time> Engine::next_deadline() const {
  std::optional<base::Time> next;
  const auto consider = [&next](base::Time at) { next = next ? std::min(*next, at) : at; };
  if (!state_.time_limits.empty()) consider(state_.time_limits.begin()->first);
  if (!state_.due.empty()) consider(state_.due.begin()->first);
  if (!state_.too_late.empty()) consider(state_.too_late.begin()->first);
  if (!state_.away_since.empty())
    consider(state_.away_since.begin()->first + settings_.node_timeout);
  return next;
}

std::optional<model::Reason> Engine::reason_of(model::JobId id) const {
  const auto found = state_.jobs.find(id);
  if (found == state_.jobs.end()) return std::nullopt;
  const auto* waiting = std::get_if<Waiting>(&found->second.phase);
  if (waiting == nullptr) return std::nullopt;
  if (waiting->held_by) return model::Held{*waiting->held_by};
  if (waiting->due) return later(found->second, *waiting);
  if (standing_of(state_, found->second).is != Standing::Is::met)
    return open_terms(state_, found->second);
  if (found->second.tasks && found->second.tasks->startable == 0)
    return no_task(state_, found->second);
  if (!last_pass_) return model::NotConsidered{};
  const auto explain = [&] {
    return policy_.explain({state_, settings_.pools}, last_plan_, found->second, *last_pass_);
  };
  if (stands_out(id)) return explain();
  const auto kind = kind_of(found->second);
  auto known = reasons_.find(kind);
  if (known == reasons_.end()) known = reasons_.emplace(kind, explain()).first;
  return known->second;
}

/// Does the last plan name the job itself? Other jobs of a kind have one reason.
bool Engine::stands_out(model::JobId job) const {
  return last_plan_.reservations.contains(job) ||
         std::ranges::any_of(last_plan_.closed,
                             [job](const auto& closed) { return closed.second == job; });
}

model::JobRecord Engine::record_of(const Job& job) const {
  auto record = job_record(job);
  record.reason = reason_of(job.id);
  const auto reservation = last_plan_.reservations.find(job.id);
  const bool is_waiting = std::holds_alternative<Waiting>(job.phase);  // the plan may be older
  if (is_waiting && reservation != last_plan_.reservations.end())
    record.expected_start = reservation->second;
  return record;
}

model::NodeRecord Engine::record_of(const Node& node) const {
  return node_record(node);
}

bool Engine::is_forgotten(const model::Fact& fact) const {
  if (model::is_of_snapshot(fact)) return true;
  const auto job = model::job_of(fact.body);
  return job && !state_.jobs.contains(*job);
}

std::vector<model::Fact> Engine::arrays_stand(base::Time now) const {
  std::vector<model::Fact> facts;
  for (const auto& [id, job] : state_.jobs) {
    if (job.tasks) facts.push_back({now, model::ArrayStands{id, job.tasks->tally}});
  }
  return facts;
}

model::Fact Engine::numbers_given(base::Time now) const {
  return {now, model::NumbersGiven{state_.next_job, state_.next_node}};
}

}  // namespace scheduler
