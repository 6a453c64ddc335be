#include "sim/replay/run.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "lib/base/check.h"
#include "scheduler/core/engine.h"
#include "sim/replay/predictor.h"

namespace replay {

namespace {

using base::Duration;
using base::Time;

constexpr Time origin = base::time_from_us(0);
constexpr std::size_t between_reports = 256;  // ended jobs

model::NodeInfo node_of(const Machine& machine, int number) {
  model::NodeInfo info{.name = "n" + std::to_string(number),
                       .pool = "default",
                       .hostname = "replay",
                       .address = "127.0.0.1",
                       .boot_id = "replay",
                       .kernel = {},
                       .version = {},
                       .topology = {}};
  info.topology.numa.push_back({});
  for (int core = 0; core < machine.cores_per_node; ++core) {
    info.topology.cores.push_back({.package = 0, .numa = 0, .cpus = model::CpuSet::range(core, 1)});
  }
  info.topology.gpus.resize(static_cast<std::size_t>(machine.gpus_per_node));
  return info;
}

/// Memory is not replayed.
model::Shape shape_of(const Job& job) {
  model::Shape shape;
  if (!job.layout) {
    shape.tasks = std::max(job.cores, 1);
    if (job.gpus > 0) shape.gpus_per_task = job.gpus / std::max(job.cores, 1);
    return shape;
  }
  shape.nodes = job.layout->nodes;
  shape.tasks = job.layout->tasks;
  shape.tasks_per_node = job.layout->most_tasks_per_node;
  shape.cpus_per_task = job.layout->cpus_per_task;
  shape.gpus_per_node = job.layout->gpus_per_node;
  shape.gpus_per_task = job.layout->gpus_per_task;
  shape.whole_nodes = job.layout->whole_nodes;
  return shape;
}

/// A class or workspace that is not configured (any more) does not count.
std::shared_ptr<const model::JobSpec> spec_of(const Job& job, Duration estimate,
                                              const Options& options) {
  const auto& settings = options.settings;
  auto spec = std::make_shared<model::JobSpec>();
  spec->name = job.name;
  spec->script = "#!/bin/sh\n";
  spec->shape = shape_of(job);
  spec->priority = job.priority;
  const model::User user{.uid = job.user, .gid = job.group, .name = {}};
  if (settings.classes.may_use(user, job.class_name)) spec->class_name = job.class_name;
  if (settings.workspaces.may_use(user, job.workspace)) spec->workspace = job.workspace;
  if (estimate != unlimited) spec->time_limit = estimate;
  if (options.saving.checkpoints == Checkpoints::always) spec->save_signal.emplace();
  return spec;
}

model::User user_of(const Job& job) {
  return {.uid = job.user, .gid = job.group, .name = std::to_string(job.user)};
}

/// Every job of the log has run: a limit is never below what one of them asks for.
scheduler::Settings within_quotas(const Workload& workload, const Options& options) {
  auto settings = options.settings;
  if (settings.quotas.empty()) return settings;
  const scheduler::Quotas quotas(settings.quotas, settings.classes);
  for (const auto& job : workload.jobs) {
    const auto spec = spec_of(job, unlimited, options);
    const auto layout = model::resolve(spec->shape);
    if (!layout) continue;
    scheduler::Claims claims;
    claims.all = {
        .cores = std::int64_t{layout->tasks} * layout->cpus_per_task,
        .gpus = std::int64_t{layout->tasks} * (layout->gpus_per_task + layout->gpus_per_node),
        .nodes = layout->nodes.value_or(layout->tasks),
        .jobs = 1};
    scheduler::for_each_quota(
        quotas, quotas.about(user_of(job), spec->workspace, spec->class_name), claims,
        [&settings](std::size_t place, const auto&, const scheduler::Claim& claim) {
          for (auto& [resource, limit] : settings.quotas[place].limits)
            limit = std::max(limit, claim.of(resource));
        });
  }
  return settings;
}

/// One replay: virtual time, the engine, and the jobs that run in it.
class Replay {
 public:
  Replay(const Workload& workload, scheduler::Policy policy, const Options& options,
         const Stopwatch& stopwatch, const Progress& progress)
      : workload_(workload),
        options_(options),
        progress_(progress),
        predictor_(options.settings.jobs_kept),
        attempts_(workload, options.saving),
        engine_(within_quotas(workload, options_), timed(std::move(policy), stopwatch)) {
    result_.starts.resize(workload.jobs.size());
    result_.ends.resize(workload.jobs.size());
    estimates_.resize(workload.jobs.size());
  }

