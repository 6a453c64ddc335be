#include "scheduler/core/job.h"

#include <algorithm>

namespace scheduler {

namespace {

/// Calls `visit` with the attempt of a phase that holds resources; works for const and mutable
/// phases.
template <class PhaseType, class Visit>
auto with_active_attempt(PhaseType& phase, Visit visit)
    -> decltype(visit(*std::get<Running>(phase).attempt)) {
  if (auto* starting = std::get_if<Starting>(&phase)) return visit(*starting->attempt);
  if (auto* running = std::get_if<Running>(&phase)) return visit(*running->attempt);
  if (auto* ending = std::get_if<Ending>(&phase)) return visit(*ending->attempt);
  return nullptr;
}

template <class AttemptType>
auto part_of(AttemptType* attempt, const model::LaunchKey& key, model::NodeId node)
    -> decltype(&attempt->batch) {
  if (attempt == nullptr || attempt->number != key.attempt) return nullptr;
  if (key.preparation) {
    const auto part = std::ranges::find(attempt->preparation, node, &Part::node);
    return part == attempt->preparation.end() ? nullptr : &*part;
  }
  if (!key.step) return attempt->batch.node == node ? &attempt->batch : nullptr;
  const auto step = attempt->steps.find(*key.step);
  if (step == attempt->steps.end()) return nullptr;
  const auto part = std::ranges::find(step->second.parts, node, &Part::node);
  return part == step->second.parts.end() ? nullptr : &*part;
}

std::optional<base::Time> end_of_run(const model::JobSpec& spec, base::Time since) {
  if (!spec.time_limit) return spec.deadline;
  const auto end = since + *spec.time_limit;
  return spec.deadline ? std::min(end, *spec.deadline) : end;
}

}  // namespace

bool Step::operator==(const Step& other) const {
  return *spec == *other.spec && tasks == other.tasks && shares == other.shares &&
         started_at == other.started_at && parts == other.parts;
}

bool Job::operator==(const Job& other) const {
  return id == other.id && user == other.user && *spec == *other.spec && layout == other.layout &&
         submitted_at == other.submitted_at && changed == other.changed &&
         attempts == other.attempts && past == other.past && tasks == other.tasks &&
         task == other.task && earlier == other.earlier && pardoned == other.pardoned &&
         phase == other.phase;
}

const Attempt* active_attempt(const Job& job) {
  return with_active_attempt(job.phase, [](const Attempt& attempt) { return &attempt; });
}

Attempt* active_attempt(Job& job) {
  return with_active_attempt(job.phase, [](Attempt& attempt) { return &attempt; });
}

const Attempt* latest_attempt(const Job& job) {
  if (const auto* done = std::get_if<Done>(&job.phase)) return done->last ? &*done->last : nullptr;
  return active_attempt(job);
}

Part* find_part(Job& job, const model::LaunchKey& key, model::NodeId node) {
  return part_of(active_attempt(job), key, node);
}

const Part* find_part(const Job& job, const model::LaunchKey& key, model::NodeId node) {
  return part_of(active_attempt(job), key, node);
}

std::optional<base::Time> last_end(const Job& job) {
  const auto* running = std::get_if<Running>(&job.phase);
  return running != nullptr ? end_of_run(*job.spec, running->since) : std::nullopt;
}

std::optional<base::Time> expected_end(const Job& job) {
  if (const auto* ending = std::get_if<Ending>(&job.phase))
    return ending->stop_at.value_or(ending->since);
  if (const auto* starting = std::get_if<Starting>(&job.phase))
    return end_of_run(*job.spec, starting->attempt->started_at);
  return last_end(job);
}

std::size_t n_ended_by(const Job& job, model::Cause cause) {
  return static_cast<std::size_t>(std::ranges::count_if(
      job.earlier, [cause](const auto& attempt) { return attempt.why.cause == cause; }));
}

std::vector<std::string> avoided_nodes(const Job& job) {
  std::vector<std::string> names;
  if (!job.spec->restart || !job.spec->restart->avoids_nodes) return names;
  for (const auto& attempt : job.earlier) {
    const auto& node = attempt.why.node;
    const auto cause = attempt.why.cause;
    if (cause == model::Cause::preempted || cause == model::Cause::evicted) continue;
    if (node.empty()) continue;
    std::erase(names, node);
    names.push_back(node);
  }
  return names;
}

base::Duration unsaved_time(const Job& job, base::Time now) {
  const auto* attempt = active_attempt(job);
  if (attempt == nullptr) return {};
  const auto since = attempt->checkpoint_at.value_or(attempt->started_at);
  return std::max(now - since, base::Duration());
}

bool is_growing(const Job& job) {
  const auto* ending = std::get_if<Ending>(&job.phase);
  return ending != nullptr && ending->makes_room_for == job.id;
}

bool is_script_due(const Attempt& attempt) {
  return std::ranges::all_of(attempt.preparation, &Part::is_prepared);
}

bool has_live_parts(const Attempt& attempt) {
  return has_live_work(attempt) || std::ranges::any_of(attempt.preparation, &Part::is_live);
}

bool has_live_work(const Attempt& attempt) {
  if (attempt.batch.is_live() && is_script_due(attempt)) return true;
  return std::ranges::any_of(attempt.steps, [](const auto& entry) {
    return std::ranges::any_of(entry.second.parts, &Part::is_live);
  });
}

}  // namespace scheduler
