#include "scheduler/core/engine.h"

#include <algorithm>
#include <iterator>

#include "lib/base/check.h"
#include "scheduler/core/apply.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/dependency.h"
#include "scheduler/core/ending.h"
#include "scheduler/core/foreign_names.h"
#include "scheduler/core/pools.h"
#include "scheduler/core/preparations.h"
#include "scheduler/core/quota_use.h"
#include "scheduler/core/react.h"
#include "scheduler/core/record.h"

namespace scheduler {

namespace {

/// Why a job starts later: a requeue, --begin, or the delay of a dependency.
model::Reason later(const Job& job, const Waiting& waiting) {
  const bool is_back_off = waiting.due == waiting.not_before && job.spec->begin != waiting.due;
  const auto after = job.earlier.empty() ? std::string() : describe(job.earlier.back().why);
  if (is_back_off) return model::BackOff{*waiting.due, after};
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

/// When the periods of quotas move on.
base::Time next_midnight(base::Time now) {
  const auto today = std::chrono::floor<std::chrono::days>(now.time_since_epoch());
  return base::Time(std::chrono::duration_cast<base::Duration>(today + std::chrono::days(1)));
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
  state_.tally = Tally(std::make_shared<const Quotas>(settings_.quotas, settings_.classes,
                                                      settings_.low_priority_pools));
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

/// And all that follows from it, in the order in which it does.
void Engine::take(model::Fact fact, std::vector<model::Fact>& facts) {
  const auto at = fact.at;
  auto due = take_alone(std::move(fact), facts);
  for (std::size_t i = 0; i < due.size(); ++i) {
    auto more = take_alone({at, std::move(due[i])}, facts);
    std::ranges::move(more, std::back_inserter(due));
  }
}

/// Returns what follows at once.
std::vector<model::FactBody> Engine::take_alone(model::Fact fact, std::vector<model::Fact>& facts) {
  if (is_outdated(state_, fact.body)) return {};
  facts.push_back(std::move(fact));
  const auto& taken = facts.back();
  apply(state_, taken);
  ++last_seq_;
  for (auto& action : react(state_, settings_, taken))
    held_.push_back({last_seq_, std::move(action)});
  return settle(view(), policy_, settings_, taken);
}

std::vector<model::Fact> Engine::plan(base::Time now) {
  std::vector<model::Fact> facts;
  reasons_.clear();
  do {
    do {
      last_plan_ = policy_.plan(view(), now);
    } while (carry_out(facts, now));
  } while (steer_pools(facts, now));
  last_pass_ = now;
  return facts;
}

/// Returns whether another pass may start more: also without a node, jobs that keep away from
/// others while there is one may start.
bool Engine::steer_pools(std::vector<model::Fact>& facts, base::Time now) {
  if (settings_.provided.empty() && state_.pools.empty()) return false;
  const bool may_grow = policy_.needs && has_elastic_pools(view());
  auto steering = steer(view(), may_grow ? policy_.needs(view(), now) : Needs(), now);
  for (auto& body : steering.facts) take({now, std::move(body)}, facts);
  steer_again_ = steering.again;
  return steering.changes_work;
}

/// Returns whether another pass may start more: who is being ended leaves room for other plans, and
/// who has started may have been waited for.
bool Engine::carry_out(std::vector<model::Fact>& facts, base::Time now) {
  facts.reserve(facts.size() + last_plan_.starts.size());
  bool is_awaited = !last_plan_.preemptions.empty() || !last_plan_.growths.empty();
  for (auto& start : last_plan_.starts) {
    is_awaited = is_awaited || state_.dependants.contains(start.job);
    const auto job = single(start.job, facts, now);
    const auto attempt = state_.jobs.at(job).attempts + 1;
    const bool has_programs = has_site_programs(state_, settings_, start.allocation);
    take({now, model::AttemptStarted{job, attempt, std::move(start.allocation), has_programs}},
         facts);
  }
  for (const auto& [planned, victims] : last_plan_.preemptions) {
    const auto by = single(planned, facts, now);
    for (const auto victim : victims) {
      const auto attempt = state_.jobs.at(victim).attempts;
      take({now, model::AttemptPreempted{victim, attempt, by, stop_at(victim, now)}}, facts);
    }
    take({now, model::RoomPromised{by, victims}}, facts);
  }
  for (auto& [job, nodes] : last_plan_.growths) {
    const auto attempt = state_.jobs.at(job).attempts;
    take({now, model::AttemptGrows{job, attempt, std::move(nodes), stop_at(job, now)}}, facts);
  }
  return is_awaited;
}

/// The job itself; of an array its next task, which is made a job.
model::JobId Engine::single(model::JobId id, std::vector<model::Fact>& facts, base::Time now) {
  const auto& job = state_.jobs.at(id);
  if (!job.tasks) return id;
  const auto split = split_next(state_, job);
  take({now, split}, facts);
  return split.job;
}

base::Time Engine::stop_at(model::JobId id, base::Time now) const {
  return end_of_grace(state_.jobs.at(id), settings_, now);
}

std::vector<Action> Engine::durable(model::Seq seq) {
  std::vector<Action> actions;
  while (!held_.empty() && held_.front().after <= seq) {
    auto& action = held_.front().action;
    if (!is_overtaken(state_, action)) actions.push_back(std::move(action));
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
  if (!state_.warnings.empty()) consider(state_.warnings.begin()->first);
  if (!state_.graces.empty()) consider(state_.graces.begin()->first);
  if (!state_.booking_times.empty()) consider(state_.booking_times.begin()->first);
  if (last_plan_.again) consider(*last_plan_.again);
  if (steer_again_) consider(*steer_again_);
  if (!state_.evictions.empty()) consider(state_.evictions.begin()->first);
  if (!state_.drains.empty()) consider(state_.drains.begin()->first);
  if (!state_.away_since.empty())
    consider(state_.away_since.begin()->first + settings_.node_timeout);
  const bool is_period_awaited = !state_.queue.empty() && state_.tally.quotas().has_hours();
  if (is_period_awaited && last_pass_) consider(next_midnight(*last_pass_));
  return next;
}

std::optional<model::Reason> Engine::reason_of(model::JobId id) const {
  const auto found = state_.jobs.find(id);
  if (found == state_.jobs.end()) return std::nullopt;
  const auto* waiting = std::get_if<Waiting>(&found->second.phase);
  if (waiting == nullptr) return std::nullopt;
  if (waiting->held_by) return model::Held{*waiting->held_by, why_held(found->second)};
  if (waiting->due) return later(found->second, *waiting);
  if (standing_of(state_, found->second).is != Standing::Is::met)
    return open_terms(state_, found->second);
  if (found->second.tasks && found->second.tasks->startable == 0)
    return no_task(state_, found->second);
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
  const auto is_for_job = [job](const auto& closed) { return closed.second == job; };
  return last_plan_.reservations.contains(job) || state_.owed.contains(job) ||
         std::ranges::any_of(last_plan_.closed, is_for_job) ||
         std::ranges::any_of(last_plan_.closed_nodes, is_for_job);
}

std::optional<model::JobId> Engine::overlooked(std::optional<JobKind>& seen,
                                               std::size_t most_kinds) const {
  const auto n_kinds = std::min(most_kinds, state_.queue.size());
  auto next = seen ? state_.queue.upper_bound(*seen) : state_.queue.begin();
  for (std::size_t i = 0; i < n_kinds; ++i) {
    if (next == state_.queue.end()) next = state_.queue.begin();
    seen = next->first;
    const auto oldest = *next->second.begin();
    const auto reason = reason_of(oldest);
    if (last_pass_ && reason && std::holds_alternative<model::NotConsidered>(*reason))
      return oldest;
    ++next;
  }
  return std::nullopt;
}

base::Result<model::Advice> Engine::advise(const model::User& user, const model::JobSpec& spec,
                                           base::Time now) const {
  const auto asked = at_home(view(), std::make_shared<const model::JobSpec>(spec),
                             settings_.leave_out_foreign_names)
                         .spec;
  if (auto fine = admissible(view(), policy_, settings_, user, *asked); !fine)
    return std::unexpected(fine.error());
  const Job job{.id = state_.next_job,
                .attempts = 0,
                .submitted_at = now,
                .spec = asked,
                .phase = Waiting(),
                .user = user,
                .layout = *model::resolve(asked->shape),
                .earlier = {}};
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

std::vector<model::QuotaUse> Engine::quotas(const model::User& user, base::Time now) const {
  return quota_uses(view(), user, is_in_charge(settings_, user), now);
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

model::BookingRecord Engine::record_of(const StandingBooking& standing) const {
  return booking_record(state_, standing);
}

bool Engine::is_forgotten(const model::Fact& fact) const {
  if (is_of_snapshot(fact)) return true;
  if (const auto* booking = model::booking_of(fact.body))
    return !state_.bookings.contains(*booking);
  const auto job = model::job_of(fact.body);
  return job && !state_.jobs.contains(*job);
}

std::vector<model::Fact> Engine::tail(base::Time now) const {
  std::vector<model::Fact> facts = nodes_stand(state_, now);
  for (const auto& [id, job] : state_.jobs) {
    if (job.tasks) facts.push_back({now, model::ArrayStands{id, job.tasks->tally}});
  }
  return facts;
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

std::vector<model::PoolRecord> Engine::pools() const {
  return pool_records(state_, settings_);
}

bool is_of_snapshot(const model::Fact& fact) {
  const bool is_of_pool = std::holds_alternative<model::NodeTurned>(fact.body) ||
                          std::holds_alternative<model::PoolChanged>(fact.body) ||
                          std::holds_alternative<model::PoolStopped>(fact.body) ||
                          std::holds_alternative<model::PoolResumed>(fact.body) ||
                          std::holds_alternative<model::PoolStands>(fact.body) ||
                          std::holds_alternative<model::NodeTwin>(fact.body);
  const bool is_of_node = std::holds_alternative<model::NodeEvicted>(fact.body) ||
                          std::holds_alternative<model::NodeEvictionOver>(fact.body) ||
                          std::holds_alternative<model::NodeDrained>(fact.body) ||
                          std::holds_alternative<model::NodeResumed>(fact.body) ||
                          std::holds_alternative<model::NodeConditioned>(fact.body) ||
                          std::holds_alternative<model::NodeQuarantined>(fact.body) ||
                          std::holds_alternative<model::NodeSuspected>(fact.body);
  return is_of_pool || is_of_node || std::holds_alternative<model::NumbersGiven>(fact.body) ||
         std::holds_alternative<model::UsageCarried>(fact.body) ||
         std::holds_alternative<model::ArrayStands>(fact.body);
}

}  // namespace scheduler