  Result run() {
    join_nodes();
    while (next_submission_ < workload_.jobs.size() || !attempts_.empty()) {
      const auto now = next_moment();
      if (options_.event_order == EventOrder::batch) {
        batch(now);
      } else {
        one_by_one(now);
      }
    }
    base::check(n_ended_ == workload_.jobs.size(), "every job of a replay ends");
    return std::move(result_);
  }

 private:
  using Inputs = std::vector<scheduler::Input>;

  scheduler::Policy timed(scheduler::Policy policy, const Stopwatch& stopwatch) {
    policy.plan = [this, plan = std::move(policy.plan), &stopwatch](const scheduler::View& view,
                                                                    Time now) {
      const auto began = stopwatch();
      auto made = plan(view, now);
      const auto took = stopwatch() - began;
      ++result_.passes;
      result_.passes_took += took;
      result_.longest_pass = std::max(result_.longest_pass, took);
      return made;
    };
    return policy;
  }

  void join_nodes() {
    Inputs hellos;
    for (int i = 1; i <= workload_.machine.nodes; ++i) {
      hellos.emplace_back(scheduler::NodeHello{{.version = model::protocol_version,
                                                .info = node_of(workload_.machine, i),
                                                .launches = {}}});
    }
    give(hellos, origin);
  }

  Time next_moment() const {
    auto next = attempts_.next_end();
    if (next_submission_ < workload_.jobs.size()) {
      next = std::min(next, origin + workload_.jobs[next_submission_].submit);
    }
    if (const auto pass = engine_.next_pass()) next = std::min(next, *pass);
    return next;
  }

  void batch(Time now) {
    Inputs inputs;
    while (attempts_.next_end() == now) inputs.push_back(take_end(now));
    while (is_submission_due(now)) inputs.push_back(take_submission());
    give(inputs, now);
  }

  /// Cores whose estimated end has come count as free in every pass of this moment, so those ends
  /// are told before the first; each end has a pass all the same.
  void one_by_one(Time now) {
    Inputs inputs;
    std::vector<Inputs> turns;  // of the ends, in order of start
    while (attempts_.next_end() == now) {
      const auto& next = attempts_.next();
      const bool is_early = next.to_do < estimates_[next.job];
      turns.emplace_back();
      (is_early ? turns.back() : inputs).push_back(take_end(now));
    }
    while (is_submission_due(now)) {
      inputs.push_back(take_submission());
      give(std::exchange(inputs, {}), now);
    }
    for (auto& turn : turns) {
      std::ranges::move(turn, std::back_inserter(inputs));
      give(std::exchange(inputs, {}), now);
    }
  }

  bool is_submission_due(Time now) const {
    return next_submission_ < workload_.jobs.size() &&
           origin + workload_.jobs[next_submission_].submit == now;
  }

  scheduler::Input take_submission() {
    const auto& job = workload_.jobs[next_submission_];
    const auto estimate = estimates_[next_submission_++] = estimate_of(job);
    return scheduler::SubmitJob{scheduler::RequestId(1), user_of(job),
                                spec_of(job, estimate, options_)};
  }

