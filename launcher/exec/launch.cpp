#include "launcher/exec/launch.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <memory>
#include <utility>

#include "launcher/exec/batch.h"
#include "launcher/exec/end_signal.h"
#include "launcher/exec/job_folders.h"
#include "launcher/exec/mount_space.h"
#include "launcher/exec/network.h"
#include "launcher/exec/node_names.h"
#include "launcher/exec/preparation.h"
#include "launcher/exec/step.h"
#include "launcher/exec/user.h"
#include "launcher/map/container_plan.h"
#include "lib/loop/clock.h"
#include "lib/loop/secret.h"

namespace exec {

namespace {

constexpr timespec report_pause{.tv_sec = 1, .tv_nsec = 0};
constexpr int report_retries = 600;
constexpr std::size_t image_environment_limit = std::size_t{1} << 20;

std::string folder_of_programs() {
  std::array<char, 4096> path{};
  const ssize_t n_bytes = readlink("/proc/self/exe", path.data(), path.size());
  const std::string program(path.data(), n_bytes > 0 ? static_cast<std::size_t>(n_bytes) : 0);
  return program.substr(0, program.rfind('/'));
}

/// Only SIGTERM ends a launch; a closed terminal of somebody up the tree does not.
void ignore_terminal_signals() {
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGQUIT, SIG_IGN);
  std::signal(SIGUSR1, SIG_IGN);  // until there is something that could save its work
}

/// The order's cores and GPUs are some that the node has: else it was made for another topology.
base::Result<void> check_share(const Launch& launch) {
  const auto& order = launch.order;
  const auto& share = order.allocation.nodes[static_cast<std::size_t>(order.node_index)];
  const auto lacks = [](const model::IndexSet& wanted, std::size_t n_there) {
    const auto members = wanted.members();
    return !members.empty() && static_cast<std::size_t>(members.back()) >= n_there;
  };
  if (!lacks(share.cores, launch.topology.cores.size()) &&
      !lacks(share.gpus, launch.topology.gpus.size())) {
    return {};
  }
  return base::fail(base::Code::conflict,
                    "the order is for cores '" + to_text(share.cores) + "' and GPUs '" +
                        to_text(share.gpus) + "' of a node that has " +
                        std::to_string(launch.topology.cores.size()) + " cores and " +
                        std::to_string(launch.topology.gpus.size()) + " GPUs");
}

model::LaunchReport cannot_start(const Launch& launch, const base::Error& why) {
  model::LaunchReport report{.key = launch.order.key};
  const auto cause =
      launch.order.key.preparation ? model::Cause::preparation : model::Cause::cannot_start;
  report.failure = failure_of(launch.order, cause, why.text);
  report.exit_code = exit_code_of(*report.failure);
  return report;
}

/// Nothing is started for a step that is only to be mapped.
base::Result<void> make_group(Launch& launch, const LaunchOptions& options) {
  const auto& step = launch.order.step;
  const auto& hierarchies = options.hierarchies;
  if (hierarchies.empty() || (step && step->map_only)) return {};
  const bool has_devices = std::ranges::any_of(hierarchies, [](const auto& hierarchy) {
    return hierarchy.controllers.contains(model::Controller::devices);
  });
  const auto gpus = has_devices ? gpu_devices("") : std::vector<mapping::GpuDevice>();
  auto group = LaunchGroup::make(
      launch.dir, mapping::plan_groups(hierarchies, launch.order, launch.topology, gpus),
      options.needs_groups);
  if (!group) return std::unexpected(std::move(group).error());
  launch.group.emplace(std::move(*group));
  return {};
}

/// Takes over what the groups counted, and removes them.
void close_group(Launch& launch, model::LaunchReport& report) {
  if (!launch.group) return;
  const auto counted = launch.group->usage(model::is_script(launch.order.key));
  report.usage.cpu = std::max(report.usage.cpu, counted.cpu);
  report.usage.total_peak = counted.total_peak;
  if (launch.dir.has_undying()) return;  // the agent removes them after the processes
  if (!launch.group->remove(launch.dir)) launch.dir.note("the control groups are still in use");
}

/// Scripts and steps see what the preparation of their attempt has mounted.
base::Result<void> join_mounts(const Launch& launch) {
  const auto& key = launch.order.key;
  if (key.preparation || launch.order.job->preparation.mounts.empty()) return {};
  return join_mount_space(launch.dir, {key.job, key.attempt, {}, true});
}

/// And run where it has started a container.
base::Result<void> join_container(Launch& launch) {
  const auto& key = launch.order.key;
  if (key.preparation || !launch.order.job->preparation.has_image()) return {};
  auto container = Container::of_attempt(launch.dir, {key.job, key.attempt, {}, true});
  if (!container) return std::unexpected(container.error());
  run_inside(launch, std::move(*container));
  return {};
}

model::LaunchReport carry_out(Launch& launch) {
  if (launch.order.key.preparation) return run_preparation(launch);
  return launch.order.step ? run_step(launch) : run_batch(launch);
}

model::LaunchReport perform(Launch& launch, const LaunchOptions& options) {
  auto topology = launch.dir.read_topology();
  if (!topology) return cannot_start(launch, topology.error());
  launch.topology = std::move(*topology);
  if (auto checked = check_share(launch); !checked) return cannot_start(launch, checked.error());
  if (auto made = make_group(launch, options); !made) {
    if (options.needs_groups) return cannot_start(launch, made.error());
    launch.dir.note("goes on without control groups: " + made.error().text);
  }
  auto ready = hand_over(launch);
  if (ready) ready = join_mounts(launch);
  const auto named = ready ? name_nodes(launch) : base::Result<void>();
  if (ready) ready = become_user(launch);
  if (!named) launch.dir.note("the names of the job's nodes do not resolve: " + named.error().text);
  if (ready) ready = join_container(launch);
  auto report = ready ? carry_out(launch) : cannot_start(launch, ready.error());
  close_group(launch, report);
  return report;
}

/// The only word of how the launch ended is worth waiting for, when the disk is full for a while.
base::Result<void> leave_report(const LaunchDir& dir, const model::LaunchReport& report) {
  auto written = dir.write_report(report);
  for (int i = 0; !written && i < report_retries; ++i) {
    nanosleep(&report_pause, nullptr);
    written = dir.write_report(report);
  }
  return written;
}

}  // namespace

