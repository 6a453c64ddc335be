// seff: how well a job used what it had.

#include <fmt/format.h>

#include <grp.h>

#include "cli/compat/command.h"
#include "cli/compat/job_source.h"
#include "cli/compat/job_values.h"
#include "cli/compat/slurm_states.h"
#include "cli/compat/slurm_time.h"
#include "cli/terminal.h"
#include "lib/base/text.h"

namespace cli {

namespace seff {
namespace {

using model::JobRecord;

/// "1.50 GB"
std::string size_text(double bytes) {
  constexpr const char* units[] = {"KB", "MB", "GB", "TB"};
  double size = bytes / base::kib;
  std::size_t unit = 0;
  while (size >= base::kib && unit + 1 < std::size(units)) {
    size /= base::kib;
    ++unit;
  }
  return fmt::format("{:.2f} {}", size, units[unit]);
}

double percent(double part, double whole) {
  return whole > 0 ? 100 * part / whole : 0;
}

std::string group_of(const JobRecord& job) {
  const auto* entry = ::getgrgid(job.user.gid);
  return entry != nullptr ? entry->gr_name : std::to_string(job.user.gid);
}

std::string cores_text(const JobRecord& job) {
  const int n_nodes = compat::node_count(job);
  const int n_cores = compat::cpu_count(job);
  if (n_nodes == 1) return fmt::format("Cores: {}\n", n_cores);
  return fmt::format("Nodes: {}\nCores per node: {}\n", n_nodes, n_cores / n_nodes);
}

std::string cpu_text(const JobRecord& job, base::Time now) {
  const auto wall = compat::run_time(job, now);
  const auto all = wall * compat::cpu_count(job);
  return fmt::format(
      "CPU Utilized: {}\nCPU Efficiency: {:.2f}% of {} core-walltime\n"
      "Job Wall-clock time: {}\n",
      compat::long_clock(job.usage.cpu),
      percent(static_cast<double>(job.usage.cpu.count()), static_cast<double>(all.count())),
      compat::long_clock(all), compat::long_clock(wall));
}

std::string memory_text(const JobRecord& job) {
  const auto peak = std::max(job.usage.total_peak, job.usage.memory_peak);
  const auto used = static_cast<double>(peak.count());
  base::Bytes given;
  for (const auto& share : job.allocation.nodes) given = std::max(given, share.memory);
  const auto limit = static_cast<double>(given.count());
  auto text = fmt::format("Memory Utilized: {}\n", size_text(used));
  if (given != base::Bytes())
    text +=
        fmt::format("Memory Efficiency: {:.2f}% of {}\n", percent(used, limit), size_text(limit));
  return text;
}

std::string report(const JobRecord& job, const compat::Surroundings& with) {
  auto text = fmt::format("Job ID: {}\n", to_text(job.job));
  if (job.task) text += fmt::format("Array Job ID: {}\n", compat::job_id_text(job));
  text +=
      fmt::format("Cluster: {}\nUser/Group: {}/{}\n", with.cluster, job.user.name, group_of(job));
  const auto state = compat::slurm_state(job).name;
  if (!job.started_at) return text + fmt::format("State: {}\n", state);
  text += fmt::format("State: {} (exit code {})\n", state, compat::exit_status(job).code);
  text += cores_text(job) + cpu_text(job, with.now) + memory_text(job);
  if (!model::is_final(job.state))
    text += "WARNING: Efficiency statistics may be misleading for RUNNING jobs.\n";
  return text;
}

Outcome run_seff(std::span<const std::string> words) {
  if (words.empty()) return refuse("expected the id of a job");
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  const auto named = compat::named_job(words.back());
  if (!named) return refuse(named.error());
  const auto job = find_job(*api, to_text(*named));
  if (!job) return std::unexpected(job.error());
  if (!*job) {
    print_error("Job not found.\n");
    return exit_usage;
  }
  const auto with = surroundings(*api, true);
  if (!with) return std::unexpected(with.error());
  print(report(**job, *with));
  return exit_done;
}

}  // namespace
}  // namespace seff

const CompatCommand seff_command{
    .name = "seff",
    .dialect = model::Dialect::slurm,
    .usage = "usage: seff ID\n\nSay how well a job used its cores and its memory.\n",
    .run = seff::run_seff};

}  // namespace cli
