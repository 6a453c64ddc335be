#include "sim/replay/tuning.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "conf/change.h"
#include "scheduler/configured/configured.h"

namespace replay {

namespace {

constexpr auto keys_that_count = std::to_array<std::string_view>(
    {"scheduler.order", "scheduler.reservations", "scheduler.backfill_order", "scheduler.slice",
     "scheduler.default_class", "scheduler.fair_share", "scheduler.fair_share_half_life",
     "scheduler.size_weight", "limits.jobs_kept"});

std::optional<Machine> machine_of(const std::vector<conf::Pool>& pools) {
  if (pools.empty()) return std::nullopt;
  const int cores = pools[0].cpus_per_node;
  const int gpus = pools[0].gpus_per_node;
  Machine machine{.nodes = 0, .cores_per_node = cores, .gpus_per_node = gpus};
  for (const auto& pool : pools) {
    if (pool.cpus_per_node != cores || pool.gpus_per_node != gpus) return std::nullopt;
    machine.nodes += pool.nodes;
  }
  return machine;
}

/// What running jobs hold together: a replay refuses nobody, has one pool and no midnight.
std::vector<scheduler::Quota> quotas_of_replays(std::vector<scheduler::Quota> quotas) {
  using enum model::QuotaResource;
  for (auto& quota : quotas) {
    for (const auto resource : {queued_jobs, gpu_hours, core_hours}) quota.limits.erase(resource);
  }
  std::erase_if(quotas, [](const scheduler::Quota& quota) {
    return quota.limits.empty() || !quota.pool.empty();
  });
  return quotas;
}

base::Result<conf::Config> changed(conf::Config config, std::span<const std::string> changes) {
  for (const auto& each : changes) {
    if (auto done = conf::change(config, each); !done) return std::unexpected(done.error());
  }
  if (const auto clashes = conf::clashes(config); !clashes.empty()) {
    return base::fail(base::Code::invalid, clashes.front().text);
  }
  return config;
}

}  // namespace

base::Result<void> check_change(std::string_view assignment) {
  auto scratch = conf::defaults();
  if (auto done = conf::change(scratch, assignment); !done) return done;
  const auto key = assignment.substr(0, assignment.find('='));
  if (std::ranges::find(keys_that_count, key) != keys_that_count.end()) return {};
  return base::fail(base::Code::invalid, fmt::format("'{}' changes no replay; expected one of {}",
                                                     key, fmt::join(keys_that_count, ", ")));
}

base::Result<Tuning> read_tuning(const std::string& path, std::span<const std::string> changes) {
  auto read = path.empty() ? base::Result<conf::Config>(conf::defaults()) : conf::read_file(path);
  if (!read) return std::unexpected(read.error());
  auto config = changed(std::move(*read), changes);
  if (!config) return std::unexpected(config.error().in("--set"));
  for (auto& each : config->classes) each.users.clear();
  for (auto& each : config->workspaces) each.users.clear();
  Tuning tuning{.order = config->scheduler.order,
                .policy = configured::policy_options(*config),
                .settings = configured::settings(*config, 0),
                .machine = machine_of(config->pools)};
  tuning.settings.pools = scheduler::Settings().pools;
  tuning.settings.quotas = quotas_of_replays(std::move(tuning.settings.quotas));
  tuning.settings.queued_jobs = std::numeric_limits<std::size_t>::max();
  return tuning;
}

}  // namespace replay
