#include "sim/truth.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "scheduler/core/record.h"

namespace sim {

namespace {

constexpr std::array<std::pair<Property, std::string_view>, 11> names{
    {{Property::overlap, "overlap"},
     {Property::twice, "twice"},
     {Property::lost, "lost"},
     {Property::replay, "replay"},
     {Property::sound, "sound"},
     {Property::untrue, "untrue"},
     {Property::unfinished, "unfinished"},
     {Property::overlooked, "overlooked"},
     {Property::pools, "pools"},
     {Property::unprepared, "unprepared"},
     {Property::quota, "quota"}}};

/// What the job holds of it; the simulated cluster has one pool.
std::int64_t held(const scheduler::Job& job, model::QuotaResource resource) {
  const auto& allocation = scheduler::active_attempt(job)->allocation;
  switch (resource) {
    case model::QuotaResource::cores:
      return model::n_cores(allocation);
    case model::QuotaResource::gpus:
      return model::n_gpus(allocation);
    case model::QuotaResource::nodes:
      return static_cast<std::int64_t>(allocation.nodes.size());
    case model::QuotaResource::running_jobs:
      return 1;
    case model::QuotaResource::queued_jobs:
    case model::QuotaResource::gpu_hours:
    case model::QuotaResource::core_hours:
      return 0;
  }
  return 0;
}

bool is_about(const scheduler::Quota& quota, const scheduler::Job& job) {
  const auto fits = [](const std::string& who, const std::string& name) {
    return who.empty() || who == name;
  };
  return fits(quota.user, job.user.name) && fits(quota.workspace, job.spec->workspace) &&
         fits(quota.class_name, job.spec->class_name);
}

/// Attempts that ended for reasons that are not the job's.
int n_made_up_for(const scheduler::Job& job) {
  return static_cast<int>(std::ranges::count_if(job.earlier, [](const auto& attempt) {
    return attempt.why.cause == model::Cause::node_lost ||
           attempt.why.cause == model::Cause::preempted ||
           attempt.why.cause == model::Cause::evicted || attempt.why.cause == model::Cause::grow ||
           attempt.why.cause == model::Cause::prolog || model::is_requeue(attempt.why.cause);
  }));
}

/// After an attempt that ended so, whose script exited with this code.
bool may_start_again(const scheduler::Job& job, const model::Failure& why, int exit_code) {
  const auto cause = why.cause;
  if (cause == model::Cause::node_lost || cause == model::Cause::preempted ||
      cause == model::Cause::evicted || cause == model::Cause::grow ||
      cause == model::Cause::prolog || model::is_requeue(cause))
    return true;
  const auto& policy = job.spec->restart;
  if (!policy || static_cast<int>(job.earlier.size()) > policy->most + n_made_up_for(job))
    return false;
  if (cause == model::Cause::time_limit) return policy->on_timeout;
  if (cause == model::Cause::out_of_memory) return policy->on_oom;
  if (cause == model::Cause::hang) return policy->on_hang;
  if (model::is_of_preparation(why)) return policy->on_preparation;
  if (cause == model::Cause::signal && policy->on_signal) return true;
  const bool is_of_rank = why.step && policy->exit_codes.contains(why.code);
  return is_of_rank || policy->exit_codes.contains(exit_code);
}

}  // namespace

std::string_view to_text(Property property) {
  for (const auto& [value, name] : names) {
    if (value == property) return name;
  }
  return "?";
}

std::optional<Property> property_from_text(std::string_view text) {
  for (const auto& [value, name] : names) {
    if (name == text) return value;
  }
  return std::nullopt;
}

void Truth::violate(Property property, std::string text) {
  if (!violation_) violation_ = Violation{property, std::move(text)};
}

void Truth::started(const std::string& node, const model::LaunchOrder& order) {
  const auto& share = order.allocation.nodes.at(static_cast<std::size_t>(order.node_index));
  if (!started_.emplace(node, order.key).second) {
    violate(Property::twice, fmt::format("{} started twice on {}", to_text(order.key), node));
  }
  for (const auto& [place, process] : running_) {
    const auto& [where, key] = place;
    const bool same_attempt = key.job == order.key.job && key.attempt == order.key.attempt;
    if (where != node || same_attempt) continue;
    if (process.cores.intersects(share.cores) || process.gpus.intersects(share.gpus)) {
      violate(Property::overlap, fmt::format("{} started on cores or GPUs of {} that {} uses",
                                             to_text(order.key), node, to_text(key)));
    }
  }
  for (const auto& [place, held] : to_undo_) {
    const auto& [where, key] = place;
    const bool same_attempt = key.job == order.key.job && key.attempt == order.key.attempt;
    if (where != node || same_attempt) continue;
    if (held.cores.intersects(share.cores) || held.gpus.intersects(share.gpus)) {
      violate(Property::overlap, fmt::format("{} started on what {} has of {} until its epilog",
                                             to_text(order.key), to_text(key), node));
    }
  }
  if (model::is_script(order.key)) check_prepared(order);
  running_.insert_or_assign(Place(node, order.key), Process{share.cores, share.gpus});
}

void Truth::prepared(const std::string& node, const model::LaunchKey& key) {
  prepared_.emplace(node, key);
}

void Truth::prolog_began(const std::string& node, const model::LaunchOrder& order) {
  for (const auto& [where, key] : started_) {
    if (where == node && key.job == order.key.job && key.attempt == order.key.attempt)
      violate(Property::unprepared, fmt::format("{} started before its prolog", to_text(key)));
  }
  const auto& share = order.allocation.nodes.at(static_cast<std::size_t>(order.node_index));
  to_undo_.insert_or_assign(Place(node, order.key), Process{share.cores, share.gpus});
}

void Truth::epilog_began(const std::string& node, const model::LaunchKey& key) {
  for (const auto& [place, process] : running_) {
    const auto& [where, other] = place;
    const bool is_of_it = where == node && other.job == key.job && other.attempt == key.attempt;
    if (is_of_it && !outlived_.contains(place))
      violate(Property::unprepared, fmt::format("{} runs beside its epilog", to_text(other)));
  }
}

void Truth::epilog_ended(const std::string& node, const model::LaunchKey& key) {
  to_undo_.erase({node, key});
}

void Truth::check_epilogs(const std::string& node) {
  for (const auto& [place, held] : to_undo_) {
    if (place.first == node)
      violate(Property::unprepared,
              fmt::format("{} never had its epilog on {}", to_text(place.second), node));
  }
}

void Truth::check_prepared(const model::LaunchOrder& order) {
  const model::LaunchKey key{order.key.job, order.key.attempt, {}, true};
  const auto& own = order.allocation.nodes.at(static_cast<std::size_t>(order.node_index)).name;
  if (!order.job->preparation.is_wanted() && !to_undo_.contains({own, key})) return;
  for (const auto& share : order.allocation.nodes) {
    if (prepared_.contains({share.name, key})) continue;
    violate(Property::unprepared,
            fmt::format("{} started before {} was prepared", to_text(order.key), share.name));
  }
}

void Truth::ended(const std::string& node, const model::LaunchKey& key,
                  std::optional<int> exit_code) {
  running_.erase({node, key});
  outlived_.erase({node, key});
  if (exit_code && model::is_script(key)) exit_codes_.emplace(key, *exit_code);
}

void Truth::outlived(const std::string& node, const model::LaunchKey& key,
                     const model::CoreSet& cores, const model::GpuSet& gpus) {
  running_.insert_or_assign(Place(node, key), Process{cores, gpus});
  outlived_.emplace(node, key);
}

void Truth::report_settled(const model::LaunchKey& key) {
  if (model::is_script(key) && exit_codes_.contains(key)) settled_.insert(key);
}

void Truth::acknowledged(const std::string& token, model::JobId job) {
  const auto [known, is_new] = acknowledged_.emplace(token, job);
  if (!is_new && known->second != job) {
    violate(Property::twice, fmt::format("submission {} became jobs {} and {}", token,
                                         to_text(known->second), to_text(job)));
  }
}

void Truth::check_quotas(const scheduler::State& state,
                         const std::vector<scheduler::Quota>& quotas) {
  std::map<model::QuotaResource, std::pair<std::int64_t, std::int64_t>> shared;  // used, limits
  for (const auto& quota : quotas) {
    for (const auto& [resource, limit] : quota.limits) {
      std::int64_t used = 0;
      for (const auto& [id, job] : state.jobs) {
        if (scheduler::active_attempt(job) != nullptr && is_about(quota, job))
          used += held(job, resource);
      }
      auto& [all_used, all_limits] = shared[resource];
      if (quota.is_shared()) all_used += used;
      if (quota.is_shared()) all_limits += limit;
      if (used > limit && !quota.borrows) {
        violate(Property::quota,
                fmt::format("the quota of {} is {}, and {} are used", whose_text(quota, {}),
                            model::amount_text(limit, resource), used));
      }
    }
  }
  for (const auto& [resource, sums] : shared) {
    if (sums.first <= sums.second) continue;
    violate(Property::quota, fmt::format("those that lend and borrow have {} together, and use {}",
                                         model::amount_text(sums.second, resource), sums.first));
  }
}

void Truth::check_pools(const scheduler::State& state,
                        const std::vector<scheduler::ProvidedPool>& pools) {
  for (const auto& configured : pools) {
    const auto pool = state.pools.find(configured.name);
    if (pool == state.pools.end()) continue;
    const auto most = size_of(configured, state.pools).most;
    if (pool->second.n_there() > most) {
      violate(Property::pools, fmt::format("pool {} has {} nodes and may have {}", configured.name,
                                           pool->second.n_there(), most));
    }
  }
}

void Truth::check_settled_pools(const scheduler::State& state,
                                const std::vector<std::string>& machines) {
  using enum model::NodeLife;
  for (const auto& [id, node] : state.nodes) {
    if (!node.provided) continue;
    const auto life = node.provided->life;
    const bool is_there = std::ranges::find(machines, node.info.name) != machines.end();
    const bool is_settled = life == up || life == absent || life == unusable;
    if (!is_settled || is_there != (life == up)) {
      violate(Property::pools, fmt::format("{} is {} at the end, and its machine is {}there",
                                           node.info.name, to_text(life), is_there ? "" : "not "));
    }
  }
}

void Truth::check_kept(const scheduler::State& state) {
  for (const auto& [token, job] : acknowledged_) {
    const auto found = state.jobs.find(job);
    if (found == state.jobs.end() || found->second.spec->token != token) {
      violate(Property::lost,
              fmt::format("job {} was acknowledged and is not there", to_text(job)));
    }
  }
  for (const auto& key : settled_) check_settled(state, key);
}

/// The report of a script is kept: the attempt has it, or was written off before it came.
void Truth::check_settled(const scheduler::State& state, const model::LaunchKey& key) {
  const auto found = state.jobs.find(key.job);
  if (found == state.jobs.end()) {
    violate(Property::lost,
            fmt::format("the end of job {} was acknowledged and the job is not there",
                        to_text(key.job)));
    return;
  }
  const auto& job = found->second;
  const auto written_off =
      std::ranges::find(job.earlier, key.attempt, &model::AttemptRecord::attempt);
  if (written_off != job.earlier.end()) {
    if (!may_start_again(job, written_off->why, exit_codes_.at(key))) {
      violate(Property::twice,
              fmt::format("job {} started again after its end was reported", to_text(key.job)));
    }
    return;
  }
  const auto* attempt = scheduler::latest_attempt(job);
  if (attempt == nullptr || attempt->number != key.attempt || !attempt->batch.report) {
    violate(Property::lost,
            fmt::format("the end of {} was acknowledged and is not there", to_text(key)));
  }
}

void Truth::check_outcomes(const scheduler::Engine& engine) {
  for (const auto& [id, job] : engine.state().jobs) {
    const auto* done = std::get_if<scheduler::Done>(&job.phase);
    if (done == nullptr) {
      const auto record = engine.record_of(job);
      violate(Property::unfinished,
              fmt::format("job {} is still {}{}", to_text(id), to_text(record.state),
                          record.reason ? ": " + describe(*record.reason) : ""));
      continue;
    }
    if (job.tasks) continue;  // its tasks are held against the truth
    const auto ending = done->outcome.ending;
    if (ending != model::Ending::completed && ending != model::Ending::failed) continue;
    const auto code = exit_codes_.find({id, job.attempts, std::nullopt});
    const bool by_itself = code != exit_codes_.end();
    const bool says_by_itself = ending == model::Ending::completed ||
                                done->outcome.failure->cause == model::Cause::exit_code;
    if (says_by_itself && (!by_itself || code->second != done->outcome.exit_code)) {
      violate(
          Property::untrue,
          fmt::format("job {} is recorded with code {}, which is not what its script ended with",
                      to_text(id), done->outcome.exit_code));
    }
  }
}

}  // namespace sim
