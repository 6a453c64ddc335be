#include "scheduler/core/quota_use.h"

#include <algorithm>
#include <cstdint>
#include <set>

namespace scheduler {

namespace {

using model::QuotaResource;

/// No user has this number.
constexpr std::uint32_t nobody = UINT32_MAX;

class Lines {
 public:
  Lines(const View& view, const model::User& user, bool all, base::Time now)
      : view_(view), user_(user), all_(all), now_(now), ledger_(view.state, now) {}

  void add(std::size_t place) {
    std::set<QuotaKey> keys;
    for (const auto& [key, count] : tally().of(place)) {
      if (all_ || may_see(at(place), key)) keys.insert(key);
    }
    for (const auto& key : keys_without_use(at(place))) {
      const bool is_shown = (all_ && at(place).user != "*") || may_see(at(place), key);
      if (is_shown && is_in_force(place, key)) keys.insert(key);
    }
    for (const auto& key : keys) add_limits(place, key);
  }

  std::vector<model::QuotaUse> take() { return std::move(found_); }

 private:
  const Tally& tally() const { return view_.state.tally; }
  const Quota& at(std::size_t place) const { return tally().quotas().at(place); }

  /// Where nobody holds anything: of those that are named, and of the user who asks.
  std::vector<QuotaKey> keys_without_use(const Quota& quota) const {
    if (quota.workspace == "*" || quota.class_name == "*") return {};
    QuotaKey key;
    if (quota.user == "*" || quota.user == user_.name) {
      key.uid = user_.uid;
      key.user = user_.name;
    } else if (!quota.user.empty()) {
      key.uid = uid_of(quota.user);
      key.user = quota.user;
    }
    if (quota.pool != "*") return {key};
    std::vector<QuotaKey> keys;
    for (const auto& pool : view_.pools) {
      key.pool = pool;
      keys.push_back(key);
    }
    return keys;
  }

  /// Of somebody who has no job here now.
  std::uint32_t uid_of(const std::string& name) const {
    for (const auto& [id, job] : view_.state.jobs) {
      if (job.user.name == name) return job.user.uid;
    }
    return nobody;
  }

  /// Is it about jobs that the user could submit?
  bool may_see(const Quota& quota, const QuotaKey& key) const {
    return (quota.user.empty() || key.uid == user_.uid) &&
           view_.workspaces.may_use(user_, named(quota.workspace, key.workspace)) &&
           view_.classes.may_use(user_, named(quota.class_name, key.class_name));
  }

  /// Does no other take its place?
  bool is_in_force(std::size_t place, const QuotaKey& key) const {
    const auto& quota = at(place);
    const auto pool = named(quota.pool, key.pool);
    const auto& applied = tally().quotas().about({.uid = key.uid, .gid = 0, .name = key.user},
                                                 named(quota.workspace, key.workspace),
                                                 named(quota.class_name, key.class_name));
    return std::ranges::any_of(applied, [&](const Applied& each) {
      return each.quota == place && !each.elsewhere.contains(pool);
    });
  }

  static std::string named(const std::string& who, const std::string& one) {
    return who == "*" ? one : who;
  }

  void add_limits(std::size_t place, const QuotaKey& key) {
    const auto& quota = at(place);
    const auto count = tally().of(place, key);
    for (const auto& [resource, limit] : quota.limits) {
      model::QuotaUse use{.whose = whose_text(quota, key),
                          .resource = resource,
                          .used = count.held.of(resource),
                          .limit = limit,
                          .lent = ledger_.lent(place, key, resource),
                          .borrowed = ledger_.borrowed(place, key, resource)};
      if (resource == QuotaResource::queued_jobs) use.used = count.queued;
      const bool is_gpu = resource == QuotaResource::gpu_hours;
      if (is_gpu || resource == QuotaResource::core_hours) {
        const auto hours = hours_used(view_.state, quota, key, now_);
        const auto time = is_gpu ? hours.gpu_time : hours.core_time;
        use.used = std::chrono::duration_cast<std::chrono::hours>(time).count();
        use.period = quota.period;
      }
      found_.push_back(std::move(use));
    }
  }

  const View& view_;
  const model::User& user_;
  bool all_;
  base::Time now_;
  Ledger ledger_;
  std::vector<model::QuotaUse> found_;
};

}  // namespace

std::vector<model::QuotaUse> quota_uses(const View& view, const model::User& user, bool all,
                                        base::Time now) {
  Lines lines(view, user, all, now);
  for (std::size_t place = 0; place < view.state.tally.quotas().all().size(); ++place)
    lines.add(place);
  return lines.take();
}

}  // namespace scheduler
