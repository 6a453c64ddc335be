#include "scheduler/core/engine.h"

#include <algorithm>

#include "lib/base/check.h"
#include "scheduler/core/apply.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/react.h"
#include "scheduler/core/record.h"

namespace scheduler {

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
  auto decision = decide(view(), policy_, settings_, input, now);
  for (auto& body : decision.facts) take({now, std::move(body)}, facts);
  for (auto& action : decision.actions) held_.push_back({last_seq_, std::move(action)});
  return facts;
}

void Engine::take(model::Fact fact, std::vector<model::Fact>& facts) {
  apply(state_, fact);
  ++last_seq_;
  for (auto& action : react(state_, settings_, fact))
    held_.push_back({last_seq_, std::move(action)});
  const auto job = model::job_of(fact.body);
  const auto at = fact.at;
  facts.push_back(std::move(fact));
  if (!job) return;
  const auto found = state_.jobs.find(*job);
  if (found == state_.jobs.end()) return;
  for (auto& body : settle(found->second, settings_, at)) take({at, std::move(body)}, facts);
}

std::vector<model::Fact> Engine::plan(base::Time now) {
  std::vector<model::Fact> facts;
  last_pass_ = now;
  reasons_.clear();
  do {
    last_plan_ = policy_.plan(view(), now);
    carry_out(facts, now);
  } while (!last_plan_.preemptions.empty());  // who is being ended leaves room for other plans
  return facts;
}

void Engine::carry_out(std::vector<model::Fact>& facts, base::Time now) {
  facts.reserve(facts.size() + last_plan_.starts.size());
  for (auto& start : last_plan_.starts) {
    const auto attempt = state_.jobs.at(start.job).attempts + 1;
    take({now, model::AttemptStarted{start.job, attempt, std::move(start.allocation)}}, facts);
  }
  for (const auto& [by, victims] : last_plan_.preemptions) {
    for (const auto victim : victims) take({now, preempted(victim, by, now)}, facts);
    take({now, model::RoomPromised{by, victims}}, facts);
  }
}

/// A job that did not ask for a signal has no use for time to save its work.
model::AttemptPreempted Engine::preempted(model::JobId victim, model::JobId by,
                                          base::Time now) const {
  const auto& job = state_.jobs.at(victim);
  const Attempt* attempt = active_attempt(job);
  base::check(attempt != nullptr, "a job that makes room is active");
  const bool can_save = job.spec->save_signal && attempt->batch.started;
  const auto grace = settings_.classes.of(job.spec->class_name).grace;
  return {victim, attempt->number, by, can_save ? now + grace : now};
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
  if (!state_.back_offs.empty()) consider(state_.back_offs.begin()->first);
  if (!state_.warnings.empty()) consider(state_.warnings.begin()->first);
  if (!state_.graces.empty()) consider(state_.graces.begin()->first);
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
  if (waiting->not_before) return model::BackOff{*waiting->not_before};
  if (!last_pass_) return model::NotConsidered{};
  const auto explain = [&] {
    return policy_.explain(view(), last_plan_, found->second, *last_pass_);
  };
  if (stands_out(id)) return explain();
  const auto kind = kind_of(found->second);
  auto known = reasons_.find(kind);
  if (known == reasons_.end()) known = reasons_.emplace(kind, explain()).first;
  return known->second;
}

/// Does the last plan name the job itself? Other jobs of a kind have one reason.
bool Engine::stands_out(model::JobId job) const {
  return last_plan_.reservations.contains(job) || state_.owed.contains(job) ||
         std::ranges::any_of(last_plan_.closed,
                             [job](const auto& closed) { return closed.second == job; });
}

std::optional<model::JobId> Engine::overlooked(std::optional<JobKind>& seen,
                                               std::size_t most_kinds) const {
  const auto n_kinds = std::min(most_kinds, state_.queue.size());
  auto next = seen ? state_.queue.upper_bound(*seen) : state_.queue.begin();
  for (std::size_t i = 0; i < n_kinds; ++i) {
    if (next == state_.queue.end()) next = state_.queue.begin();
    seen = next->first;
    const auto oldest = next->second.begin()->first;
    const auto reason = reason_of(oldest);
    if (last_pass_ && reason && std::holds_alternative<model::NotConsidered>(*reason))
      return oldest;
    ++next;
  }
  return std::nullopt;
}

base::Result<model::Advice> Engine::advise(const model::User& user, const model::JobSpec& spec,
                                           base::Time now) const {
  if (auto fine = admissible(view(), policy_, settings_, user, spec); !fine)
    return std::unexpected(fine.error());
  const Job job{.id = state_.next_job,
                .user = user,
                .spec = std::make_shared<const model::JobSpec>(spec),
                .layout = *model::resolve(spec.shape),
                .submitted_at = now,
                .attempts = 0,
                .earlier = {},
                .phase = Waiting()};
  return policy_.advise(view(), job, now);
}

base::Result<model::Advice> Engine::advise(model::JobId id, base::Time now) const {
  const auto found = state_.jobs.find(id);
  if (found == state_.jobs.end())
    return base::fail(base::Code::not_found, "there is no job " + to_text(id));
  const auto& job = found->second;
  const auto kind = state_.queue.find(kind_of(job));
  if (kind == state_.queue.end() || !kind->second.contains(id)) {
    return base::fail(base::Code::conflict,
                      "job " + to_text(id) + " is not one that waits for its turn");
  }
  return policy_.advise(view(), job, now);
}

std::vector<model::PriorityTerms> Engine::priorities(base::Time now) const {
  return policy_.priorities(view(), now);
}

model::JobRecord Engine::record_of(const Job& job) const {
  auto record = job_record(job);
  record.class_name = settings_.classes.of(job.spec->class_name).name;
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
  if (is_head(fact)) return true;
  const auto job = model::job_of(fact.body);
  return job && !state_.jobs.contains(*job);
}

std::vector<model::Fact> Engine::head(base::Time now) const {
  std::vector<model::Fact> facts{{now, model::NumbersGiven{state_.next_job, state_.next_node}}};
  for (const auto& [owner, days] : state_.usage_dropped.by_owner()) {
    for (const auto& [day, amount] : days.by_day()) {
      const base::Time since(std::chrono::duration_cast<base::Duration>(day.time_since_epoch()));
      facts.push_back({now, model::UsageCarried{owner.first, owner.second, since, amount.core_time,
                                                amount.gpu_time}});
    }
  }
  return facts;
}

bool is_head(const model::Fact& fact) {
  return std::holds_alternative<model::NumbersGiven>(fact.body) ||
         std::holds_alternative<model::UsageCarried>(fact.body);
}

}  // namespace scheduler
