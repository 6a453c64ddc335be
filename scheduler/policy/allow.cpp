#include "scheduler/policy/allow.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "lib/base/text.h"
#include "scheduler/policy/admit.h"
#include "scheduler/policy/advise.h"
#include "scheduler/policy/claim.h"
#include "scheduler/policy/place.h"

namespace policy {

namespace {

using base::Code;
using model::QuotaResource;
using scheduler::OverLimit;

struct Fewest {
  int nodes = 0;
  scheduler::Amounts smallest;  // of each part the least that a node has
};

/// The fewest nodes of the pool, or of any, that could run it; nullopt where they are too few.
std::optional<Fewest> fewest_nodes(const scheduler::View& view, const model::Layout& layout,
                                   const model::JobSpec& spec, const std::string& pool) {
  std::vector<std::pair<int, int>> rooms;
  std::optional<scheduler::Amounts> smallest;
  for (const auto& [kind, n_nodes] : view.state.node_kinds) {
    const auto whole = scheduler::whole_of(kind);
    if (!(pool.empty() || kind.pool == pool) || !scheduler::has_chosen(kind, spec.choice)) continue;
    const int room = room_in(layout, whole, whole);
    if (room == 0) continue;
    rooms.emplace_back(room, n_nodes);
    smallest = smallest ? scheduler::least_of(*smallest, whole) : whole;
  }
  std::ranges::sort(rooms, std::greater());
  Fewest fewest{.nodes = 0, .smallest = smallest.value_or(scheduler::Amounts())};
  auto left = std::int64_t{layout.tasks};
  for (const auto& [room, n_nodes] : rooms) {
    if (left <= 0) break;
    const auto needed = std::min<std::int64_t>((left + room - 1) / room, n_nodes);
    fewest.nodes += static_cast<int>(needed);
    left -= needed * room;
  }
  return left > 0 ? std::nullopt : std::optional(fewest);
}

/// As if nobody held anything.
std::optional<OverLimit> never_in(const scheduler::View& view, const scheduler::Job& job,
                                  const model::Layout& layout, const std::string& pool) {
  scheduler::State idle;
  idle.tally = view.state.tally.without_counts();
  const scheduler::Ledger ledger(idle, base::Time());
  const auto here = fewest_nodes(view, layout, *job.spec, pool);
  const auto fewest = (here ? here : fewest_nodes(view, layout, *job.spec, "")).value_or(Fewest{1});
  const auto claims = least_claims(layout, pool, fewest.smallest, fewest.nodes);
  return ledger.check(job, claims, base::Time::max());
}

/// The limit that the request is more than in every pool that it may use and that could run it. A
/// job that lies across pools may be in any of those that no limit closes.
std::optional<OverLimit> never(const scheduler::View& view, const scheduler::Job& job,
                               const model::JobSpec& spec) {
  const auto layout = model::resolve(spec.shape);
  if (!layout) return OverLimit{};
  std::optional<OverLimit> over;
  std::vector<std::string> open;
  for (const auto& pool : view.pools) {
    if (!spec.pool.empty() && spec.pool != pool) continue;
    if (!model::may_use(spec.choice.tiers, view.state.tally.quotas().tier_of(pool))) continue;
    const auto here = never_in(view, job, *layout, pool);
    if (!here) open.push_back(pool);
    if (here && !over) over = here;
  }
  auto in_open = spec;
  if (open.size() == 1) in_open.pool = open.front();
  const bool is_too_small = open.size() == 1 && !admit(view, *layout, in_open);
  return open.empty() || is_too_small ? over : std::nullopt;
}

base::Result<void> may_wait(const scheduler::View& view, const scheduler::Job& job) {
  const auto& tally = view.state.tally;
  scheduler::Claims one;
  if (!job.spec->pool.empty()) one.by_pool[job.spec->pool];
  base::Result<void> answer;
  scheduler::for_each_quota(
      tally.quotas(), tally.quotas().about(job), one,
      [&](std::size_t place, const scheduler::QuotaKey& key, const scheduler::Claim&) {
        const auto& quota = tally.quotas().at(place);
        const auto limit = quota.limits.find(QuotaResource::queued_jobs);
        if (limit == quota.limits.end() || tally.of(place, key).queued < limit->second) return;
        answer = base::fail(
            Code::exhausted,
            fmt::format("{} already, and the quota of {} is {}; submit it when some have started",
                        tally.of(place, key).queued == 1
                            ? "1 job waits"
                            : fmt::format("{} jobs wait", tally.of(place, key).queued),
                        scheduler::whose_text(quota, key),
                        model::amount_text(limit->second, QuotaResource::queued_jobs)));
      });
  return answer;
}

std::unexpected<base::Error> more_than(const scheduler::View& view, const OverLimit& over,
                                       const std::vector<model::Change>& changes) {
  const auto& quota = view.state.tally.quotas().at(over.quota);
  std::vector<std::string> options;
  for (const auto& change : changes) options.push_back(change.option + "=" + change.value);
  return base::fail(
      Code::invalid,
      fmt::format(
          "the quota of {} is {}, and the job asks for {}; {}",
          scheduler::whose_text(quota, over.key), model::amount_text(over.limit, over.resource),
          over.asked == 0 ? "some" : fmt::format("{}", over.asked),
          options.empty() ? "no smaller request of its kind could run"
                          : "the nearest that could run has " + base::join(options, ", or ")));
}

}  // namespace

base::Result<void> allow(const scheduler::View& view, const model::User& user,
                         const model::JobSpec& spec, bool is_new) {
  if (view.state.tally.is_empty()) return {};
  const scheduler::Job job{.id = view.state.next_job,
                           .spec = std::make_shared<const model::JobSpec>(spec),
                           .user = user};
  if (auto may = may_wait(view, job); is_new && !may) return may;
  const auto over = never(view, job, spec);
  if (!over) return {};
  constexpr base::Duration no_shorter_time = base::Duration::max();
  return more_than(
      view, *over,
      changes_for(spec, no_shorter_time, view.pools,
                  [&](const model::JobSpec& changed) { return !never(view, job, changed); }));
}

}  // namespace policy