  Duration estimate_of(const Job& job) const {
    switch (options_.estimates) {
      case Estimates::requested:
        return job.requested;
      case Estimates::actual:
        return job.run;
      case Estimates::predicted:
        return predictor_.predict(job);
      case Estimates::none:
        return unlimited;
    }
    return job.requested;
  }

  scheduler::Input take_end(Time now) {
    const auto ended = attempts_.finish_next();
    if (options_.estimates == Estimates::predicted) predictor_.learn(workload_.jobs[ended.job]);
    note(ended, now);
    result_.ends[ended.job] = now - origin;
    result_.lost_work += attempts_.cost_of(ended) * workload_.jobs[ended.job].cores;
    if (++n_ended_ % between_reports == 0) progress_(n_ended_);
    return scheduler::NodeSaysEnded{ended.node, ended.report(now, true)};
  }

  void note(const Running& ended, Time now) {
    result_.attempts.push_back({ended.job, ended.started_at - origin, now - origin});
  }

  /// And a pass, and what comes of it at once: who makes room is gone at the same moment.
  void give(Inputs inputs, Time now) {
    for (const auto& [running, at] : attempts_.new_checkpoints(now))
      inputs.emplace_back(scheduler::NodeSaysCheckpoint{running.node, running.key(), at});
    do {
      for (const auto& input : std::exchange(inputs, {})) (void)engine_.handle(input, now);
      for (const auto& fact : engine_.plan(now)) {
        if (const auto* started = std::get_if<model::AttemptStarted>(&fact.body))
          begin(*started, now);
      }
      for (const auto& action : engine_.durable(engine_.last_seq())) obey(action, now, inputs);
    } while (!inputs.empty());
  }

  void begin(const model::AttemptStarted& started, Time now) {
    const auto index = index_of(started.job);
    if (started.attempt == 1) result_.starts[index] = now - origin;
    attempts_.begin(index, started.attempt, started.allocation.nodes.front().node, now);
  }

  /// What a node says to an order, if that matters here. A job that is to make room saves at once
  /// what it can save, and ends.
  void obey(const scheduler::Action& action, Time now, Inputs& inputs) {
    if (const auto* launch = std::get_if<scheduler::SendLaunch>(&action)) {
      if (options_.saving.checkpoints == Checkpoints::always)
        (void)engine_.handle(scheduler::NodeSaysStarted{launch->node, launch->order.key}, now);
    } else if (const auto* save = std::get_if<scheduler::SendSave>(&action)) {
      inputs.push_back(cut_short(save->key, now));
    } else if (const auto* stop = std::get_if<scheduler::SendStop>(&action)) {
      inputs.push_back(cut_short(stop->key, now));
    }
  }

  scheduler::Input cut_short(const model::LaunchKey& key, Time now) {
    const auto index = index_of(key.job);
    const auto [ended, lost] = attempts_.cut_short(index, now);
    note(ended, now);
    ++result_.preemptions;
    result_.lost_work += lost * workload_.jobs[index].cores;
    return scheduler::NodeSaysEnded{ended.node, ended.report(now, false)};
  }

  static std::size_t index_of(model::JobId job) { return std::size_t{job.number()} - 1; }

  const Workload& workload_;
  const Options options_;
  const Progress& progress_;
  Predictor predictor_;
  std::vector<Duration> estimates_;  // by index, of those submitted
  Result result_;
  Attempts attempts_;
  scheduler::Engine engine_;
  std::size_t next_submission_ = 0;
  std::size_t n_ended_ = 0;
};

}  // namespace

std::string_view to_text(Estimates estimates) {
  switch (estimates) {
    case Estimates::requested:
      return "requested";
    case Estimates::actual:
      return "actual";
    case Estimates::predicted:
      return "predicted";
    case Estimates::none:
      return "none";
  }
  return "";
}

Result run(const Workload& workload, const scheduler::Policy& policy, const Options& options,
           const Stopwatch& stopwatch, const Progress& progress) {
  return Replay(workload, policy, options, stopwatch, progress).run();
}

}  // namespace replay