const std::string& node_name(const model::LaunchOrder& order) {
  return order.allocation.nodes[static_cast<std::size_t>(order.node_index)].name;
}

const model::GpuSet& gpus_of(const model::LaunchOrder& order) {
  return order.allocation.nodes[static_cast<std::size_t>(order.node_index)].gpus;
}

const Container* container_of(const Launch& launch) {
  return launch.container ? &*launch.container : nullptr;
}

void run_inside(Launch& launch, Container container) {
  auto job = std::make_shared<model::JobSpec>(*launch.order.job);
  mapping::add_image_environment(container.read("/ch/environment", image_environment_limit),
                                 job->environment);
  if (container.look_at(mapping::driver_folder)) mapping::add_driver_folder(job->environment);
  launch.order.job = std::move(job);
  launch.place.programs = mapping::programs_inside;
  launch.container.emplace(std::move(container));
}

model::Failure failure_of(const model::LaunchOrder& order, model::Cause cause, std::string text) {
  model::Failure failure;
  failure.cause = cause;
  failure.step = order.key.step;
  failure.node = node_name(order);
  failure.text = std::move(text);
  return failure;
}

int exit_code_of(const model::Failure& failure) {
  if (failure.cause == model::Cause::signal) return 128 + failure.code;
  if (failure.cause == model::Cause::told_to_end) return 128 + SIGTERM;
  if (failure.cause == model::Cause::cannot_start) return 127;
  if (failure.cause == model::Cause::out_of_memory && failure.code == 0) return 128 + SIGKILL;
  const int code = failure.code & 0xff;  // MPI_Abort takes any number, exit() keeps these bits
  return code == 0 ? 1 : code;
}

base::Result<void> run_launch(const LaunchOptions& options) {
  EndSignal::hold();
  ignore_terminal_signals();
  const base::Time started_at = loop::now();
  auto dir = LaunchDir::open(options.directory);
  if (!dir) return std::unexpected(dir.error());
  auto order = dir->read_order();
  if (!order) return std::unexpected(order.error());
  const std::string launch_id = to_text(order->key) + "." + loop::random_hex(16);
  if (auto written = dir->write_identity(launch_id); !written) return written;

  Launch launch{.dir = std::move(*dir), .order = std::move(*order)};
  launch.place.launch_id = launch_id;
  launch.programs = folder_of_programs();
  launch.place.programs = launch.programs;
  launch.place.interface =
      is_one_machine(launch.order) ? "lo" : interface_of(mapping::own_host(launch.order));
  launch.place.checkpoint_file = launch.dir.file("checkpoint");
  name_job_folders(launch.dir, launch.order, launch.place);
  launch.topology_xml =
      options.topology_xml.empty() ? launch.dir.topology_xml() : options.topology_xml;

  model::LaunchReport report = perform(launch, options);
  report.started_at = started_at;
  report.ended_at = loop::now();
  return leave_report(launch.dir, report);
}

}  // namespace exec
