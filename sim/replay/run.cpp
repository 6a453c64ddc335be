#include "sim/replay/run.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <set>
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
  return shape;
}

/// A class or workspace that is not configured (any more) does not count.
std::shared_ptr<const model::JobSpec> spec_of(const Job& job, Duration estimate,
                                              const scheduler::Settings& settings) {
  auto spec = std::make_shared<model::JobSpec>();
  spec->name = job.name;
  spec->script = "#!/bin/sh\n";
  spec->shape = shape_of(job);
  spec->priority = job.priority;
  const model::User user{.uid = job.user, .gid = job.group, .name = {}};
  if (settings.classes.may_use(user, job.class_name)) spec->class_name = job.class_name;
  if (settings.workspaces.may_use(user, job.workspace)) spec->workspace = job.workspace;
  if (estimate != unlimited) spec->time_limit = estimate;
  return spec;
}

/// Nobody makes room for others.
scheduler::Settings without_preemption(scheduler::Settings settings) {
  auto classes = settings.classes.all();
  for (auto& each : classes) each.preempts.clear();
  settings.classes = scheduler::Classes(std::move(classes), settings.classes.of("").name);
  return settings;
}

/// An attempt that runs, in the order in which attempts started.
struct Running {
  std::size_t number;
  std::size_t job;  // index
  Time started_at;
  model::NodeId node;
  bool ends_as_estimated;
};

model::User user_of(const Job& job) {
  return {.uid = job.user, .gid = job.group, .name = std::to_string(job.user)};
}

/// Every job of the log has run: a limit is never below what one of them asks for.
scheduler::Settings within_quotas(const Workload& workload, scheduler::Settings settings) {
  if (settings.quotas.empty()) return settings;
  const scheduler::Quotas quotas(settings.quotas, settings.classes);
  for (const auto& job : workload.jobs) {
    const auto spec = spec_of(job, unlimited, settings);
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
        engine_(within_quotas(workload, without_preemption(options_.settings)),
                timed(std::move(policy), stopwatch)) {
    result_.starts.resize(workload.jobs.size());
    estimates_.resize(workload.jobs.size());
  }

  Result run() {
    join_nodes();
    while (next_submission_ < workload_.jobs.size() || !ends_.empty()) {
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
    auto next = Time::max();
    if (!ends_.empty()) next = ends_.begin()->first.first;
    if (next_submission_ < workload_.jobs.size()) {
      next = std::min(next, origin + workload_.jobs[next_submission_].submit);
    }
    return next;
  }

  void batch(Time now) {
    Inputs inputs;
    while (!ends_.empty() && ends_.begin()->first.first == now) inputs.push_back(take_end(now));
    while (is_submission_due(now)) inputs.push_back(take_submission());
    give(inputs, now);
  }

  /// Cores whose estimated end has come count as free in every pass of this moment, so those ends
  /// are told before the first; each end has a pass all the same.
  void one_by_one(Time now) {
    Inputs inputs;
    std::vector<Inputs> turns;  // of the ends, in order of start
    while (!ends_.empty() && ends_.begin()->first.first == now) {
      const bool is_early = !ends_.begin()->second.ends_as_estimated;
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
                                spec_of(job, estimate, options_.settings)};
  }

  Duration estimate_of(const Job& job) const {
    switch (options_.estimates) {
      case Estimates::requested:
        return job.requested;
      case Estimates::actual:
        return job.run;
      case Estimates::predicted:
        return predictor_.predict(job);
    }
    return job.requested;
  }

  scheduler::Input take_end(Time now) {
    const auto ended = ends_.begin()->second;
    if (options_.estimates == Estimates::predicted) predictor_.learn(workload_.jobs[ended.job]);
    ends_.erase(ends_.begin());
    if (++n_ended_ % between_reports == 0) progress_(n_ended_);
    model::LaunchReport report{.key = {.job = id_of(ended.job), .attempt = 1, .step = {}},
                               .started_at = ended.started_at,
                               .ended_at = now,
                               .exit_code = 0,
                               .failure = {},
                               .usage = {}};
    return scheduler::NodeSaysEnded{ended.node, std::move(report)};
  }

  void give(const Inputs& inputs, Time now) {
    for (const auto& input : inputs) (void)engine_.handle(input, now);  // nothing is kept here
    for (const auto& fact : engine_.plan(now)) {
      begin(std::get<model::AttemptStarted>(fact.body), now);
    }
    (void)engine_.durable(engine_.last_seq());  // nobody is there to be told
  }

  void begin(const model::AttemptStarted& started, Time now) {
    const auto index = static_cast<std::size_t>(started.job.number()) - 1;
    const auto& job = workload_.jobs[index];
    result_.starts[index] = now - origin;
    const auto number = ++n_started_;
    ends_.emplace(std::pair(now + job.run, number),
                  Running{.number = number,
                          .job = index,
                          .started_at = now,
                          .node = started.allocation.nodes.front().node,
                          .ends_as_estimated = job.run >= estimates_[index]});
  }

  /// The engine numbers jobs from 1 in the order of submission.
  static model::JobId id_of(std::size_t index) {
    return model::JobId(static_cast<std::uint32_t>(index + 1));
  }

  const Workload& workload_;
  const Options options_;
  const Progress& progress_;
  Predictor predictor_;
  std::vector<Duration> estimates_;  // by index, of those submitted
  Result result_;
  scheduler::Engine engine_;
  std::size_t next_submission_ = 0;
  std::size_t n_started_ = 0;
  std::size_t n_ended_ = 0;
  std::map<std::pair<Time, std::size_t>, Running> ends_;  // by time, then order of start
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
  }
  return "";
}

Result run(const Workload& workload, const scheduler::Policy& policy, const Options& options,
           const Stopwatch& stopwatch, const Progress& progress) {
  return Replay(workload, policy, options, stopwatch, progress).run();
}

}  // namespace replay
