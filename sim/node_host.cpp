#include "sim/node_host.h"

#include <utility>

#include "lib/base/overloaded.h"

namespace sim {

namespace {

using namespace std::chrono_literals;

constexpr int sigterm = 15;
constexpr int code_of_oom = 3;  // of scripts and steps that were short of memory

}  // namespace

NodeHost::NodeHost(World world, model::NodeInfo info)
    : world_(std::move(world)),
      info_(std::move(info)),
      link_(world_.events, world_.random,
            {.to_controller =
                 [this](const auto& message) { world_.to_controller(info_.name, message); },
             .to_agent = [this](const auto& message) { hear(message); },
             .broken =
                 [this] {
                   world_.controller_sees_break(info_.name);
                   give(agent::Disconnected{});
                   dial();
                 }}) {}

void NodeHost::start_agent() {
  if (agent_) return;
  ++agent_life_;
  info_.boot_id = "boot-" + std::to_string(boot_);
  agent_.emplace(info_, agent::Limits{});
  caretaker_.emplace(known_);
  ++step_;
  give(agent::Restarted{found_on_disk()});
  give(agent::Conditioned{caretaker_->condition()});
  for (const auto& [key, directory] : disk_) {
    if (!directory.undying.empty()) give(agent::Outlived{key, directory.undying});
  }
  dial();
}

void NodeHost::kill_agent() {
  if (!agent_) return;
  ++agent_life_;
  agent_.reset();
  link_.cut();
}

void NodeHost::reboot() {
  kill_agent();
  for (const auto& [key, life] : launchers_) world_.truth.ended(info_.name, key, std::nullopt);
  launchers_.clear();
  for (auto& [key, directory] : disk_) {
    if (!std::exchange(directory.undying, {}).empty())
      world_.truth.ended(info_.name, key, std::nullopt);
  }
  known_ = {};
  ++boot_;
}

void NodeHost::kill_a_launcher() {
  std::vector<model::LaunchKey> running;
  for (const auto& [key, life] : launchers_) {
    if (life == Life::running) running.push_back(key);
  }
  if (running.empty()) return;
  kill_launcher(running[world_.random.below(running.size())]);
}

void NodeHost::kill_launcher(const model::LaunchKey& key) {
  const auto at = launchers_.find(key);
  if (at == launchers_.end() || at->second != Life::running) return;
  at->second = Life::killed;
  give(agent::LauncherEnded{key, {}, "killed by signal 9"});
}

void NodeHost::dial() {
  if (!agent_ || link_.is_up()) return;
  const auto pause = up_to(world_.random, 500ms);
  world_.events.after(pause, [this, life = agent_life_] {
    if (life != agent_life_ || link_.is_up()) return;
    if (!world_.controller_listens()) {
      dial();
      return;
    }
    link_.connect();
    give(agent::Connected{});
  });
}

void NodeHost::hear(const model::ToAgent& message) {
  give(agent::Received{message});
  const auto* welcome = std::get_if<model::Welcome>(&message);
  if (welcome == nullptr || !agent_) return;
  perform(caretaker_->want(welcome->care, world_.events.now()));
}

void NodeHost::perform(const std::vector<agent::CareAction>& actions) {
  std::optional<agent::StepEnd> too_long;
  for (const auto& action : actions) {
    std::visit(base::Overloaded{[&](const agent::RunStep&) { run_step(); },
                                [&](const agent::StopStep& stop) {
                                  ++step_;
                                  if (!stop.fault.empty()) too_long = {stop.fault, {}};
                                },
                                [&](const agent::TellCondition&) {
                                  known_ = {caretaker_->condition(), caretaker_->setup_done()};
                                  give(agent::Conditioned{caretaker_->condition()});
                                },
                                [](const agent::AnswerCheck&) {}},
               action);
  }
  if (too_long) return perform(caretaker_->ended(*too_long, world_.events.now()));
  arm_care();
}

/// It goes well, fails, or hangs.
void NodeHost::run_step() {
  known_.setup_done = caretaker_->setup_done();
  const auto length = up_to(world_.random, 3s);
  const auto fate = world_.random.below(10);
  if (!is_calm_ && fate == 0) return;
  const std::string fault = !is_calm_ && fate <= 3 ? "exited with code 1" : "";
  world_.events.after(length, [this, fault, step = ++step_, life = agent_life_] {
    if (life == agent_life_ && step == step_)
      perform(caretaker_->ended({fault, {}, failing_gpus()}, world_.events.now()));
  });
}

/// Any of them may fail, or be well again.
std::vector<model::FailingGpu> NodeHost::failing_gpus() {
  std::vector<model::FailingGpu> failing;
  const auto n_gpus = static_cast<int>(info_.topology.gpus.size());
  for (int gpu = 0; gpu < n_gpus && !is_calm_; ++gpu) {
    if (world_.random.chance(10)) failing.push_back({.gpu = gpu, .reason = "broken", .since = {}});
  }
  return failing;
}

void NodeHost::arm_care() {
  const auto due = caretaker_->next_deadline();
  if (!due) return;
  world_.events.at(*due, [this, life = agent_life_, due] {
    if (life == agent_life_ && caretaker_->next_deadline() == due)
      perform(caretaker_->tick(world_.events.now()));
  });
}

void NodeHost::give(const agent::Input& input) {
  if (!agent_) return;
  const auto life = agent_life_;
  for (auto& action : agent_->handle(input, world_.events.now())) {
    perform(std::move(action));
    if (life != agent_life_) return;  // it was killed between two actions
  }
  arm_tick();
}

void NodeHost::arm_tick() {
  const auto due = agent_->next_deadline();
  if (!due) return;
  world_.events.at(*due, [this, life = agent_life_, due] {
    if (life == agent_life_ && agent_->next_deadline() == due) give(agent::Tick{});
  });
}

void NodeHost::perform(agent::Action action) {
  std::visit(base::Overloaded{[&](agent::Send& send) { link_.send(std::move(send.message)); },
                              [&](agent::StartLauncher& start) { perform(std::move(start)); },
                              [&](const agent::StopLauncher& stop) { stop_launcher(stop.key); },
                              [&](const agent::KillLauncher& kill) { kill_launcher(kill.key); },
                              [&](const agent::SaveLauncher& save) { save_launcher(save.key); },
                              [&](const agent::CleanUp& clean) { clean_up(clean.key); },
                              [&](const agent::KeepReport& keep) {
                                auto& directory = disk_[keep.report.key];
                                directory.report = keep.report;
                              },
                              [&](const agent::MarkAcknowledged& mark) {
                                disk_[mark.key].is_acknowledged = true;
                                world_.truth.report_settled(mark.key);
                              },
                              [&](const agent::RunProlog& run) { perform(run); },
                              [&](const agent::RunEpilog& run) { perform(run); },
                              [](const agent::Exit&) {}},
             action);
}

/// Between two things that belong together.
bool NodeHost::dies_now() {
  if (!world_.random.chance(1)) return false;
  kill_agent();
  world_.events.after(up_to(world_.random, 20s), [this] { start_agent(); });
  return true;
}

std::string NodeHost::program_fault() {
  return !is_calm_ && world_.random.chance(4) ? "exited with code 1" : "";
}

void NodeHost::perform(const agent::RunProlog& run) {
  const auto key = run.order->key;
  disk_[key].order = *run.order;
  disk_[key].boot = boot_;
  world_.truth.prolog_began(info_.name, *run.order);
  if (dies_now()) return;
  world_.events.after(up_to(world_.random, 3s), [this, key, life = agent_life_] {
    if (life == agent_life_) give(agent::PrologEnded{key, program_fault()});
  });
}

void NodeHost::perform(const agent::RunEpilog& run) {
  const auto key = run.order->key;
  world_.truth.epilog_began(info_.name, key);
  world_.events.after(up_to(world_.random, 3s), [this, key, life = agent_life_] {
    if (life != agent_life_) return;
    world_.truth.epilog_ended(info_.name, key);
    disk_[key].has_epilog_ended = true;
    if (!dies_now()) give(agent::EpilogEnded{key, program_fault()});
  });
}

void NodeHost::perform(agent::StartLauncher start) {
  const auto key = start.order.key;
  if (disk_.contains(key) != start.has_directory) {
    give(agent::LauncherFailed{key, "the launch directory is not as it was to be"});
    return;
  }
  disk_[key] = {.order = start.order,
                .launcher_ran = false,
                .is_prepared = false,
                .boot = boot_,
                .report = {},
                .is_acknowledged = false};
  if (dies_now()) return;
  disk_[key].launcher_ran = true;
  launcher_starts(start.order);
  world_.events.after(up_to(world_.random, 5ms), [this, key, life = agent_life_] {
    if (life == agent_life_) give(agent::LauncherStarted{key});
  });
}

void NodeHost::launcher_starts(const model::LaunchOrder& order) {
  world_.truth.started(info_.name, order);
  launchers_[order.key] = Life::running;
  if (order.key.preparation) return preparation_starts(order.key);
  // Some outlive the time after which a node that is away is written off.
  const auto kind = world_.random.below(10);
  const auto length = up_to(world_.random, kind < 5 ? 2s : kind < 8 ? 100s : 400s);
  const int exit_code = world_.random.chance(70) ? 0 : static_cast<int>(world_.random.below(3)) + 1;
  world_.events.after(length, [this, key = order.key, exit_code, boot = boot_] {
    if (boot == boot_) launcher_ends(key, exit_code, std::nullopt);
  });
  if (model::is_script(order.key)) world_.script_runs(order.key);
}

/// Most get to hold the node until they are told to end; some fail.
void NodeHost::preparation_starts(const model::LaunchKey& key) {
  const auto length = up_to(world_.random, world_.random.chance(80) ? 2s : 40s);
  const bool fails = world_.random.chance(8);
  world_.events.after(length, [this, key, fails, boot = boot_] {
    const auto found = launchers_.find(key);
    if (boot != boot_ || found == launchers_.end() || found->second == Life::killed) return;
    if (fails) return launcher_ends(key, 4, std::nullopt);
    disk_[key].is_prepared = true;
    world_.truth.prepared(info_.name, key);
    give(agent::LauncherPrepared{key});
  });
}

void NodeHost::launcher_ends(const model::LaunchKey& key, int exit_code,
                             std::optional<int> signal) {
  const auto found = launchers_.find(key);
  if (found == launchers_.end() || found->second == Life::killed) return;
  launchers_.erase(found);
  world_.truth.ended(info_.name, key, signal ? std::nullopt : std::optional(exit_code));
  model::LaunchReport report{.key = key,
                             .started_at = world_.events.now(),
                             .ended_at = world_.events.now(),
                             .exit_code = exit_code,
                             .failure = {},
                             .usage = {},
                             .ranks = {}};
  if (exit_code != 0) {
    const auto of_work =
        exit_code == code_of_oom ? model::Cause::out_of_memory : model::Cause::exit_code;
    const auto cause = key.preparation ? model::Cause::preparation : of_work;
    report.failure = model::Failure{.cause = signal ? model::Cause::signal : cause,
                                    .code = signal.value_or(exit_code),
                                    .step = key.step,
                                    .rank = {},
                                    .node = info_.name,
                                    .text = {}};
  }
  disk_[key].report = report;
  if (world_.random.chance(3)) outlive(key);
  give(agent::LauncherEnded{key, report, {}});
}

/// A few are held by the kernel, and do not hear of it.
void NodeHost::stop_launcher(const model::LaunchKey& key) {
  if (world_.random.chance(3)) return;
  world_.events.after(up_to(world_.random, 10s), [this, key, boot = boot_] {
    if (boot == boot_) launcher_ends(key, 128 + sigterm, sigterm);
  });
}

/// Some save their work and exit, with a code of their own; others go on.
void NodeHost::save_launcher(const model::LaunchKey& key) {
  if (!world_.random.chance(50)) return;
  const int exit_code = world_.random.chance(50) ? 0 : 85;
  world_.events.after(up_to(world_.random, 20s), [this, key, exit_code, boot = boot_] {
    if (boot == boot_) launcher_ends(key, exit_code, std::nullopt);
  });
}

void NodeHost::clean_up(const model::LaunchKey& key) {
  world_.events.after(up_to(world_.random, 200ms), [this, key, life = agent_life_] {
    if (life != agent_life_) return;
    if (!disk_[key].undying.empty()) return;  // seen at the start of the agent
    if (launchers_.erase(key) > 0) {
      world_.truth.ended(info_.name, key, std::nullopt);
      if (world_.random.chance(20)) return outlive(key);
    }
    give(agent::Cleaned{key});
  });
}

/// The kernel does not let go of a process of the launch, for a while.
void NodeHost::outlive(const model::LaunchKey& key) {
  auto& directory = disk_[key];
  const auto& share =
      directory.order->allocation.nodes.at(static_cast<std::size_t>(directory.order->node_index));
  const auto cores = share.cores.take(
      1 + static_cast<int>(world_.random.below(static_cast<std::uint64_t>(share.cores.count()))));
  const auto gpus = world_.random.chance(50) ? share.gpus : model::GpuSet();
  directory.undying = {{.launch = key,
                        .pid = 1 + static_cast<int>(key.job.number()),
                        .command = "stuck",
                        .state = "D",
                        .since = world_.events.now(),
                        .cores = cores,
                        .gpus = gpus}};
  world_.truth.outlived(info_.name, key, cores, gpus);
  give(agent::Outlived{key, directory.undying});
  world_.events.after(up_to(world_.random, 300s), [this, key, boot = boot_] {
    if (boot == boot_) let_go(key);
  });
}

/// The agent that watches it notices; another does when it starts.
void NodeHost::let_go(const model::LaunchKey& key) {
  disk_[key].undying.clear();
  world_.truth.ended(info_.name, key, std::nullopt);
  world_.events.after(up_to(world_.random, 1s), [this, key, life = agent_life_] {
    if (life == agent_life_) give(agent::Cleaned{key});
  });
}

std::vector<agent::Found> NodeHost::found_on_disk() {
  std::vector<agent::Found> found;
  for (auto at = disk_.begin(); at != disk_.end();) {
    const auto& [key, directory] = *at;
    const auto launcher = launchers_.find(key);
    std::shared_ptr<const model::LaunchOrder> order;
    const bool has_programs = directory.order && directory.order->site_programs.is_wanted();
    if (has_programs && !directory.has_epilog_ended)
      order = std::make_shared<const model::LaunchOrder>(*directory.order);
    if (directory.is_acknowledged) {
      found.push_back({key, agent::Settled{}});
    } else if (directory.report) {
      found.push_back({key, agent::Reported{*directory.report}, order});
    } else if (!directory.launcher_ran && order) {
      found.push_back({key, agent::PrologDue{}, order});
    } else if (!directory.launcher_ran) {
      at = disk_.erase(at);
      continue;
    } else if (launcher != launchers_.end() && launcher->second == Life::running) {
      found.push_back({key,
                       agent::StillRunning{.started_at = world_.events.now(),
                                           .kill_grace = {},
                                           .is_prepared = directory.is_prepared},
                       order});
    } else {
      found.push_back(
          {key, agent::LauncherGone{world_.events.now(), directory.boot != boot_}, order});
    }
    ++at;
  }
  return found;
}

}  // namespace sim
