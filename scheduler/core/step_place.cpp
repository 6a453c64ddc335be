#include "scheduler/core/step_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "lib/base/text.h"
#include "scheduler/core/step_layout.h"

namespace scheduler {

namespace {

using base::Code;
using base::fail;

/// Of each task.
struct TaskNeed {
  int cores = 1;
  int gpus = 0;
};

base::Result<void> check_exact(const Job& job, const model::StepSpec& spec) {
  const bool overcommits = spec.binding.overcommit;
  if (overcommits || spec.binding.fill) {
    return fail(Code::invalid, fmt::format("--exact gives each rank as many cores as it asks for, "
                                           "and {} does not ask for that; leave out one of them",
                                           overcommits ? "--overcommit" : "--fill"));
  }
  if (model::roles_of(*job.spec, spec).empty()) return {};
  return fail(Code::invalid,
              "steps whose ranks have roles share the cores of the job; leave out "
              "--exact");
}

/// The nodes of the allocation that have room for a task, with what is free there, and their places
/// in it.
struct FreeNodes {
  model::Allocation nodes;
  std::vector<std::size_t> places;
};

/// Of a share what the node still has: it may have come back with less.
void keep_within(const model::Topology& topology, model::NodeShare& share) {
  share.cores &= model::CoreSet::range(0, static_cast<int>(topology.cores.size()));
  share.gpus &= model::GpuSet::range(0, static_cast<int>(topology.gpus.size()));
}

FreeNodes free_nodes(const State& state, const Attempt& attempt, const TaskNeed& need) {
  const auto used = own_shares(attempt);
  FreeNodes free;
  for (std::size_t i = 0; i < used.size(); ++i) {
    auto share = attempt.allocation.nodes[i];
    share.cores -= used[i].cores;
    share.gpus -= used[i].gpus;
    keep_within(state.nodes.at(share.node).info.topology, share);
    if (share.cores.count() < need.cores || share.gpus.count() < need.gpus) continue;
    free.nodes.nodes.push_back(std::move(share));
    free.places.push_back(i);
  }
  return free;
}

model::StepShare pick(const State& state, const model::NodeShare& free, int tasks,
                      const TaskNeed& need) {
  const auto& topology = state.nodes.at(free.node).info.topology;
  model::StepShare own;
  own.cores = model::pick_cores(model::cores_by_numa(topology), free.cores, tasks * need.cores);
  own.gpus = model::pick_gpus(topology, free.gpus, tasks * need.gpus, own.cores);
  return own;
}

}  // namespace

std::vector<model::StepShare> own_shares(const Attempt& attempt) {
  std::vector<model::StepShare> used(attempt.allocation.nodes.size());
  for (const auto& [id, step] : attempt.steps) {
    if (step.shares.empty()) continue;
    auto part = step.parts.begin();
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (step.tasks[i] == 0) continue;
      if ((part++)->is_live()) {
        used[i].cores |= step.shares[i].cores;
        used[i].gpus |= step.shares[i].gpus;
      }
    }
  }
  return used;
}

base::Result<StepPlace> place_step(const State& state, const Job& job, const Attempt& attempt,
                                   const model::StepSpec& spec) {
  auto alone = step_tasks(job, attempt.allocation, spec);
  if (!alone) return std::unexpected(alone.error());
  if (!spec.exact || spec.map_only) return StepPlace{.tasks = std::move(*alone), .shares = {}};
  if (auto fine = check_exact(job, spec); !fine) return std::unexpected(fine.error());

  const TaskNeed need{.cores = spec.cpus_per_task.value_or(job.layout.cpus_per_task),
                      .gpus = spec.gpus_per_task.value_or(job.layout.gpus_per_task)};
  const auto free = free_nodes(state, attempt, need);
  model::StepSpec beside = spec;
  beside.tasks = std::accumulate(alone->begin(), alone->end(), 0);
  const auto tasks = step_tasks(job, free.nodes, beside);
  if (!tasks) {
    return fail(Code::unavailable,
                fmt::format("other steps of job {} have cores or GPUs of their own, and leave too "
                            "few for {} with {} each",
                            to_text(job.id), base::plural(*beside.tasks, "task"),
                            base::plural(need.cores, "core")));
  }
  StepPlace place{.tasks = std::vector<int>(alone->size(), 0),
                  .shares = std::vector<model::StepShare>(alone->size())};
  for (std::size_t i = 0; i < free.places.size(); ++i) {
    const auto at = free.places[i];
    place.tasks[at] = (*tasks)[i];
    if ((*tasks)[i] > 0) place.shares[at] = pick(state, free.nodes.nodes[i], (*tasks)[i], need);
  }
  return place;
}

}  // namespace scheduler
