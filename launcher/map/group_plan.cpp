#include "launcher/map/group_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "lib/base/text.h"

namespace mapping {

namespace {

using model::Controller;

/// In version 2 the kernel kills all at once; with the freezer nothing escapes.
int how_bad_to_kill(const model::Hierarchy& hierarchy) {
  if (hierarchy.version == 2) return 0;
  return hierarchy.controllers.contains(Controller::freezer) ? 1 : 2;
}

/// One hierarchy's part of the plan.
class Part {
 public:
  Part(const model::Hierarchy& hierarchy, const model::LaunchOrder& order, GroupPlan& plan)
      : hierarchy_(hierarchy),
        share_(order.allocation.nodes[static_cast<std::size_t>(order.node_index)]),
        plan_(plan),
        attempt_(
            fmt::format("{}/{}.{}", hierarchy.folder, to_text(order.key.job), order.key.attempt)),
        launch_(attempt_ + "/" + to_text(order.key)) {}

  void make_folders() {
    plan_.groups.shared.push_back(attempt_);
    plan_.groups.own.push_back(launch_);
    plan_.entrances.push_back({.version = hierarchy_.version, .folder = launch_});
  }

  void limit_memory(const model::Shape& shape) {
    if (!has(Controller::memory)) return;
    const bool is_unified = hierarchy_.version == 2;
    if (is_unified) write("cgroup.subtree_control", "+memory");
    plan_.peak_file = attempt_ + (is_unified ? "/memory.peak" : "/memory.max_usage_in_bytes");
    plan_.memory_file = launch_ + (is_unified ? "/memory.current" : "/memory.usage_in_bytes");
    plan_.own_peak_file = launch_ + (is_unified ? "/memory.peak" : "/memory.max_usage_in_bytes");
    plan_.oom_file = launch_ + (is_unified ? "/memory.events" : "/memory.oom_control");
    const bool is_asked = shape.memory_per_node || shape.memory_per_cpu;
    if (!is_asked || share_.memory == base::Bytes()) return;
    plan_.memory_limit = share_.memory;
    const auto limit = fmt::format("{}", share_.memory.count());
    write(is_unified ? "memory.max" : "memory.limit_in_bytes", limit);
    // What does not fit is not to be swapped either.
    write(is_unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes", is_unified ? "0" : limit,
          true);
  }

  void keep_to_cores(const model::Topology& topology) {
    if (!has(Controller::cpuset) || topology.oversubscribed || share_.cores.empty()) return;
    write("cpuset.cpus", to_text(cpus_of(topology, share_.cores)));
  }

  void keep_to_gpus(const model::Topology& topology, const std::vector<GpuDevice>& gpus) {
    constexpr int nvidia = 195;  // major number of /dev/nvidiaN
    if (!has(Controller::devices)) return;
    for (const auto& gpu : gpus) {
      const auto is_ours = std::ranges::any_of(share_.gpus.members(), [&](int own) {
        return topology.gpus[static_cast<std::size_t>(own)].pci == gpu.pci;
      });
      if (!is_ours) write("devices.deny", fmt::format("c {}:{} rwm", nvidia, gpu.minor));
    }
  }

  void count_time() {
    if (hierarchy_.version == 2) plan_.cpu_file = launch_ + "/cpu.stat";
    if (has(Controller::cpuacct)) plan_.cpu_file = launch_ + "/cpuacct.usage";
  }

 private:
  bool has(Controller controller) const { return hierarchy_.controllers.contains(controller); }
  void write(std::string_view file, std::string value, bool may_lack = false) {
    plan_.values.push_back({.path = fmt::format("{}/{}", attempt_, file),
                            .value = std::move(value),
                            .may_lack = may_lack});
  }

  const model::Hierarchy& hierarchy_;
  const model::NodeShare& share_;
  GroupPlan& plan_;
  std::string attempt_;
  std::string launch_;
};

}  // namespace

GroupPlan plan_groups(const std::vector<model::Hierarchy>& hierarchies,
                      const model::LaunchOrder& order, const model::Topology& topology,
                      const std::vector<GpuDevice>& gpus) {
  auto by_kill = hierarchies;
  std::ranges::stable_sort(by_kill, {}, how_bad_to_kill);
  GroupPlan plan;
  for (const auto& hierarchy : by_kill) {
    Part part(hierarchy, order, plan);
    part.make_folders();
    part.limit_memory(order.job->shape);
    part.keep_to_cores(topology);
    part.keep_to_gpus(topology, gpus);
    part.count_time();
  }
  return plan;
}

std::uint64_t counted(std::string_view text, std::string_view name) {
  for (const auto line : base::split(text, '\n')) {
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos || line.substr(0, blank) != name) continue;
    const auto number =
        base::parse_int(line.substr(blank + 1), 0, std::numeric_limits<std::int64_t>::max());
    return static_cast<std::uint64_t>(number.value_or(0));
  }
  return 0;
}

base::Duration cpu_time(std::string_view text) {
  const auto nanoseconds =
      base::parse_int(base::trim(text), 0, std::numeric_limits<std::int64_t>::max());
  if (nanoseconds) {
    return std::chrono::duration_cast<base::Duration>(std::chrono::nanoseconds(*nanoseconds));
  }
  return std::chrono::microseconds(counted(text, "usage_usec"));
}

std::string out_of_memory_text(base::Bytes peak, std::optional<base::Bytes> limit) {
  const bool is_known = peak > base::Bytes();  // older kernels do not tell
  if (limit && !is_known) return fmt::format("it may use {}", base::to_text(*limit));
  if (!is_known) return {};
  if (limit) return fmt::format("it used {} of {}", base::to_text(peak), base::to_text(*limit));
  return fmt::format("it used {}, and the node had no more", base::to_text(peak));
}

}  // namespace mapping
