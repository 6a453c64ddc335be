#include "cli/embedded.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>
#include <system_error>

#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/loop/process_table.h"

namespace cli {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr base::Duration between_looks = 20ms;
constexpr base::Duration kill_limit = 5s;
constexpr std::size_t small_file = 4096;
constexpr std::size_t log_limit = std::size_t{1} << 30;

/// The entries of a folder, none where there is no such folder.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    found.push_back(it->path());
  }
  return found;
}

/// "PID START_TIME", as a launcher writes it.
std::optional<RecordedProcess> read_record(const std::string& path) {
  const auto text = loop::read_file(path, small_file);
  if (!text) return std::nullopt;
  const auto parts = base::split(base::trim(*text), ' ');
  if (parts.size() != 2) return std::nullopt;
  const auto pid = base::parse_int(parts[0], 2, INT32_MAX);
  const auto start_time = base::parse_int(parts[1], 0, INT64_MAX);
  if (!pid || !start_time) return std::nullopt;
  return RecordedProcess{static_cast<pid_t>(*pid), static_cast<std::uint64_t>(*start_time)};
}

void keep_living(std::vector<RecordedProcess>& processes) {
  std::erase_if(processes, [](const auto& process) { return !is_alive(process); });
}

void wait_for_end(std::vector<RecordedProcess>& processes, base::Duration limit) {
  const loop::Elapsed elapsed;
  keep_living(processes);
  while (!processes.empty() && elapsed.so_far() < limit) {
    sleep_for(between_looks);
    keep_living(processes);
  }
}

void signal_all(const std::vector<RecordedProcess>& processes, int number) {
  for (const auto& process : processes) {
    // One that ends meanwhile is what is wanted.
    if (is_alive(process)) (void)::kill(process.pid, number);
  }
}

}  // namespace

Try<pid_t> controller_of(const ClusterPaths& paths) {
  const auto holder = loop::lock_holder(paths.lock());
  if (!holder) return refuse(holder.error());
  return *holder;
}

bool is_alive(const RecordedProcess& process) {
  const auto entry = loop::read_process(process.pid);
  return entry && !entry->is_zombie && entry->start_time == process.start_time;
}

std::vector<RecordedProcess> living_launchers(const ClusterPaths& paths) {
  std::vector<RecordedProcess> living;
  for (const auto& node : entries(paths.nodes_dir())) {
    for (const auto& launch : entries(node / "launches")) {
      const auto record = read_record(launch / "pid");
      if (record && is_alive(*record)) living.push_back(*record);
    }
  }
  return living;
}

std::vector<RecordedProcess> living_agents(const ClusterPaths& paths) {
  std::vector<RecordedProcess> living;
  for (const auto& node : entries(paths.nodes_dir())) {
    const auto holder = loop::lock_holder(node / "agent.lock");
    if (!holder || *holder <= 0) continue;
    const auto start_time = loop::process_start_time(*holder);
    if (start_time) living.push_back({*holder, *start_time});
  }
  return living;
}

std::vector<RecordedProcess> end_processes(std::vector<RecordedProcess> processes,
                                           base::Duration grace) {
  signal_all(processes, SIGTERM);
  wait_for_end(processes, grace);
  signal_all(processes, SIGKILL);
  wait_for_end(processes, kill_limit);
  return processes;
}

void remove_sockets(const ClusterPaths& paths) {
  std::vector<std::string> sockets{paths.api_socket(), paths.agents_socket()};
  for (const auto& path : entries(paths.run_dir())) {
    if (path.extension() == ".sock") sockets.push_back(path);
  }
  for (const auto& path : sockets) {
    std::error_code ignored;  // a socket that is in the way is replaced by whoever listens next
    if (!is_listening(loop::UnixAddress{path})) fs::remove(path, ignored);
  }
}

int usable_cores() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (::sched_getaffinity(0, sizeof cpus, &cpus) != 0) return 1;
  std::set<std::string> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &cpus)) continue;
    const auto siblings = loop::read_file(
        fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", cpu),
        small_file);
    cores.insert(siblings ? *siblings : fmt::format("{}", cpu));
  }
  return std::max(1, static_cast<int>(cores.size()));
}

std::string last_lines(const std::string& path, std::size_t n_lines) {
  const auto text = loop::read_file(path, log_limit);
  if (!text) return text.error().text + "\n";
  auto start = text->size();
  for (std::size_t n = 0; start > 0; --start) {
    if ((*text)[start - 1] == '\n' && start != text->size() && ++n == n_lines) break;
  }
  return text->substr(start);
}

}  // namespace cli
