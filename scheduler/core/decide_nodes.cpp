#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "lib/base/text.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/dependency.h"
#include "scheduler/core/loss.h"
#include "scheduler/core/pools.h"
#include "scheduler/core/preparations.h"
#include "scheduler/core/react.h"
#include "scheduler/core/suspect.h"

namespace scheduler {

namespace {

constexpr std::size_t longest_name = 255;

/// One whose pool the configuration has no longer goes when its jobs have ended.
bool is_draining_of(const State& state, const model::NodeInfo& info) {
  const auto known = state.node_by_name.find(info.name);
  if (known == state.node_by_name.end()) return false;
  const auto& provided = state.nodes.at(known->second).provided;
  return provided && provided->pool == info.pool && provided->life == model::NodeLife::draining;
}

/// Why this agent may not join; empty: it may.
std::string refusal(const View& view, const model::AgentHello& hello) {
  const auto& info = hello.info;
  if (hello.version != model::protocol_version) {
    return fmt::format(
        "it speaks version {} of the protocol, the controller {}; install the same release on both",
        hello.version, model::protocol_version);
  }
  const auto is_odd = [](char c) {
    return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' &&
           c != '_' && c != '.';
  };
  if (info.name.empty() || info.name.size() > longest_name ||
      std::ranges::any_of(info.name, is_odd)) {
    return fmt::format("'{}' is not a node name; expected letters, digits, '-', '_' and '.'",
                       base::printable(info.name));
  }
  const bool is_known_pool = std::ranges::find(view.pools, info.pool) != view.pools.end();
  if (!is_known_pool && !is_draining_of(view.state, info)) {
    return fmt::format("there is no pool '{}'; the pools are {}", base::printable(info.pool),
                       base::join(view.pools, ", "));
  }
  if (info.topology.cores.empty()) return "it has no cores to offer";
  return {};
}

}  // namespace

model::NodeInfo marked(model::NodeInfo info, const std::vector<NodeMark>& marks) {
  for (const auto& mark : marks) {
    const bool is_meant = mark.pool.empty() ? std::ranges::binary_search(mark.names, info.name)
                                            : mark.pool == info.pool;
    if (!is_meant) continue;
    info.features.insert(info.features.end(), mark.features.begin(), mark.features.end());
    if (!mark.switches.empty()) info.switches = mark.switches;
    if (mark.is_low_priority) info.tier = model::Tier::low_priority;
  }
  std::ranges::sort(info.features);
  info.features.erase(std::ranges::unique(info.features).begin(), info.features.end());
  return info;
}

namespace {

model::Failure lost_by(model::Cause cause, const Node& node, std::string text) {
  return {.cause = cause,
          .code = 0,
          .step = {},
          .rank = {},
          .node = node.info.name,
          .text = std::move(text)};
}

/// A launch there that the state has as live has ended, or has but for the site's epilog.
void take_end(const Settings& settings, const Node& node, const Job& job,
              const model::LaunchReport& report, Decision& decision) {
  const auto add = [&decision](std::vector<model::FactBody> facts) {
    std::ranges::move(facts, std::back_inserter(decision.facts));
  };
  if (report.is_epilog_due) return add(failed_early(job, node.id, report));
  decision.facts.push_back(model::LaunchEnded{node.id, report});
  add(drain_for_site(settings, node, &job, report));
}

/// Compares what the state has running on the node with what the node announces.
void compare(const State& state, const Settings& settings, const Node& node,
             const model::AgentHello& hello, Decision& decision) {
  for (const auto job_id : node.jobs) {
    const auto& job = state.jobs.at(job_id);
    for (const auto& live : live_parts(job)) {
      if (live.part->node != node.id) continue;
      const auto said = std::ranges::find(hello.launches, live.key, &model::LaunchStatus::key);
      if (said == hello.launches.end()) {
        if (!live.part->started) {
          decision.actions.push_back(resume_part(job, live.key, *live.part, state, settings));
          continue;
        }
        const bool rebooted = hello.info.boot_id != node.info.boot_id;
        decision.facts.push_back(model::LaunchEnded{
            node.id,
            written_off(live.key,
                        rebooted ? lost_by(model::Cause::node_lost, node, "it was rebooted")
                                 : lost_by(model::Cause::launcher_lost, node,
                                           "the node does not know it any more"),
                        node.since)});
      } else if (said->report) {
        take_end(settings, node, job, *said->report, decision);
      } else {
        const bool is_news = said->is_prepared && !live.part->is_prepared &&
                             std::holds_alternative<Starting>(job.phase);
        if (is_news) {
          decision.facts.push_back(model::LaunchPrepared{live.key, node.id});
        } else if (!live.part->started) {
          decision.facts.push_back(model::LaunchStarted{live.key, node.id});
        }
        if (is_to_end(job, live.key)) decision.actions.push_back(SendStop{node.id, live.key});
      }
    }
  }
}

/// Launches that the node knows and the state does not have there: ended long ago, or written off.
/// Returns those that still run.
std::vector<model::LaunchKey> dismiss_unknown(const State& state, const Settings& settings,
                                              model::NodeId node, const model::AgentHello& hello,
                                              Decision& decision) {
  std::vector<model::LaunchKey> strays;
  for (const auto& status : hello.launches) {
    const auto job = state.jobs.find(status.key.job);
    const Part* part = job == state.jobs.end() ? nullptr : find_part(job->second, status.key, node);
    if (part != nullptr && part->is_live()) continue;
    if (status.report && !status.report->is_epilog_due) {
      decision.actions.push_back(SendAcknowledge{node, status.key});
      const auto known = state.nodes.find(node);
      const bool is_news = part == nullptr || part->report != status.report;
      if (known == state.nodes.end() || !is_news) continue;
      std::ranges::move(drain_for_site(settings, known->second, nullptr, *status.report),
                        std::back_inserter(decision.facts));
    } else {
      decision.actions.push_back(SendStop{node, status.key});
      strays.push_back(status.key);
    }
  }
  return strays;
}

model::Failure failed_by(model::Cause cause, std::string text) {
  return {.cause = cause, .code = 0, .step = {}, .rank = {}, .node = {}, .text = std::move(text)};
}

/// A running job whose time is over.
model::FactBody end_in_time(const Job& job, base::Time due) {
  const bool is_deadline = job.spec->deadline && *job.spec->deadline == due;
  return model::AttemptEnding{
      job.id, active_attempt(job)->number,
      is_deadline ? failed_by(model::Cause::deadline, to_text(due))
                  : failed_by(model::Cause::time_limit, base::to_text(*job.spec->time_limit))};
}

/// A waiting job that can no longer end in time.
model::FactBody missed_deadline(const Job& job) {
  const auto limit = job.spec->time_limit;
  auto why = limit ? fmt::format(
                         "waiting, and with its time limit of {} it could not have ended by "
                         "{}",
                         base::to_text(*limit), to_text(*job.spec->deadline))
                   : fmt::format("waiting, {}", to_text(*job.spec->deadline));
  return end_waiting(job, failed_by(model::Cause::deadline, std::move(why)));
}

}  // namespace

namespace {

model::NodeCare care_of(const Settings& settings, const std::string& pool) {
  const auto found = settings.care.find(pool);
  return found == settings.care.end() ? model::NodeCare() : found->second;
}

/// Without GPUs that the node does not have.
model::NodeCondition within(model::NodeCondition condition, const model::Topology& topology) {
  const auto n_gpus = static_cast<int>(topology.gpus.size());
  std::erase_if(condition.gpus, [&](const auto& failing) { return failing.gpu >= n_gpus; });
  return condition;
}

/// What the agent found counts if it was found by what the pool wants now.
model::NodeCondition condition_now(const model::NodeCare& care, const model::AgentHello& hello,
                                   base::Time now) {
  const auto basis = model::basis_of(care);
  if (basis.empty()) return {};
  if (hello.condition.basis == basis) return within(hello.condition, hello.info.topology);
  return {
      .fitness = model::Fitness::preparing,
      .reason = care.setup.empty() ? "it has not been checked yet" : "its setup has not run yet",
      .output = {},
      .since = now,
      .basis = basis};
}

}  // namespace

namespace {

/// Without what the node does not have, and in an order that does not depend on the agent's.
std::vector<model::Undying> within(std::vector<model::Undying> undying,
                                   const model::Topology& topology) {
  const auto cores = model::CoreSet::range(0, static_cast<int>(topology.cores.size()));
  const auto gpus = model::GpuSet::range(0, static_cast<int>(topology.gpus.size()));
  for (auto& process : undying) {
    process.cores &= cores;
    process.gpus &= gpus;
  }
  std::ranges::sort(undying, {}, [](const auto& each) { return std::pair(each.since, each.pid); });
  return undying;
}

/// What is new of the processes that outlived SIGKILL.
void note_undying(model::NodeId id, const Node* node, std::vector<model::Undying> undying,
                  Decision& decision) {
  const bool is_none_known = node == nullptr || !node->undying;
  const bool is_known = is_none_known ? undying.empty() : *node->undying == undying;
  if (!is_known) decision.facts.push_back(model::NodeQuarantined{id, std::move(undying)});
}

}  // namespace

Decision decide_hello(const View& view, const Settings& settings, const NodeHello& said,
                      base::Time now) {
  const auto& hello = said.hello;
  if (auto why = refusal(view, hello); !why.empty()) {
    return {.facts = {}, .actions = {Refuse{hello.info.name, std::move(why)}}};
  }
  const auto& state = view.state;
  const auto known = state.node_by_name.find(hello.info.name);
  const auto id = known == state.node_by_name.end() ? state.next_node : known->second;
  const auto care = care_of(settings, hello.info.pool);
  Decision decision{.facts = {}, .actions = {Admit{id, hello.info.name, care}}};
  auto strays = dismiss_unknown(state, settings, id, hello, decision);
  decision.facts.push_back(model::NodeJoined{id, marked(hello.info, settings.marks),
                                             std::move(strays), condition_now(care, hello, now)});
  const auto* before = known == state.node_by_name.end() ? nullptr : &state.nodes.at(id);
  note_undying(id, before, within(hello.undying, hello.info.topology), decision);
  if (before != nullptr) compare(state, settings, *before, hello, decision);
  return decision;
}

Decision decide_condition(const State& state, const Settings& settings,
                          const NodeSaysCondition& said) {
  const auto found = state.nodes.find(said.node);
  if (found == state.nodes.end() || found->second.phase != NodePhase::ready) return {};
  const auto& node = found->second;
  const auto basis = model::basis_of(care_of(settings, node.info.pool));
  auto condition = within(said.condition, node.info.topology);
  const bool is_known = node.condition && *node.condition == condition;
  if (basis.empty() || condition.basis != basis || is_known) return {};
  return {.facts = {model::NodeConditioned{said.node, std::move(condition)}}, .actions = {}};
}

Decision decide_undying(const State& state, NodeSaysUndying said) {
  const auto found = state.nodes.find(said.node);
  if (found == state.nodes.end() || found->second.phase != NodePhase::ready) return {};
  const auto& node = found->second;
  Decision decision;
  note_undying(said.node, &node, within(std::move(said.undying), node.info.topology), decision);
  return decision;
}

Decision decide_started(const State& state, const NodeSaysStarted& said) {
  const auto job = state.jobs.find(said.key.job);
  const Part* part =
      job == state.jobs.end() ? nullptr : find_part(job->second, said.key, said.node);
  if (part == nullptr) return {.facts = {}, .actions = {SendStop{said.node, said.key}}};
  if (!part->is_live() || part->started) return {};
  return {.facts = {model::LaunchStarted{said.key, said.node}}, .actions = {}};
}

/// Of an attempt that is being ended already, nobody waits for it.
Decision decide_prepared(const State& state, const NodeSaysPrepared& said) {
  const auto job = state.jobs.find(said.key.job);
  const Part* part =
      job == state.jobs.end() ? nullptr : find_part(job->second, said.key, said.node);
  if (part == nullptr) return {.facts = {}, .actions = {SendStop{said.node, said.key}}};
  const bool is_awaited = std::holds_alternative<Starting>(job->second.phase);
  if (!is_awaited || !said.key.preparation || !part->is_live() || part->is_prepared) return {};
  return {.facts = {model::LaunchPrepared{said.key, said.node}}, .actions = {}};
}

Decision decide_ended(const State& state, const Settings& settings, const NodeSaysEnded& said,
                      base::Time now) {
  const auto& key = said.report.key;
  const auto job = state.jobs.find(key.job);
  const Part* part = job == state.jobs.end() ? nullptr : find_part(job->second, key, said.node);
  if (part != nullptr && part->is_live()) {
    Decision ended;
    take_end(settings, state.nodes.at(said.node), job->second, said.report, ended);
    if (said.report.is_epilog_due) return ended;
    std::ranges::move(
        suspect(state, settings, {state.nodes.at(said.node), job->second, said.report}, now),
        std::back_inserter(ended.facts));
    return ended;
  }
  if (said.report.is_epilog_due) return {};
  Decision decision{.facts = {}, .actions = {SendAcknowledge{said.node, key}}};
  const auto node = state.nodes.find(said.node);
  if (node != state.nodes.end() && node->second.strays.contains(key)) {
    decision.facts.push_back(model::StrayGone{said.node, key});
    std::ranges::move(drain_for_site(settings, node->second, nullptr, said.report),
                      std::back_inserter(decision.facts));
  }
  return decision;
}

Decision decide_node_checkpoint(const State& state, const NodeSaysCheckpoint& said,
                                base::Time now) {
  const auto job = state.jobs.find(said.key.job);
  if (job == state.jobs.end() || !find_part(job->second, said.key, said.node)) return {};
  const Attempt* attempt = active_attempt(job->second);
  if (attempt == nullptr || attempt->number != said.key.attempt) return {};
  const auto taken_at = std::min(said.taken_at, now);
  if (attempt->checkpoint_at && *attempt->checkpoint_at >= taken_at) return {};
  return {.facts = {model::CheckpointTaken{said.key.job, said.key.attempt, taken_at}},
          .actions = {}};
}

Decision decide_gone(const State& state, const NodeGone& gone) {
  const auto node = state.nodes.find(gone.node);
  if (node == state.nodes.end() || node->second.phase != NodePhase::ready) return {};
  return {.facts = {model::NodeAway{gone.node}}, .actions = {}};
}

Decision decide_restarted(const State& state, const Settings& settings) {
  Decision decision{.facts = plan_nodes(state, settings), .actions = {}};
  for (const auto& [id, node] : state.nodes) {
    if (node.phase == NodePhase::ready) decision.facts.push_back(model::NodeAway{id});
  }
  return decision;
}

Decision decide_tick(const State& state, const Settings& settings, base::Time now) {
  Decision decision;
  for (const auto& [due, id] : state.time_limits) {
    if (due > now) break;
    const auto& job = state.jobs.at(id);
    decision.facts.push_back(end_in_time(job, due));
  }
  for (const auto& [due, id] : state.graces) {
    if (due > now) break;
    decision.facts.push_back(model::GraceEnded{id, active_attempt(state.jobs.at(id))->number});
  }
  for (const auto& [due, id] : state.warnings) {
    if (due > now) break;
    const auto& job = state.jobs.at(id);
    const bool is_over = expected_end(job) <= now;  // it is being ended
    if (!is_over) decision.facts.push_back(model::AttemptWarned{id, active_attempt(job)->number});
  }
  for (const auto& [due, id] : state.due) {
    if (due > now) break;
    decision.facts.push_back(model::JobReleased{id, "scheduler"});
  }
  for (const auto& [due, id] : state.too_late) {
    if (due > now) break;
    decision.facts.push_back(missed_deadline(state.jobs.at(id)));
  }
  for (const auto& [due, name] : state.booking_times) {
    if (due > now) break;
    if (model::is_node_end(name)) {
      // What else is due changes what becomes of the node's jobs: the next tick has this.
      if (!decision.facts.empty()) return decision;
      decision.facts.push_back(model::BookingBegun{name});
      const auto& node = state.nodes.at(state.bookings.at(name).booking.nodes.front());
      std::ranges::move(evict_at_end(state, settings, node, now),
                        std::back_inserter(decision.facts));
      return decision;
    }
    if (state.bookings.at(name).has_begun) {
      decision.facts.push_back(model::BookingEnded{name, {}});
    } else {
      decision.facts.push_back(model::BookingBegun{name});
    }
  }
  for (const auto& [due, id] : state.drains) {
    if (due > now) break;
    decision.facts.push_back(model::NodeResumed{id, {}});
  }
  // One node a tick: the facts about its jobs change what another node's loss means.
  if (!state.evictions.empty() && state.evictions.begin()->first <= now) {
    const auto& node = state.nodes.at(state.evictions.begin()->second);
    std::ranges::move(end_eviction(state, settings, node, now), std::back_inserter(decision.facts));
  } else if (!state.away_since.empty() &&
             state.away_since.begin()->first + settings.node_timeout <= now) {
    const auto& node = state.nodes.at(state.away_since.begin()->second);
    std::ranges::move(lose(state, node, now), std::back_inserter(decision.facts));
  }
  return decision;
}

}  // namespace scheduler
