#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/core/decide.h"
#include "scheduler/core/loss.h"
#include "scheduler/core/workspace.h"

namespace scheduler {

namespace {

using base::Code;
using base::fail;
using base::Time;

/// After the end of a notice a machine of the world has gone; one that has no provider to say so is
/// not trusted again before then.
constexpr base::Duration departure = std::chrono::seconds(30);
constexpr base::Duration margin = std::chrono::seconds(1);
constexpr base::Duration longest_notice = std::chrono::hours(24);

/// For whom, and why, a node is evicted.
struct Notice {
  base::Duration notice{};
  std::string cause;
  std::string by;
};

/// Is it there, to be evicted?
bool is_present(const Node& node) {
  using enum model::NodeLife;
  const bool is_here = node.phase == NodePhase::ready || node.phase == NodePhase::away;
  const bool stays = !node.provided || node.provided->life == up || node.provided->life == draining;
  return is_here && stays;
}

/// And is it not being evicted already?
bool is_evictable(const Node& node) {
  return is_present(node) && !node.eviction;
}

/// Of a notice: half of a short one, and of a longer one all but the time to be killed in.
base::Duration time_to_save(const Settings& settings, base::Duration notice) {
  return std::max(notice - settings.kill_grace, notice / 2);
}

/// No more than its class gives. A job that did not ask for a signal has no use for it.
base::Duration grace_of(const Job& job, const Settings& settings, base::Duration notice) {
  const Attempt* attempt = active_attempt(job);
  if (!job.spec->save_signal || !attempt->batch.started) return {};
  return std::min(settings.classes.of(job.spec->class_name).grace, time_to_save(settings, notice));
}

std::vector<model::FactBody> evict(const State& state, const Settings& settings, const Node& node,
                                   Notice notice, Time now) {
  const auto until = now + notice.notice;
  auto over_at = until;
  std::vector<model::FactBody> attempts;
  for (const auto id : node.jobs) {
    const auto& job = state.jobs.at(id);
    auto stop_at = now;
    if (const auto* ending = std::get_if<Ending>(&job.phase)) {
      stop_at = ending->stop_at.value_or(now);
      if (const auto in_time = now + time_to_save(settings, notice.notice); stop_at > in_time) {
        stop_at = in_time;
        attempts.push_back(model::GraceShortened{id, active_attempt(job)->number, stop_at});
      }
    } else {
      stop_at = now + grace_of(job, settings, notice.notice);
      attempts.push_back(model::AttemptEvicted{id, active_attempt(job)->number, node.info.name,
                                               notice.cause, stop_at});
    }
    // Who only pretends to take the node waits until nothing runs there.
    if (!notice.by.empty()) over_at = std::max(over_at, stop_at + settings.kill_grace + margin);
  }
  if (notice.by.empty() && !node.provided) over_at += departure;
  std::vector<model::FactBody> facts{model::NodeEvicted{.node = node.id,
                                                        .until = until,
                                                        .over_at = over_at,
                                                        .cause = std::move(notice.cause),
                                                        .by = std::move(notice.by)}};
  std::ranges::move(attempts, std::back_inserter(facts));
  return facts;
}

Decision reply_with(RequestId request, base::Result<Answer> result) {
  return {.facts = {}, .actions = {Reply{request, std::move(result)}}};
}

std::vector<std::string> all_names(const State& state) {
  std::vector<std::string> names;
  for (const auto& [name, id] : state.node_by_name) names.push_back(name);
  return names;
}

/// The nodes of these names. errors: denied, not_found, invalid
base::Result<std::vector<const Node*>> nodes_to_change(const State& state, const Settings& settings,
                                                       const model::User& user,
                                                       const std::vector<std::string>& names) {
  if (!is_in_charge(settings, user))
    return fail(Code::denied, "only root and the owner of the cluster may do this to nodes");
  if (names.empty()) return fail(Code::invalid, "no node is named");
  std::vector<const Node*> nodes;
  for (const auto& name : names) {
    const auto found = state.node_by_name.find(name);
    if (found == state.node_by_name.end())
      return std::unexpected(no_such("node", name, all_names(state)));
    nodes.push_back(&state.nodes.at(found->second));
  }
  return nodes;
}

}  // namespace

std::vector<model::FactBody> evict_at_end(const State& state, const Settings& settings,
                                          const Node& node, Time now) {
  if (!is_evictable(node)) return {};
  const auto notice = std::max(*node.info.ends_at - now, base::Duration());
  return evict(state, settings, node, {.notice = notice, .cause = "its time is over", .by = {}},
               now);
}

std::vector<model::FactBody> end_eviction(const State& state, const Settings& settings,
                                          const Node& node, Time now) {
  if (node.provided) {
    return {model::NodeTurned{.node = node.id,
                              .life = model::NodeLife::leaving,
                              .cause = "it was evicted: " + node.eviction->cause,
                              .retry_at = {},
                              .is_there = true,
                              .idle_since = {}}};
  }
  // Agents need a moment to be heard again after a restart of the controller.
  const bool has_gone = node.eviction->by.empty() && node.phase == NodePhase::away &&
                        node.since + settings.node_timeout <= now;
  if (has_gone) return lose(state, node, now);
  return {model::NodeEvictionOver{node.id}};
}

Decision decide_evicted(const State& state, const Settings& settings, const NodeEvicted& said,
                        Time now) {
  const auto known = state.node_by_name.find(said.node);
  if (known == state.node_by_name.end()) return {};
  const auto& node = state.nodes.at(known->second);
  const bool was_pretended = node.eviction && !node.eviction->by.empty();
  if (!is_present(node) || (node.eviction && !was_pretended)) return {};
  const auto notice = std::clamp(said.notice, base::Duration(), longest_notice);
  return {
      .facts = evict(state, settings, node, {.notice = notice, .cause = said.cause, .by = {}}, now),
      .actions = {}};
}

Decision decide_evict(const State& state, const Settings& settings, const EvictNode& request,
                      Time now) {
  const auto nodes = nodes_to_change(state, settings, request.user, {request.node});
  if (!nodes) return reply_with(request.request, std::unexpected(nodes.error()));
  if (request.notice < base::Duration() || request.notice > longest_notice) {
    return reply_with(request.request,
                      fail(Code::invalid, fmt::format("--notice is {}; expected 0s to {}",
                                                      base::to_text(request.notice),
                                                      base::to_text(longest_notice))));
  }
  const auto& node = *nodes->front();
  auto decision = reply_with(request.request, Answer(Nothing{}));
  if (node.eviction) return decision;
  if (!is_evictable(node)) {
    return reply_with(
        request.request,
        fail(Code::conflict, fmt::format("{} is not there, so that it cannot be evicted; "
                                         "see muster nodes",
                                         request.node)));
  }
  decision.facts = evict(
      state, settings, node,
      {.notice = request.notice, .cause = "by " + request.user.name, .by = request.user.name}, now);
  return decision;
}

Decision decide_drain(const State& state, const Settings& settings, const DrainNodes& request,
                      Time now) {
  const auto nodes = nodes_to_change(state, settings, request.user, request.nodes);
  if (!nodes) return reply_with(request.request, std::unexpected(nodes.error()));
  if (request.duration && *request.duration <= base::Duration()) {
    return reply_with(request.request,
                      fail(Code::invalid, fmt::format("--for is {}; expected a time above 0s",
                                                      base::to_text(*request.duration))));
  }
  auto decision = reply_with(request.request, Answer(Nothing{}));
  for (const auto* node : *nodes) {
    auto& fact = std::get<model::NodeDrained>(decision.facts.emplace_back(model::NodeDrained{
        .node = node->id, .by = request.user.name, .reason = request.reason, .until = {}}));
    if (request.duration) fact.until = now + *request.duration;
  }
  return decision;
}

Decision decide_resume(const State& state, const Settings& settings, const ResumeNodes& request) {
  const auto nodes = nodes_to_change(state, settings, request.user, request.nodes);
  if (!nodes) return reply_with(request.request, std::unexpected(nodes.error()));
  auto decision = reply_with(request.request, Answer(Nothing{}));
  for (const auto* node : *nodes) {
    if (node->drain)
      decision.facts.push_back(model::NodeResumed{.node = node->id, .by = request.user.name});
  }
  return decision;
}

}  // namespace scheduler
