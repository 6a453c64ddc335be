#include "scheduler/configured/configured.h"

#include <optional>
#include <utility>
#include <vector>

#include "conf/switches.h"
#include "lib/base/text.h"

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

std::vector<scheduler::NodeMark> marks_of(const conf::Config& config) {
  std::vector<scheduler::NodeMark> marks;
  for (const auto& pool : config.pools) {
    const bool is_low_priority = pool.tier == "low-priority";
    if (pool.features.empty() && !is_low_priority) continue;
    marks.push_back({.pool = pool.name,
                     .names = {},
                     .features = pool.features,
                     .switches = {},
                     .is_low_priority = is_low_priority});
  }
  for (const auto& group : config.node_groups) {
    marks.push_back({.pool = {}, .names = group.names, .features = group.features, .switches = {}});
  }
  for (const auto& each : config.switches) {
    if (each.nodes.empty()) continue;
    marks.push_back({.pool = {},
                     .names = each.nodes,
                     .features = {},
                     .switches = conf::switch_path(config.switches, each.name)});
  }
  return marks;
}

scheduler::IdleGpus idle_gpus(const std::string& action) {
  using enum scheduler::IdleGpus;
  return action == "cancel" ? cancelled : action == "preempt" ? preempted : told;
}

model::NodeCare care_of(const conf::Pool& pool, const std::string& cluster) {
  return {.pool = pool.name,
          .cluster = cluster,
          .mounts = pool.mounts,
          .mount_timeout = pool.mount_timeout,
          .setup = pool.setup,
          .setup_timeout = pool.setup_timeout,
          .setup_tries = pool.setup_tries,
          .setup_pause = pool.setup_pause,
          .setup_heal = pool.setup_heal,
          .health = pool.health,
          .health_interval = pool.health_interval,
          .health_timeout = pool.health_timeout,
          .checks = pool.checks,
          .free_disk = pool.free_disk,
          .free_memory = pool.free_memory,
          .gpu_full_link = pool.gpu_full_link};
}

std::vector<scheduler::Quota> quotas_of(const std::vector<conf::Quota>& config) {
  using enum model::QuotaResource;
  std::vector<scheduler::Quota> quotas;
  for (const auto& each : config) {
    scheduler::Quota quota{.user = each.user,
                           .workspace = each.workspace,
                           .class_name = each.class_name,
                           .pool = each.pool,
                           .tier = model::tier_from_text(each.tier),
                           .limits = {},
                           .period = each.period,
                           .lends = each.lend,
                           .borrows = each.borrow};
    const auto add = [&quota](model::QuotaResource resource, std::optional<int> limit) {
      if (limit) quota.limits.emplace(resource, *limit);
    };
    add(cores, each.cores);
    add(gpus, each.gpus);
    add(nodes, each.nodes);
    add(running_jobs, each.running_jobs);
    add(queued_jobs, each.queued_jobs);
    add(gpu_hours, each.gpu_hours);
    add(core_hours, each.core_hours);
    quotas.push_back(std::move(quota));
  }
  return quotas;
}

}  // namespace

scheduler::Settings settings(const conf::Config& config, std::uint32_t owner_uid) {
  scheduler::Settings settings{
      .cluster = config.cluster.name,
      .owner_uid = owner_uid,
      .pools = {},
      .classes = {},
      .workspaces = {},
      .licenses = {},
      .marks = marks_of(config),
      .booked_nodes = config.limits.booked_nodes,
      .quotas = quotas_of(config.quotas),
      .leave_out_foreign_names = config.scheduler.foreign_names == "note",
      .kill_grace = config.scheduler.kill_grace,
      .launch_log = config.limits.launch_log,
      .has_shared_tmp = !config.cluster.shared_tmp.empty(),
      .node_timeout = config.scheduler.node_timeout,
      .requeue_limit = static_cast<std::uint32_t>(config.scheduler.requeue_limit),
      .requeue_backoff = config.scheduler.requeue_backoff,
      .max_prolog_failures = config.limits.max_prolog_failures,
      .suspect_after = config.limits.suspect_after,
      .gpu_idle_notice = config.limits.gpu_idle_notice,
      .idle_gpus = idle_gpus(config.limits.gpu_idle_action),
      .queued_jobs = static_cast<std::size_t>(config.limits.queued_jobs),
      .jobs_kept = static_cast<std::size_t>(config.limits.jobs_kept)};
  for (const auto& pool : config.pools) {
    settings.pools.push_back(pool.name);
    const auto care = care_of(pool, config.cluster.name);
    if (!model::basis_of(care).empty()) settings.care.emplace(pool.name, care);
    const model::SitePrograms programs{.prolog = pool.prolog,
                                       .epilog = pool.epilog,
                                       .prolog_limit = pool.prolog_timeout,
                                       .epilog_limit = pool.epilog_timeout};
    if (programs.is_wanted()) settings.site_programs.emplace(pool.name, programs);
    if (pool.tier == "low-priority") settings.low_priority_pools.insert(pool.name);
  }
  for (const auto& each : config.licenses) settings.licenses.emplace(each.name, each.count);
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
model::ContainerSite containers(const conf::Containers& config) {
  model::ContainerSite site{config.cache, config.cache_limit, {}};
  for (const auto folder : base::split(config.binds, ':')) {
    if (!folder.empty()) site.binds.emplace_back(folder);
  }
  return site;
}

policy::Options policy_options(const conf::Config& whole) {
  const auto& config = whole.scheduler;
  policy::Options options{
      .order = *policy::order_from_text(config.order),
      .depth = static_cast<std::size_t>(config.reservations),
      .depth_by_pool = {},
      .backfill_order = *policy::backfill_order_from_text(config.backfill_order),
      .weights = {.fair_share = static_cast<double>(config.fair_share),
                  .size = static_cast<double>(config.size_weight),
                  .half_life = config.fair_share_half_life},
      .slice = config.slice};
  for (const auto& pool : whole.pools) {
    if (pool.reservations)
      options.depth_by_pool.emplace(pool.name, static_cast<std::size_t>(*pool.reservations));
  }
  return options;
}

}  // namespace configured
