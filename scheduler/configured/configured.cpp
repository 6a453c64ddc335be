#include "scheduler/configured/configured.h"

#include <utility>
#include <vector>

namespace configured {

namespace {

std::vector<scheduler::Class> classes_of(const std::vector<conf::Class>& config) {
  std::vector<scheduler::Class> classes;
  for (const auto& each : config) {
    classes.push_back({.name = each.name,
                       .base = each.base,
                       .preempts = each.preempts,
                       .grace = each.grace,
                       .max_preemptions = static_cast<std::uint32_t>(each.max_preemptions),
                       .users = each.users,
                       .yields = each.yields});
  }
  return classes;
}

}  // namespace

scheduler::Settings settings(const conf::Config& config, std::uint32_t owner_uid) {
  scheduler::Settings settings{
      .cluster = config.cluster.name,
      .owner_uid = owner_uid,
      .pools = {},
      .classes = {},
      .workspaces = {},
      .kill_grace = config.scheduler.kill_grace,
      .node_timeout = config.scheduler.node_timeout,
      .requeue_limit = static_cast<std::uint32_t>(config.scheduler.requeue_limit),
      .requeue_backoff = config.scheduler.requeue_backoff,
      .queued_jobs = static_cast<std::size_t>(config.limits.queued_jobs),
      .jobs_kept = static_cast<std::size_t>(config.limits.jobs_kept)};
  for (const auto& pool : config.pools) settings.pools.push_back(pool.name);
  std::vector<scheduler::Workspace> workspaces;
  for (const auto& each : config.workspaces)
    workspaces.push_back({.name = each.name, .shares = each.shares, .users = each.users});
  settings.workspaces = scheduler::Workspaces(std::move(workspaces));
  settings.classes = {
      config.classes.empty() ? scheduler::built_in_classes() : classes_of(config.classes),
      config.scheduler.default_class};
  return settings;
}

/// The words of the configuration were checked when it was read.
policy::Options policy_options(const conf::Scheduler& config) {
  return {.order = *policy::order_from_text(config.order),
          .depth = static_cast<std::size_t>(config.reservations),
          .backfill_order = *policy::backfill_order_from_text(config.backfill_order),
          .weights = {.fair_share = static_cast<double>(config.fair_share),
                      .size = static_cast<double>(config.size_weight),
                      .half_life = config.fair_share_half_life},
          .slice = config.slice};
}

}  // namespace configured
