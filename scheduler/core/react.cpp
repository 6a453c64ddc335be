#include "scheduler/core/react.h"

#include <algorithm>

#include "lib/base/check.h"
#include "lib/base/overloaded.h"

namespace scheduler {

namespace {

using Actions = std::vector<Action>;

int index_of(const model::Allocation& allocation, model::NodeId node) {
  const auto found = std::ranges::find(allocation.nodes, node, &model::NodeShare::node);
  base::check(found != allocation.nodes.end(), "a part runs on a node of its allocation");
  return static_cast<int>(found - allocation.nodes.begin());
}

/// The preparations come last: when nothing else lives.
Actions stop_parts_to_end(const Job& job) {
  Actions actions;
  for (const auto& live : live_parts(job)) {
    if (is_to_end(job, live.key)) actions.push_back(SendStop{live.part->node, live.key});
  }
  return actions;
}

/// The script passes the signal on to what it started.
Actions ask_to_save(const Job& job) {
  const Attempt* attempt = active_attempt(job);
  if (attempt == nullptr || !attempt->batch.is_live()) return {};
  return {SendSave{attempt->batch.node, {job.id, attempt->number, {}}}};
}

/// At once, or after the time to save.
Actions end_with_grace(const Job& job) {
  const bool has_time = std::get<Ending>(job.phase).stop_at.has_value();
  return has_time ? ask_to_save(job) : stop_parts_to_end(job);
}

Actions launch_live_parts(const State& state, const Settings& settings,
                          const model::LaunchKey& key) {
  Actions actions;
  const auto& job = state.jobs.at(key.job);
  for (const auto& live : live_parts(job)) {
    if (live.key == key) actions.push_back(resume_part(job, key, *live.part, state, settings));
  }
  return actions;
}

Actions after_launch_ended(const State& state, const model::LaunchEnded& fact) {
  const auto& key = fact.report.key;
  const auto& job = state.jobs.at(key.job);
  Actions actions{SendAcknowledge{fact.node, key}};
  const bool is_last_work = key.step && !has_live_work(*active_attempt(job));
  if (!is_script(key) && !is_last_work) return actions;
  const auto stops = stop_parts_to_end(job);
  actions.insert(actions.end(), stops.begin(), stops.end());
  return actions;
}

/// The script starts when all nodes are prepared.
Actions after_prepared(const State& state, const Settings& settings,
                       const model::LaunchPrepared& fact) {
  if (!is_script_due(*active_attempt(state.jobs.at(fact.key.job)))) return {};
  return launch_live_parts(state, settings, {fact.key.job, fact.key.attempt, {}});
}

/// One that did not come up may yet be there in part.
Actions after_turn(const State& state, const model::NodeTurned& turned) {
  const auto& node = state.nodes.at(turned.node);
  const auto& pool = node.provided->pool;
  if (turned.life == model::NodeLife::starting) return {create_of(node)};
  const bool is_to_go =
      turned.life == model::NodeLife::leaving || turned.life == model::NodeLife::unusable;
  return is_to_go ? Actions{DestroyNode{node.info.name, pool}} : Actions();
}

}  // namespace

std::vector<LivePart> live_parts(const Job& job) {
  std::vector<LivePart> live;
  const Attempt* attempt = active_attempt(job);
  if (attempt == nullptr) return live;
  const model::LaunchKey batch{job.id, attempt->number, {}};
  if (attempt->batch.is_live() && is_script_due(*attempt)) live.push_back({batch, &attempt->batch});
  for (const auto& [id, step] : attempt->steps) {
    const model::LaunchKey key{job.id, attempt->number, id};
    for (const auto& part : step.parts) {
      if (part.is_live()) live.push_back({key, &part});
    }
  }
  const model::LaunchKey preparation{job.id, attempt->number, {}, true};
  for (const auto& part : attempt->preparation) {
    if (part.is_live()) live.push_back({preparation, &part});
  }
  return live;
}

bool is_to_end(const Job& job, const model::LaunchKey& key) {
  const Attempt* attempt = active_attempt(job);
  if (attempt == nullptr) return false;
  const auto* ending = std::get_if<Ending>(&job.phase);
  const bool is_over = (ending != nullptr && !ending->stop_at) || !attempt->batch.is_live();
  if (key.preparation) return is_over && !has_live_work(*attempt);
  return key.step ? is_over : ending != nullptr && !ending->stop_at;
}

model::LaunchOrder order_for(const Job& job, const model::LaunchKey& key, int node_index,
                             const State& state, const Settings& settings) {
  const Attempt* attempt = active_attempt(job);
  base::check(attempt != nullptr, "an order is for an active attempt");
  model::LaunchOrder order{.key = key,
                           .user = job.user,
                           .job = job.spec,
                           .step = {},
                           .allocation = attempt->allocation,
                           .node_index = node_index,
                           .tasks = {},
                           .step_share = {},
                           .task = job.task,
                           .last_end = {},
                           .kill_grace = settings.kill_grace,
                           .log_limit = settings.launch_log,
                           .cluster = settings.cluster,
                           .pool = {},
                           .tier = {},
                           .n_evictions = {},
                           .controller = {},
                           .head_address = {},
                           .secret = {},
                           .gpu_idle_notice = settings.gpu_idle_notice};
  if (!job.earlier.empty()) order.last_end = describe(job.earlier.back().why);
  const auto& share = attempt->allocation.nodes[static_cast<std::size_t>(node_index)];
  order.pool = state.nodes.at(share.node).info.pool;
  order.tier = state.nodes.at(share.node).info.tier;
  order.n_evictions = static_cast<int>(n_ended_by(job, model::Cause::evicted));
  const auto programs = settings.site_programs.find(order.pool);
  if (key.preparation && programs != settings.site_programs.end())
    order.site_programs = programs->second;
  if (key.step) {
    const auto& step = attempt->steps.at(*key.step);
    order.step = step.spec;
    order.tasks = step.tasks;
    if (!step.shares.empty()) order.step_share = step.shares[static_cast<std::size_t>(node_index)];
  }
  return order;
}

Action resume_part(const Job& job, const model::LaunchKey& key, const Part& part,
                   const State& state, const Settings& settings) {
  if (is_to_end(job, key)) return SendStop{part.node, key};
  const int index = index_of(active_attempt(job)->allocation, part.node);
  return SendLaunch{part.node, order_for(job, key, index, state, settings)};
}

std::vector<Action> react(const State& after, const Settings& settings, const model::Fact& fact) {
  return std::visit(
      base::Overloaded{
          [&](const model::AttemptStarted& started) {
            const auto& job = after.jobs.at(started.job);
            const bool is_due = is_script_due(*active_attempt(job));
            return launch_live_parts(after, settings, {started.job, started.attempt, {}, !is_due});
          },
          [&](const model::StepStarted& started) {
            return launch_live_parts(after, settings, started.key);
          },
          [&](const model::LaunchPrepared& prepared) {
            return after_prepared(after, settings, prepared);
          },
          [&](const model::LaunchEnded& ended) { return after_launch_ended(after, ended); },
          [&](const model::AttemptEnding& ending) {
            return stop_parts_to_end(after.jobs.at(ending.job));
          },
          [&](const model::AttemptPreempted& preempted) {
            return end_with_grace(after.jobs.at(preempted.job));
          },
          [&](const model::AttemptGrows& grows) {
            return end_with_grace(after.jobs.at(grows.job));
          },
          [&](const model::AttemptEvicted& evicted) {
            return end_with_grace(after.jobs.at(evicted.job));
          },
          [&](const model::GraceEnded& grace) {
            return stop_parts_to_end(after.jobs.at(grace.job));
          },
          [&](const model::AttemptWarned& warned) {
            return ask_to_save(after.jobs.at(warned.job));
          },
          [&](const model::NodeTurned& turned) { return after_turn(after, turned); },
          [](const auto&) { return Actions(); }},
      fact.body);
}

}  // namespace scheduler
