#include "scheduler/core/dependency.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "scheduler/core/record.h"
#include "scheduler/core/waiting.h"

namespace scheduler {

namespace {

using base::Time;
using model::DependencyKind;
using model::DependencyTerm;
using Is = Standing::Is;

constexpr std::size_t most_open_terms = 8;

/// What is known of a job that others depend on.
struct Parent {
  model::JobState state = model::JobState::waiting;
  std::optional<Time> since;  // of its start, or of an end without
};

Parent as_parent(const model::PastJob& past) {
  return {model::state_of(past.ending), past.since};
}

/// nullopt for a job that is unknown, which is so only while the rest of a snapshot is still to be
/// read.
std::optional<Parent> parent_of(const State& state, const Job& job, model::JobId id) {
  const auto found = state.jobs.find(id);
  if (found == state.jobs.end()) {
    const auto past = job.past.find(id);
    return past == job.past.end() ? std::nullopt : std::optional(as_parent(past->second));
  }
  const auto& parent = found->second;
  if (std::holds_alternative<Done>(parent.phase)) return as_parent(past_of(parent));
  const Attempt* attempt = active_attempt(parent);
  return Parent{state_of(parent),
                attempt != nullptr ? std::optional(attempt->started_at) : std::nullopt};
}

/// Once the parent has ended, the term is met or never will be.
Standing when_ended(const Parent& parent, bool is_wanted) {
  if (!model::is_final(parent.state)) return {.is = Is::open};
  return {.is = is_wanted ? Is::met : Is::never};
}

Standing on_parent(const DependencyTerm& term, const Parent& parent) {
  const bool has_completed = parent.state == model::JobState::completed;
  switch (term.kind) {
    case DependencyKind::after:
      if (!parent.since) return {.is = Is::open};
      return {.is = Is::met, .from = *parent.since + term.delay};
    case DependencyKind::afterok:
    case DependencyKind::aftercorr:
      return when_ended(parent, has_completed);
    case DependencyKind::afternotok:
      return when_ended(parent, !has_completed);
    case DependencyKind::afterany:
      return when_ended(parent, true);
    case DependencyKind::singleton:
      break;
  }
  return {};
}

Standing standing_of(const State& state, const Job& job, const DependencyTerm& term) {
  if (term.kind == DependencyKind::singleton) {
    return {.is = namesake_before(state, job) ? Is::open : Is::met};
  }
  const auto parent = parent_of(state, job, term.job);
  return parent ? on_parent(term, *parent) : Standing{.is = Is::open};
}

/// Each term must be met, the last one decides when.
Standing all_of(const std::vector<Standing>& terms) {
  Standing all;
  for (const auto& term : terms) {
    if (term.is == Is::never) return term;
    if (term.is == Is::open) all.is = Is::open;
    all.from = std::max(all.from, term.from);
  }
  return all;
}

Standing any_of(const std::vector<Standing>& terms) {
  Standing any{.is = Is::never};
  for (const auto& term : terms) {
    const bool is_first_met = term.is == Is::met && any.is != Is::met;
    if (is_first_met || (term.is == Is::met && term.from < any.from)) any = term;
    if (term.is == Is::open && any.is == Is::never) any = term;
  }
  return any;
}

std::string_view ending_words(model::JobState state) {
  if (state == model::JobState::completed) return "has completed";
  if (state == model::JobState::cancelled) return "was cancelled";
  if (state == model::JobState::timed_out) return "has timed out";
  if (state == model::JobState::node_lost) return "has lost its node";
  return "has failed";
}

/// The terms that still count.
std::vector<DependencyTerm> terms_of(const Job& job) {
  const auto& dependency = job.spec->dependency;
  if (job.attempts == 0) return dependency.terms;
  if (dependency.is_any) return {};
  std::vector<DependencyTerm> terms;
  std::ranges::copy_if(dependency.terms, std::back_inserter(terms),
                       [](const auto& term) { return term.kind == DependencyKind::singleton; });
  return terms;
}

}  // namespace

Standing standing_of(const State& state, const Job& job) {
  const auto terms = terms_of(job);
  if (terms.empty()) return {};
  std::vector<Standing> standings;
  for (const auto& term : terms) standings.push_back(standing_of(state, job, term));
  return job.spec->dependency.is_any ? any_of(standings) : all_of(standings);
}

model::DependsOn open_terms(const State& state, const Job& job) {
  model::DependsOn reason{.is_any = job.spec->dependency.is_any};
  for (const auto& term : terms_of(job)) {
    if (standing_of(state, job, term).is != Is::open) continue;
    ++reason.n_terms;
    if (reason.terms.size() == most_open_terms) continue;
    const auto id = term.kind == DependencyKind::singleton
                        ? namesake_before(state, job).value_or(job.id)
                        : term.job;
    const auto parent = parent_of(state, job, id);
    reason.terms.push_back({term, id, parent ? parent->state : model::JobState::waiting});
  }
  return reason;
}

std::vector<model::JobId> parents_of(const model::Dependency& dependency) {
  std::set<model::JobId> parents;
  for (const auto& term : dependency.terms) {
    if (term.kind != DependencyKind::singleton) parents.insert(term.job);
  }
  return {parents.begin(), parents.end()};
}

model::PastJob past_of(const Job& job) {
  const auto& done = std::get<Done>(job.phase);
  return {.job = job.id,
          .ending = done.outcome.ending,
          .since = done.last ? done.last->started_at : done.at};
}

base::Result<std::vector<model::PastJob>> past_parents(const State& state,
                                                       const model::Dependency& dependency,
                                                       const std::vector<model::PastJob>& known) {
  std::vector<model::PastJob> past;
  for (const auto parent : parents_of(dependency)) {
    const auto found = state.jobs.find(parent);
    if (found != state.jobs.end()) {
      if (std::holds_alternative<Done>(found->second.phase)) past.push_back(past_of(found->second));
      continue;
    }
    const auto old = std::ranges::find(known, parent, &model::PastJob::job);
    if (old == known.end()) {
      return base::fail(base::Code::not_found, fmt::format("--dependency={}: there is no job {}",
                                                           to_text(dependency), to_text(parent)));
    }
    past.push_back(*old);
  }
  return past;
}

std::optional<model::Failure> hopelessness(const State& state, const Job& job) {
  if (standing_of(state, job).is != Is::never) return std::nullopt;
  std::string why;
  for (const auto& term : job.spec->dependency.terms) {
    if (standing_of(state, job, term).is != Is::never) continue;
    const auto parent = parent_of(state, job, term.job);
    why += fmt::format("{}{}, but job {} {}", why.empty() ? "" : "; ", to_text(term),
                       to_text(term.job), ending_words(parent->state));
    if (!job.spec->dependency.is_any) break;
  }
  return model::Failure{.cause = model::Cause::dependency,
                        .code = 0,
                        .step = {},
                        .rank = {},
                        .node = {},
                        .text = std::move(why)};
}

std::vector<model::FactBody> settle_dependants(const State& state, const Job& ended) {
  std::vector<model::FactBody> facts;
  const auto found = state.dependants.find(ended.id);
  if (found == state.dependants.end()) return facts;
  for (const auto id : found->second) {
    if (auto why = hopelessness(state, state.jobs.at(id))) {
      facts.push_back(model::JobEnded{
          id, {.ending = model::Ending::cancelled, .exit_code = 1, .failure = std::move(why)}});
    } else {
      facts.push_back(model::ParentEnded{id, past_of(ended)});
    }
  }
  return facts;
}

}  // namespace scheduler
