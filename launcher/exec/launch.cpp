#include "launcher/exec/launch.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <utility>

#include "launcher/exec/batch.h"
#include "launcher/exec/step.h"
#include "lib/loop/clock.h"
#include "lib/loop/secret.h"

namespace exec {

namespace {

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
}

model::LaunchReport perform(Launch& launch) {
  return launch.order.step ? run_step(launch) : run_batch(launch);
}

}  // namespace

const std::string& node_name(const model::LaunchOrder& order) {
  return order.allocation.nodes[static_cast<std::size_t>(order.node_index)].name;
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
  if (failure.cause == model::Cause::cannot_start) return 127;
  return failure.code == 0 ? 1 : failure.code;
}

base::Result<void> run_launch(const std::string& directory, const std::string& topology_xml) {
  ignore_terminal_signals();
  const base::Time started_at = loop::now();
  auto dir = LaunchDir::open(directory);
  if (!dir) return std::unexpected(dir.error());
  auto order = dir->read_order();
  if (!order) return std::unexpected(order.error());
  const std::string launch_id = to_text(order->key) + "." + loop::random_hex(16);
  if (auto written = dir->write_identity(launch_id); !written) return written;

  auto topology = dir->read_topology();
  Launch launch{.dir = std::move(*dir), .order = std::move(*order)};
  launch.place.launch_id = launch_id;
  launch.place.programs = folder_of_programs();
  launch.topology_xml = topology_xml.empty() ? launch.dir.topology_xml() : topology_xml;

  model::LaunchReport report{.key = launch.order.key};
  if (topology) {
    launch.topology = std::move(*topology);
    report = perform(launch);
  } else {
    report.failure = failure_of(launch.order, model::Cause::cannot_start, topology.error().text);
    report.exit_code = exit_code_of(*report.failure);
  }
  report.started_at = started_at;
  report.ended_at = loop::now();
  return launch.dir.write_report(report);
}

}  // namespace exec
