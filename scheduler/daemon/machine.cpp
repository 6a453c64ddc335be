#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <string>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "scheduler/daemon/local_nodes.h"

namespace musterd {

namespace {

constexpr std::size_t most_cpus = 8192;
constexpr std::size_t small_file = 65536;

/// The hardware threads that share a core with this one, as the kernel lists them: one text for
/// each core. Without that knowledge each thread counts as a core.
std::string core_of(std::size_t cpu) {
  const auto siblings = loop::read_file(
      "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list",
      small_file);
  return siblings ? *siblings : std::to_string(cpu);
}

int count_cores() {
  cpu_set_t* set = CPU_ALLOC(most_cpus);
  const std::size_t size = CPU_ALLOC_SIZE(most_cpus);
  CPU_ZERO_S(size, set);
  std::set<std::string> cores;
  if (sched_getaffinity(0, size, set) == 0) {
    for (std::size_t cpu = 0; cpu < most_cpus; ++cpu) {
      if (CPU_ISSET_S(cpu, size, set)) cores.insert(core_of(cpu));
    }
  }
  CPU_FREE(set);
  return std::max(1, static_cast<int>(cores.size()));
}

std::uint64_t physical_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  return static_cast<std::uint64_t>(std::max(pages, 0L)) *
         static_cast<std::uint64_t>(std::max(page, 0L));
}

/// The limit of the control group this process sees as its root (a container), if it has one.
std::optional<std::uint64_t> group_memory() {
  const auto limit = loop::read_file("/sys/fs/cgroup/memory.max", small_file);
  if (!limit) return std::nullopt;
  const auto bytes = base::parse_int(base::trim(*limit), 1, INT64_MAX);
  return bytes ? std::optional(static_cast<std::uint64_t>(*bytes)) : std::nullopt;
}

}  // namespace

Machine this_machine() {
  const auto physical = physical_memory();
  return {.cores = count_cores(),
          .memory = base::Bytes(std::min(physical, group_memory().value_or(physical)))};
}

}  // namespace musterd
