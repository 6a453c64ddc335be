#include "conf/quota_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "conf/change.h"

namespace conf {

namespace {

bool is_one(const std::string& who) {
  return !who.empty() && who != "*";
}

bool has_hours(const Quota& quota) {
  return quota.gpu_hours || quota.core_hours;
}

/// Checks one quota; the problems are about its keys.
class Rules {
 public:
  Rules(const Config& config, std::size_t place, std::vector<QuotaProblem>& found)
      : config_(config), quota_(config.quotas[place]), place_(place), found_(found) {}

  void check() {
    check_limits();
    check_names();
    check_hours();
    if (quota_.lend) check_shared("lend");
    if (quota_.borrow) check_shared("borrow");
    if (quota_.lend && quota_.workspace == "*")
      problem("workspace",
              "'quota.lend': expected a quota of one workspace by its name, found \"*\"");
  }

 private:
  void problem(std::string_view key, std::string text) {
    found_.push_back({place_, key, std::move(text)});
  }

  void check_limits() {
    const bool has_limit = quota_.cores || quota_.gpus || quota_.nodes || quota_.running_jobs ||
                           quota_.queued_jobs || has_hours(quota_);
    if (!has_limit)
      problem("", "'quota': there is no limit in it; expected one or more such as cores = 8");
  }

  void check_names() {
    check_name("class", quota_.class_name, class_names(config_));
    std::vector<std::string_view> pools;
    for (const auto& pool : config_.pools) pools.push_back(pool.name);
    check_name("pool", quota_.pool, pools);
    if (!quota_.pool.empty() && !quota_.tier.empty())
      problem("tier", "'quota.tier': expected either pool or tier");
    if (!quota_.tier.empty() && has_hours(quota_))
      problem("tier", "'quota.tier': hours are not counted by tier; leave one of them out");
    if (!quota_.tier.empty() && (quota_.lend || quota_.borrow))
      problem("tier", "'quota.tier': a quota of a tier neither lends nor borrows");
    std::vector<std::string_view> workspaces;
    for (const auto& workspace : config_.workspaces) workspaces.push_back(workspace.name);
    if (!workspaces.empty()) check_name("workspace", quota_.workspace, workspaces);
  }

  void check_name(std::string_view what, const std::string& name,
                  const std::vector<std::string_view>& known) {
    if (!is_one(name) || std::ranges::find(known, name) != known.end()) return;
    problem(what, fmt::format("'quota.{}': there is no {} '{}'{}", what, what, name,
                              nearest_text(name, known)));
  }

  void check_hours() {
    constexpr base::Duration day = std::chrono::days(1);
    const bool has_period = quota_.period > base::Duration();
    const std::string_view hours = quota_.gpu_hours ? "gpu_hours" : "core_hours";
    if (has_hours(quota_) && !has_period)
      problem(hours, fmt::format("'quota.{}': expected a period beside it such as period = \"7d\"",
                                 hours));
    if (!has_hours(quota_) && has_period)
      problem("period",
              "'quota.period': expected gpu_hours or core_hours beside it, found neither");
    if (quota_.period % day != base::Duration())
      problem("period",
              fmt::format("'quota.period': expected whole days such as \"7d\", found \"{}\"",
                          base::to_text(quota_.period)));
    if (has_hours(quota_) && !(quota_.class_name.empty() && quota_.pool.empty()))
      problem(hours,
              fmt::format("'quota.{}': expected neither class nor pool beside it: past use is "
                          "known by user and workspace only",
                          hours));
  }

  void check_shared(std::string_view key) {
    if (quota_.workspace.empty() || !quota_.user.empty() || !quota_.class_name.empty())
      problem(key, fmt::format("'quota.{}': expected a quota for workspace, without user and class",
                               key));
    if (quota_.pool == "*")
      problem(key,
              fmt::format("'quota.{}': expected one pool by its name, or none, found \"*\"", key));
    if (!quota_.cores && !quota_.gpus && !quota_.nodes)
      problem(key,
              fmt::format("'quota.{}': expected cores, gpus or nodes beside it, found none", key));
  }

  const Config& config_;
  const Quota& quota_;
  std::size_t place_;
  std::vector<QuotaProblem>& found_;
};

}  // namespace

std::vector<QuotaProblem> quota_problems(const Config& config) {
  std::vector<QuotaProblem> found;
  using Whose = std::tuple<std::string, std::string, std::string, std::string, std::string>;
  std::map<Whose, std::size_t> known;
  for (std::size_t i = 0; i < config.quotas.size(); ++i) {
    Rules(config, i, found).check();
    const auto& quota = config.quotas[i];
    const Whose whose{quota.user, quota.workspace, quota.class_name, quota.pool, quota.tier};
    const auto [first, is_new] = known.emplace(whose, i);
    if (is_new) continue;
    found.push_back({i, "",
                     fmt::format("'quota': number {} is for the same as number {}; expected one "
                                 "[[quota]] with all limits",
                                 i + 1, first->second + 1)});
  }
  return found;
}

}  // namespace conf
