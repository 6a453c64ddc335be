#include "scheduler/daemon/log_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "lib/model/host_list.h"

namespace musterd {

namespace {

using base::Code;
using base::fail;
using Sources = std::vector<LogSource>;

std::string number(int value) {
  return std::to_string(value);
}

/// From all nodes of an attempt that is not the last and are still known: which of them had a part
/// of the step is not.
base::Result<Sources> stacks_of(const model::JobRecord& job, const model::AttemptRecord& attempt,
                                const LogQuery& query, const scheduler::State& state) {
  if (!query.step) {
    return fail(Code::invalid,
                "the stacks of an attempt that is not the last are those of one of "
                "its steps; name it");
  }
  Sources sources;
  for (const auto& host : model::expand_hosts(attempt.nodes).value_or(std::vector<std::string>())) {
    const auto node = state.node_by_name.find(host);
    if (node == state.node_by_name.end()) continue;
    sources.push_back({.node = node->second,
                       .node_name = host,
                       .key = {job.job, attempt.attempt, query.step},
                       .rank = {},
                       .stacks = true});
  }
  if (!sources.empty()) return sources;
  return fail(Code::not_found, "no node of attempt " + std::to_string(attempt.attempt) +
                                   " of job " + to_text(job.job) + " is known any more");
}

/// All nodes, or the one that is asked for, of which `name` gives the name.
template <class Shares>
base::Result<Sources> of_preparation(const Shares& shares, const model::LaunchKey& key,
                                     const LogQuery& query, const scheduler::State& state) {
  Sources sources;
  for (const std::string& name : shares) {
    const auto node = state.node_by_name.find(name);
    if (node == state.node_by_name.end() || (!query.node.empty() && name != query.node)) continue;
    sources.push_back({.node = node->second, .node_name = name, .key = key, .rank = {}});
  }
  if (!sources.empty()) return sources;
  return fail(Code::not_found,
              fmt::format("no node of attempt {} of job {} {}", key.attempt, to_text(key.job),
                          query.node.empty() ? "is known any more" : "has the name " + query.node));
}

base::Result<Sources> preparation_sources(const model::JobRecord& job, const LogQuery& query,
                                          const scheduler::State& state) {
  if (!job.preparation.is_wanted())
    return fail(Code::not_found, "job " + to_text(job.job) + " has no preparation");
  const auto number = query.attempt.value_or(job.attempt);
  const model::LaunchKey key{job.job, number, {}, true};
  const auto earlier = std::ranges::find(job.earlier, number, &model::AttemptRecord::attempt);
  if (earlier != job.earlier.end()) {
    const auto hosts = model::expand_hosts(earlier->nodes);
    return of_preparation(hosts.value_or(std::vector<std::string>()), key, query, state);
  }
  if (number != job.attempt || job.allocation.nodes.empty()) {
    return fail(Code::not_found, fmt::format("job {} has no attempt {}", to_text(job.job), number));
  }
  return of_preparation(model::node_names(job.allocation), key, query, state);
}

/// The script's log of an attempt that is not the last: its first node is known by name only.
base::Result<Sources> of_earlier(const model::JobRecord& job, const LogQuery& query,
                                 const scheduler::State& state) {
  const auto attempt =
      std::ranges::find(job.earlier, *query.attempt, &model::AttemptRecord::attempt);
  if (attempt == job.earlier.end()) {
    return fail(Code::not_found, "job " + to_text(job.job) + " has no attempt " +
                                     std::to_string(*query.attempt) + "; its last is " +
                                     std::to_string(job.attempt));
  }
  if (query.stacks) return stacks_of(job, *attempt, query, state);
  if (query.step || query.rank || query.map) {
    return fail(Code::not_found,
                "of an attempt that is not the last only the script's log can be read");
  }
  const auto hosts = model::expand_hosts(attempt->nodes);
  const auto node =
      hosts && !hosts->empty() ? state.node_by_name.find(hosts->front()) : state.node_by_name.end();
  if (node == state.node_by_name.end()) {
    return fail(Code::not_found,
                "the node of attempt " + std::to_string(*query.attempt) + " is not known any more");
  }
  return Sources{{.node = node->second,
                  .node_name = hosts->front(),
                  .key = {job.job, attempt->attempt, {}},
                  .rank = {},
                  .offset = query.offset}};
}

int tasks_of(const model::StepRecord& step) {
  return std::accumulate(step.tasks.begin(), step.tasks.end(), 0);
}

base::Result<const model::StepRecord*> find_step(const model::JobRecord& job,
                                                 const LogQuery& query) {
  const auto fits = [&](const model::StepRecord& step) {
    return (!query.step || step.step == *query.step) &&
           (!query.rank || *query.rank < tasks_of(step));
  };
  const auto found = std::find_if(job.steps.rbegin(), job.steps.rend(), fits);
  if (found != job.steps.rend()) return &*found;
  std::string what =
      "attempt " + std::to_string(job.attempt) + " of job " + to_text(job.job) + " has no step";
  if (query.step) what += " " + to_text(*query.step);
  if (query.rank) what += " with a rank " + number(*query.rank);
  return fail(Code::not_found, what);
}

/// All nodes of the step, or the one with the rank.
Sources of_step(const model::JobRecord& job, const model::StepRecord& step, const LogQuery& query) {
  Sources sources;
  const auto ranks = model::deal_ranks(step.tasks, step.by_node);
  for (std::size_t i = 0; i < step.tasks.size() && i < job.allocation.nodes.size(); ++i) {
    const int tasks = step.tasks[i];
    const bool has_rank = !query.rank || std::ranges::binary_search(ranks[i], *query.rank);
    if (tasks == 0 || !has_rank) continue;
    const auto& share = job.allocation.nodes[i];
    sources.push_back({.node = share.node,
                       .node_name = share.name,
                       .key = {job.job, job.attempt, step.step},
                       .rank = query.rank,
                       .offset = query.offset,
                       .map = query.map,
                       .stacks = query.stacks});
  }
  return sources;
}

LogSource usage_source(const model::NodeShare& share, const model::LaunchKey& key) {
  return {.node = share.node,
          .node_name = share.name,
          .key = key,
          .rank = {},
          .usage = model::LaunchUsage{.launch = key,
                                      .node = share.name,
                                      .cores = share.cores.count(),
                                      .gpus = share.gpus.count(),
                                      .memory = share.memory,
                                      .series = {}}};
}

/// Of the script and the steps that may run now.
Sources usage_sources(const model::JobRecord& job) {
  Sources sources;
  const auto& shares = job.allocation.nodes;
  if (is_final(job.state) || shares.empty() || !is_script_due(job)) return sources;
  sources.push_back(usage_source(shares.front(), {job.job, job.attempt, {}}));
  for (const auto& step : job.steps) {
    for (std::size_t i = 0; !step.ended_at && i < step.tasks.size() && i < shares.size(); ++i) {
      if (step.tasks[i] > 0)
        sources.push_back(usage_source(shares[i], {job.job, job.attempt, step.step}));
    }
  }
  return sources;
}

}  // namespace

bool is_script_due(const model::JobRecord& job) {
  return std::ranges::all_of(job.prepared, &model::NodePreparation::is_prepared);
}

base::Result<Sources> log_sources(const model::JobRecord& job, const LogQuery& query,
                                  const scheduler::State& state) {
  if (query.usage) return usage_sources(job);
  if (query.preparation && job.attempt > 0) return preparation_sources(job, query, state);
  if (query.attempt && *query.attempt != job.attempt) return of_earlier(job, query, state);
  if (job.attempt == 0 || job.allocation.nodes.empty()) {
    return fail(Code::conflict, "job " + to_text(job.job) + " has not started, so it has no log");
  }
  if (!query.step && !query.rank && !query.map && !query.stacks) {
    if (!is_script_due(job)) {
      return fail(Code::conflict, fmt::format("the script of job {0} has not started; what its "
                                              "preparation wrote: muster logs {0} --prepare",
                                              to_text(job.job)));
    }
    const auto& share = job.allocation.nodes.front();
    return Sources{{.node = share.node,
                    .node_name = share.name,
                    .key = {job.job, job.attempt, {}},
                    .rank = {},
                    .offset = query.offset}};
  }
  const auto step = find_step(job, query);
  if (!step) return std::unexpected(step.error());
  auto sources = of_step(job, **step, query);
  if (query.offset != 0 && sources.size() > 1) {
    return fail(Code::invalid,
                "offset is a place in one file, but the step has several; name a rank too");
  }
  return sources;
}

}  // namespace musterd
