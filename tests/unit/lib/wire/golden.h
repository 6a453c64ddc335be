#pragma once
// One fact of every kind, with every field set, as tests/journals/0.1.0.facts has them.

#include <memory>
#include <utility>
#include <vector>

#include "lib/model/fact.h"

namespace support {

inline model::NodeInfo golden_node() {
  model::NodeInfo info{"n1", "local", "host", "127.0.0.1", "boot-1", "6.1.0", "0.1.0", {}};
  info.topology.numa = {{0, base::Bytes(1 << 30)}, {1, base::Bytes(1 << 30)}};
  info.topology.cores = {{0, 0, model::CpuSet::range(0, 2)}, {1, 1, model::CpuSet::range(2, 2)}};
  info.topology.gpus = {{"GPU-1", "NVIDIA H200", "0000:65:00.0", base::Bytes(1 << 20), 1}};
  info.topology.memory = base::Bytes(2'000'000'000);
  info.topology.oversubscribed = true;
  return info;
}

inline model::PoolOrder golden_order() {
  return {.least = 1,
          .most = 4,
          .idle_timeout = base::Duration(60'000'000),
          .when_busy = model::WhenBusy::requeue};
}

inline std::shared_ptr<const model::JobSpec> golden_job() {
  auto spec = std::make_shared<model::JobSpec>();
  spec->name = "train";
  spec->pool = "local";
  spec->comment = "caf\xe9";
  spec->token = "token-1";
  spec->shape = {2, 4, 2, 3, 0, 1, base::Bytes(1 << 20), base::Bytes(1 << 10)};
  spec->time_limit = base::Duration(3'600'000'000);
  spec->priority = -5;
  spec->hold = true;
  spec->workspace = "physics";
  spec->class_name = "low";
  spec->requeue = false;
  spec->save_signal = {10, base::Duration(120'000'000), true};
  spec->script = "#!/bin/sh\nmuster run ./train\n";
  spec->script_name = "train.sh";
  spec->arguments = {"--epochs", "3"};
  spec->environment = {{"HOME", "/home/ada"}, {"RAW", "\xff\xfe"}};
  spec->work_dir = "/home/ada";
  spec->output = "/home/ada/muster-%j.out";
  spec->error = "/home/ada/muster-%j.err";
  return spec;
}

inline std::shared_ptr<const model::StepSpec> golden_step() {
  auto spec = std::make_shared<model::StepSpec>();
  spec->nodes = 2;
  spec->tasks = 4;
  spec->tasks_per_node = 2;
  spec->cpus_per_task = 3;
  spec->gpus_per_task = 1;
  spec->arguments = {"./train", "--lr=0.1"};
  spec->environment = {{"HOME", "/home/ada"}};
  spec->work_dir = "/home/ada";
  return spec;
}

inline model::Failure golden_failure() {
  return {model::Cause::signal, 9, model::StepId(0), 2, "n2", "out of memory"};
}

inline model::JobUpdated golden_update(base::Time at) {
  model::JobChange change;
  change.fields = {model::ChangedField::nodes, model::ChangedField::time_limit,
                   model::ChangedField::array_limit, model::ChangedField::dependency};
  change.spec.shape.nodes = 3;
  change.spec.dependency.terms.push_back({model::DependencyKind::afterany, model::JobId(16)});
  change.array_limit = 2;
  return {model::JobId(17),
          "root",
          std::make_shared<const model::JobChange>(std::move(change)),
          {{model::JobId(16), model::Ending::failed, at, {}, {}}}};
}

inline std::vector<model::Fact> golden_pool_facts(base::Time at) {
  return {{at, model::NodePlanned{model::NodeId(2), golden_node()}},
          {at, model::NodeTurned{.node = model::NodeId(2),
                                 .life = model::NodeLife::unusable,
                                 .cause = "no more of these",
                                 .retry_at = at + base::Duration(2'000'000),
                                 .n_failures = 2,
                                 .is_there = true,
                                 .stands = true,
                                 .idle_since = at}},
          {at, model::NodeTwin{model::NodeId(2), "i-0abc"}},
          {at, model::GraceShortened{model::JobId(17), 1, at + base::Duration(20'000'000)}},
          {at, model::PoolChanged{"gpu", "root", golden_order()}},
          {at, model::PoolStopped{"gpu", "no more of these", at + base::Duration(1'800'000'000)}},
          {at, model::PoolResumed{"gpu", "root"}},
          {at, model::NodeEvicted{model::NodeId(2), at + base::Duration(30'000'000),
                                  at + base::Duration(40'000'000), "the price rose", "root"}},
          {at, model::NodeEvictionOver{model::NodeId(2)}},
          {at, model::AttemptEvicted{model::JobId(17), 1, "n2", "the price rose",
                                     at + base::Duration(20'000'000)}},
          {at, model::NodeDrained{model::NodeId(2), "root", "a fan is loud",
                                  at + base::Duration(30'000'000)}},
          {at, model::NodeResumed{model::NodeId(2), "root"}},
          {at, model::NodeConditioned{model::NodeId(2),
                                      {.fitness = model::Fitness::unusable,
                                       .reason = "its setup exited with code 3",
                                       .output = "mount: no such device",
                                       .since = at,
                                       .is_given_up = true,
                                       .basis = "setup /site/setup"}}},
          {at, model::NodeSuspected{model::NodeId(2),
                                    {.job = model::JobId(17), .uid = 1000, .what = "signal 7"}}},
          {at, model::NodeQuarantined{model::NodeId(2),
                                      {{.launch = {model::JobId(17), 1, model::StepId(0)},
                                        .pid = 4711,
                                        .command = "python3",
                                        .state = "D",
                                        .since = at,
                                        .cores = model::CoreSet::range(2, 2),
                                        .gpus = model::GpuSet::range(0, 1)}}}},
          {at, model::GpusIdle{{model::JobId(17), 1, model::StepId(0)}, model::NodeId(2), at}},
          {at, model::PoolStands{.pool = "gpu",
                                 .order = golden_order(),
                                 .is_ordered = true,
                                 .n_failures = 8,
                                 .retry_at = at,
                                 .is_stopped = true,
                                 .trouble = "no more of these",
                                 .decisions = {{at, "n2", "starting", "for job 17"}}}}};
}

inline std::vector<model::Fact> golden_facts() {
  const model::JobId job(17);
  const model::NodeId node(1);
  const model::LaunchKey batch{job, 1, {}};
  const model::LaunchKey step{job, 1, model::StepId(0)};
  const auto at = base::time_from_us(1'795'000'000'000'000);
  model::Allocation allocation;
  allocation.nodes = {{node, "n1", 2, model::CoreSet::range(0, 6), model::GpuSet::range(0, 2),
                       base::Bytes(1 << 20)},
                      {model::NodeId(2), "n2", 2, model::CoreSet::range(2, 6),
                       model::GpuSet::range(2, 2), base::Bytes(1 << 20)}};
  const model::LaunchReport report{step,
                                   at,
                                   at + base::Duration(5),
                                   137,
                                   golden_failure(),
                                   {base::Duration(1'500'000), base::Bytes(123'456)}};
  const model::Outcome outcome{model::Ending::failed, 137, golden_failure()};
  std::vector<model::Fact> facts{
      {at, model::NumbersGiven{job, node}},
      {at, model::NodeJoined{node, golden_node(), {batch, step}}},
      {at, model::StrayGone{node, step}},
      {at, model::NodeAway{node}},
      {at, model::NodeLost{node}},
      {at, model::JobSubmitted{job, {1000, 100, "ada"}, golden_job(), {}}},
      {at, model::JobHeld{job, "ada"}},
      {at, model::JobReleased{job, "root"}},
      {at, model::AttemptStarted{job, 1, allocation}},
      {at, model::LaunchStarted{batch, node}},
      {at, model::LaunchPrepared{{job, 1, {}, true}, node}},
      {at, model::StepStarted{step, golden_step(), {2, 2}}},
      {at, model::LaunchEnded{node, report}},
      {at, model::AttemptEnding{job, 1, golden_failure()}},
      {at, model::AttemptRequeued{job, 1, at + base::Duration(30'000'000)}},
      {at, model::JobEnded{job, outcome}},
      {at, model::AttemptPreempted{job, 1, model::JobId(18), at + base::Duration(30'000'000)}},
      {at, model::GraceEnded{job, 1}},
      {at, model::AttemptWarned{job, 1}},
      {at, model::CheckpointTaken{job, 1, at}},
      {at, model::UsageCarried{1000, "physics", at, base::Duration(5'000'000),
                               base::Duration(1'000'000)}},
      {at, model::RoomPromised{model::JobId(18), {job}}},
      {at, model::AttemptGrows{job, 1, {node, model::NodeId(2)}, at + base::Duration(30'000'000)}},
      {at, model::ParentEnded{model::JobId(18), {job, model::Ending::failed, at, {}, {}}}},
      {at, model::TaskSplit{model::JobId(19), {job, 1}}},
      {at, model::TasksCancelled{job, model::IndexSet::range(5, 5), golden_failure()}},
      {at, golden_update(at)},
      {at,
       model::ArrayStands{job,
                          {.has_begun = true,
                           .pending = model::IndexSet::range(2, 3),
                           .completed = model::IndexSet::range(0, 2),
                           .ended = {{model::Ending::completed, 2}, {model::Ending::cancelled, 5}},
                           .worst = outcome,
                           .spread_at = at}}},
      {at, model::BookingMade{{.name = "upgrade",
                               .nodes = {node, model::NodeId(2)},
                               .start = at,
                               .end = at + base::Duration(7'200'000'000),
                               .is_maintenance = false,
                               .users = {"ada"},
                               .workspaces = {"physics"},
                               .comment = "new disks",
                               .by = {0, 0, "root"}}}},
      {at, model::BookingBegun{"upgrade"}},
      {at, model::BookingEnded{"upgrade", "root"}}};
  for (auto& fact : golden_pool_facts(at)) facts.push_back(std::move(fact));
  return facts;
}

}  // namespace support
