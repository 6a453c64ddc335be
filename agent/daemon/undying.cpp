#include "agent/daemon/undying.h"

#include <sched.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/folder.h"
#include "lib/wire/agent.h"

namespace agentd {

namespace {

constexpr std::size_t undying_file_limit = 64;
constexpr std::size_t node_file_limit = std::size_t{64} << 20;
constexpr int most_cpus = 8192;  // that kernels of today are made for
constexpr const char* undying_name = "undying";

/// Of this node, as the agent has described it to its launchers.
std::optional<model::Topology> topology_of(const LaunchDirs& dirs) {
  const auto bytes = loop::read_file(dirs.root() + "/../node", node_file_limit);
  auto message = bytes ? wire::decode_from_agent(*bytes) : std::unexpected(bytes.error());
  auto* hello = message ? std::get_if<model::AgentHello>(&*message) : nullptr;
  return hello == nullptr ? std::nullopt : std::optional(std::move(hello->info.topology));
}

/// Names of what is in a folder; nullopt: it cannot be read.
std::optional<std::vector<std::string>> names_in(const std::string& path) {
  const loop::Folder folder(opendir(path.c_str()));
  if (!folder) return std::nullopt;
  std::vector<std::string> names;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

std::string of_process(pid_t pid, std::string_view name) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(name);
}

/// Where any of its threads may run.
model::CpuSet cpus_of_process(pid_t pid) {
  struct Free {
    void operator()(cpu_set_t* set) const { CPU_FREE(set); }
  };
  const std::size_t size = CPU_ALLOC_SIZE(most_cpus);
  const std::unique_ptr<cpu_set_t, Free> set(CPU_ALLOC(most_cpus));
  model::CpuSet cpus;
  for (const auto& name : names_in(of_process(pid, "task")).value_or(std::vector<std::string>())) {
    const auto thread = base::parse_int(name, 1, std::numeric_limits<pid_t>::max());
    CPU_ZERO_S(size, set.get());
    if (!thread || sched_getaffinity(static_cast<pid_t>(*thread), size, set.get()) != 0) continue;
    for (int cpu = 0; cpu < most_cpus; ++cpu) {
      if (CPU_ISSET_S(cpu, size, set.get())) cpus.add(cpu);
    }
  }
  return cpus;
}

model::CoreSet cores_where(const model::Topology& topology, const model::CoreSet& cores,
                           const model::CpuSet& cpus) {
  model::CoreSet where;
  for (const int core : cores.members()) {
    const auto place = static_cast<std::size_t>(core);
    if (place < topology.cores.size() && topology.cores[place].cpus.intersects(cpus))
      where.add(core);
  }
  return where.empty() ? cores : where;
}

/// One that is on its way out has closed its files, and the device may be what holds it.
bool may_use_gpus(pid_t pid) {
  const auto files = names_in(of_process(pid, "fd"));
  if (!files || files->empty()) return true;
  for (const auto& name : *files) {
    std::array<char, 64> target{};
    const auto path = of_process(pid, "fd/" + name);
    const auto length = readlink(path.c_str(), target.data(), target.size());
    const std::string_view device(target.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    if (device.starts_with("/dev/nvidia")) return true;
  }
  return false;
}

}  // namespace

base::Time note_undying(const std::string& launch_dir, base::Time killed_at) {
  const auto path = launch_dir + "/" + undying_name;
  if (const auto text = loop::read_file(path, undying_file_limit)) {
    const auto us = base::parse_int(base::trim(*text), 0, std::numeric_limits<std::int64_t>::max());
    if (us) return base::time_from_us(*us);
  }
  // Without the file the next agent does not find them; this one watches them all the same.
  (void)loop::write_file_atomic(path, std::to_string(base::to_us(killed_at)) + "\n",
                                {.mode = 0600, .sync = false});
  return killed_at;
}

bool has_undying(const std::string& launch_dir) {
  return access((launch_dir + "/" + undying_name).c_str(), F_OK) == 0;
}

void forget_undying(const std::string& launch_dir) {
  // One that stays is looked at by the next agent, which finds nothing.
  (void)unlink((launch_dir + "/" + undying_name).c_str());
}

std::vector<model::Undying> held_by(const std::vector<loop::ProcessEntry>& processes,
                                    const LaunchDirs& dirs, const model::LaunchKey& key,
                                    base::Time since) {
  const auto order = dirs.order(key);
  const auto topology = topology_of(dirs);
  if (!order || !topology) return {};
  const auto& share = order->allocation.nodes[static_cast<std::size_t>(order->node_index)];
  std::vector<model::Undying> held;
  for (const auto& process : processes) {
    const bool has_gpus = !share.gpus.empty() && may_use_gpus(process.pid);
    held.push_back({.launch = key,
                    .pid = process.pid,
                    .command = process.command,
                    .state = std::string(1, process.state),
                    .since = since,
                    .cores = cores_where(*topology, share.cores, cpus_of_process(process.pid)),
                    .gpus = has_gpus ? share.gpus : model::GpuSet()});
  }
  return held;
}

}  // namespace agentd
