#include "scheduler/policy/needs.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "scheduler/policy/claim.h"
#include "scheduler/policy/place.h"

namespace policy {

namespace {

using base::Time;
using model::NodeLife;
using scheduler::Amounts;
using scheduler::Node;
using scheduler::NodeKind;

constexpr std::int64_t most_jobs = 1'000'000;  // of a kind that are counted

/// How far a node is: there, coming, or only possible.
enum class Distance { there, coming, possible };

/// Alike for every request that names no nodes; the nearest first, of these the fullest.
struct GroupKey {
  Distance distance;
  std::size_t kind;  // place among the kinds
  Amounts free;

  auto operator<=>(const GroupKey&) const = default;
};

/// The first in the order of names is the last.
using Group = std::deque<const Node*>;

/// What one job of a kind asks of nodes.
struct Ask {
  const scheduler::JobKind& kind;
  model::JobId job;      // the oldest
  int unit = 1;          // tasks that are not parted
  std::int64_t n_units;  // of a job
  bool is_apart;         // each on a node of its own
};

bool is_found_unusable(const scheduler::Node& node) {
  return node.condition && node.condition->fitness == model::Fitness::unusable;
}

/// It was there, and will be again soon.
bool is_prepared_again(const scheduler::Node& node) {
  return node.condition && node.condition->fitness == model::Fitness::preparing &&
         node.phase == scheduler::NodePhase::ready && !node.eviction && node.jobs.empty();
}

class Packer {
 public:
  Packer(const scheduler::View& view, Time now) : view_(view), now_(now), ledger_(view.state, now) {
    add_kinds();
    for (const auto& pool : view.provided) room_[pool.name] = growth_of(pool);
    add_nodes();
    for (const auto& [name, n] : view.licenses) licenses_[name] = n;
    for (const auto& [name, holders] : view.state.license_holders) {
      for (const auto& [job, n] : holders) licenses_[name] -= n;
    }
  }

  scheduler::Needs run() {
    need_for_bookings();
    need_for_growth();
    for (const auto* entry : in_order()) pack(*entry);
    return std::move(needs_);
  }

 private:
  using Entry = scheduler::Queue::value_type;

  void add_kinds() {
    for (const auto& [kind, n] : view_.state.node_kinds) {
      places_.emplace(&kind, kinds_.size());
      kinds_.push_back(&kind);
    }
  }

  int growth_of(const scheduler::ProvidedPool& configured) const {
    const auto pool = view_.state.pools.find(configured.name);
    if (pool == view_.state.pools.end()) return 0;
    return std::max(0, size_of(configured, view_.state.pools).most - pool->second.n_there());
  }

  std::size_t place_of(const NodeKind& kind) const {
    return places_.at(&view_.state.node_kinds.find(kind)->first);
  }

  void add_nodes() {
    for (const auto& [kind, ready] : view_.state.ready.kinds) {
      for (const auto& [free, nodes] : ready.by_free) {
        auto& group = groups_[{Distance::there, place_of(kind), free}];
        for (const auto& [name, id] : nodes) group.push_back(&view_.state.nodes.at(id));
      }
    }
    using enum NodeLife;
    for (const auto& configured : view_.provided) {
      const auto pool = view_.state.pools.find(configured.name);
      if (pool == view_.state.pools.end()) continue;
      for (const auto& [life, ids] : pool->second.by_life) {
        const bool is_coming = life == wanted || life == starting || life == preparing;
        const bool is_possible = life == absent || life == unusable;
        if (!is_coming && !is_possible && life != up) continue;
        for (const auto id : ids) {
          const auto& node = view_.state.nodes.at(id);
          if (node.drain || (life == up && !is_prepared_again(node))) continue;
          if (life == preparing && is_found_unusable(node)) continue;
          const auto distance = is_possible ? Distance::possible : Distance::coming;
          groups_[{distance, place_of(node.kind), whole_of(node.kind)}].push_back(&node);
        }
      }
    }
    for (auto& [key, group] : groups_) {
      // The last is taken first: those that could not be made are tried when there is no other.
      const auto has_failed = [](const Node* node) {
        return node->provided && node->provided->life == unusable;
      };
      std::ranges::sort(group, [&](const Node* a, const Node* b) {
        if (has_failed(a) != has_failed(b)) return has_failed(a);
        return scheduler::NameOrder()(b->info.name, a->info.name);
      });
    }
  }

  /// Nodes of bookings that have begun or will while one could come.
  void need_for_bookings() {
    for (const auto& [name, standing] : view_.state.bookings) {
      if (standing.booking.is_maintenance) continue;
      for (const auto id : standing.booking.nodes) {
        const auto& node = view_.state.nodes.at(id);
        if (!node.provided) continue;
        const auto pool =
            std::ranges::find(view_.provided, node.provided->pool, &scheduler::ProvidedPool::name);
        if (pool == view_.provided.end()) continue;
        const auto from = standing.booking.start - pool->start_timeout / 2;
        if (from <= now_) {
          needs_.nodes.try_emplace(id, scheduler::Need{{}, name});
        } else if (!needs_.again || from < *needs_.again) {
          needs_.again = from;
        }
      }
    }
  }

  /// Nodes that are kept for jobs which are being ended to start again on them.
  void need_for_growth() {
    for (const auto& [job, promise] : view_.state.owed) {
      for (const auto id : promise.nodes) needs_.nodes.try_emplace(id, scheduler::Need{job, {}});
    }
  }

  std::vector<const Entry*> in_order() const {
    std::vector<std::tuple<std::int64_t, model::JobId, const Entry*>> keyed;
    for (const auto& entry : view_.state.queue) {
      const auto& kind = entry.first;
      const std::int64_t priority = view_.classes.of(kind.class_name).base + kind.priority;
      keyed.emplace_back(-priority, *entry.second.begin(), &entry);
    }
    std::ranges::sort(keyed);
    std::vector<const Entry*> entries;
    for (const auto& [priority, job, entry] : keyed) entries.push_back(entry);
    return entries;
  }

  std::int64_t n_jobs(const Entry& entry) const {
    const auto& [kind, jobs] = entry;
    if (!kind.is_array) return static_cast<std::int64_t>(jobs.size());
    std::int64_t n = 0;
    for (const auto id : jobs) {
      const auto& tasks = view_.state.jobs.at(id).tasks;
      n += tasks ? tasks->startable : 1;
      if (n >= most_jobs) break;
    }
    return n;
  }

  /// The pools that a kind may use, those without trouble first.
  std::vector<std::string> pools_for(const scheduler::JobKind& kind) const {
    std::vector<std::string> pools;
    for (const auto& pool : view_.pools) {
      if (kind.pool.empty() || kind.pool == pool) pools.push_back(pool);
    }
    const auto wish = model::preferred(kind.choice.tiers);
    std::ranges::stable_partition(pools, [&](const std::string& name) {
      return std::ranges::any_of(
          kinds_, [&](const NodeKind* each) { return each->pool == name && each->tier == wish; });
    });
    std::ranges::stable_partition(pools, [this](const std::string& name) {
      const auto pool = view_.state.pools.find(name);
      return pool == view_.state.pools.end() || !pool->second.is_blocked(now_);
    });
    return pools;
  }

  bool is_open(const NodeKind& kind, const scheduler::JobKind& job) const {
    if (!scheduler::has_chosen(kind, job.choice)) return false;
    const auto limit = job.time_limit.value_or(base::Duration::max());
    const auto stay = scheduler::longest_stay(view_.provided, kind.pool);
    if (stay && limit > *stay) return false;
    if (kind.stays_until && end_of(now_, limit) > *kind.stays_until) return false;
    return std::ranges::all_of(kind.bookings, [&](const std::string& name) {
      const auto& booking = view_.state.bookings.at(name).booking;
      const bool is_own = name == job.choice.booking;
      return is_own ? booking.start <= now_ : end_of(now_, limit) <= booking.start;
    });
  }

  static bool may_use_name(const scheduler::JobKind& kind, const Node& node) {
    return scheduler::is_chosen_name(kind.choice, node.info.name) &&
           std::ranges::find(kind.avoided, node.info.name) == kind.avoided.end();
  }

  static bool names_nodes(const scheduler::JobKind& kind) {
    return !kind.choice.only.empty() || !kind.choice.never.empty() || !kind.avoided.empty();
  }

  /// How many units fit on a node with so much free.
  static std::int64_t fitting(const Ask& ask, const Amounts& free, const Amounts& whole) {
    const auto& layout = ask.kind.layout;
    const int room = room_in(layout, free, whole);
    if (room < ask.unit) return 0;
    if (!ask.is_apart) return room / ask.unit;
    if (layout.whole_nodes) return 1;
    const auto one = demand_on(layout, ask.unit, whole);
    std::int64_t n = one.cores > 0 ? free.cores / one.cores : most_jobs;
    if (one.gpus > 0) n = std::min<std::int64_t>(n, free.gpus / one.gpus);
    if (one.memory > base::Bytes()) {
      n = std::min(n, static_cast<std::int64_t>(free.memory.count() / one.memory.count()));
    }
    return n;
  }

  Ask ask_for(const Entry& entry, const std::string& pool) const {
    const auto& [kind, jobs] = entry;
    const auto& layout = kind.layout;
    Ask ask{.kind = kind, .job = *jobs.begin(), .n_units = 1, .is_apart = true};
    if (layout.nodes) {
      ask.unit = model::tasks_by_node(layout).front();
      ask.n_units = *layout.nodes;
      return ask;
    }
    ask.unit = layout.tasks;
    for (const auto* node : kinds_) {
      const auto whole = scheduler::whole_of(*node);
      if (node->pool == pool && room_in(layout, whole, whole) >= layout.tasks) return ask;
    }
    ask.unit = 1;
    ask.n_units = layout.tasks;
    ask.is_apart = false;
    return ask;
  }

  struct Usable {
    GroupKey key;
    std::int64_t n_nodes;
    std::int64_t n_each;  // units on a node
  };

  /// Groups that the ask may use, up to a distance.
  std::vector<Usable> usable(const Ask& ask, const std::string& pool, Distance farthest) const {
    std::vector<Usable> found;
    const auto room = room_.find(pool);
    auto growth = std::int64_t{room == room_.end() ? 0 : room->second};
    for (const auto& [key, group] : groups_) {
      const auto& kind = *kinds_[key.kind];
      if (key.distance > farthest || kind.pool != pool || group.empty()) continue;
      if (!is_open(kind, ask.kind)) continue;
      const auto n_each = fitting(ask, key.free, scheduler::whole_of(kind));
      if (n_each == 0) continue;
      auto n_nodes = static_cast<std::int64_t>(group.size());
      if (names_nodes(ask.kind)) {
        n_nodes = std::ranges::count_if(
            group, [&](const Node* node) { return may_use_name(ask.kind, *node); });
      }
      if (key.distance == Distance::possible) {
        n_nodes = std::min(n_nodes, growth);
        growth -= n_nodes;
      }
      if (n_nodes > 0) found.push_back({key, n_nodes, n_each});
    }
    return found;
  }

  static bool have_room(const Ask& ask, const std::vector<Usable>& groups, std::int64_t n_jobs) {
    const auto needed = n_jobs * ask.n_units;
    std::int64_t n = 0;
    for (const auto& group : groups) {
      n += group.n_nodes * (ask.is_apart ? std::min(group.n_each, n_jobs) : group.n_each);
      if (n >= needed) return true;
    }
    return n >= needed;
  }

  /// The most jobs, up to `n`, for which `fits`, which gets harder with the number.
  template <class Fits>
  static std::int64_t most_of(std::int64_t n, Fits fits) {
    std::int64_t least = 0;
    while (least < n) {
      const auto middle = least + (n - least + 1) / 2;
      if (fits(middle)) {
        least = middle;
      } else {
        n = middle - 1;
      }
    }
    return least;
  }

  /// Puts as many of the jobs as fit on nodes of the pool; returns how many did.
  std::int64_t put(const Ask& ask, const std::string& pool, Distance farthest,
                   std::int64_t n_jobs) {
    if (n_jobs == 0) return 0;
    const auto groups = usable(ask, pool, farthest);
    const auto n = most_of(n_jobs, [&](std::int64_t jobs) { return have_room(ask, groups, jobs); });
    auto left = n * ask.n_units;
    for (const auto& group : groups) {
      const auto each = ask.is_apart ? std::min(group.n_each, n) : group.n_each;
      for (auto nodes = group.n_nodes; nodes > 0 && left > 0; --nodes) {
        const auto units = std::min(each, left);
        take(ask, group.key, units);
        left -= units;
      }
    }
    return n;
  }

  /// The first node of the group that may be used gives so much.
  void take(const Ask& ask, const GroupKey& key, std::int64_t n_units) {
    auto& group = groups_.at(key);
    auto at = std::prev(group.end());
    while (names_nodes(ask.kind) && !may_use_name(ask.kind, **at)) --at;
    const auto* node = *at;
    group.erase(at);
    need(*node, ask.job);
    const auto whole = scheduler::whole_of(*kinds_[key.kind]);
    const auto tasks = static_cast<int>(n_units) * ask.unit;
    const auto& layout = ask.kind.layout;
    auto demand = demand_on(layout, ask.is_apart ? ask.unit : tasks, whole);
    const auto times = ask.is_apart && !layout.whole_nodes ? n_units : 1;
    auto left = key.free;
    left -= {.cores = static_cast<int>(demand.cores * times),
             .gpus = static_cast<int>(demand.gpus * times),
             .memory = demand.memory * static_cast<std::uint64_t>(times)};
    auto distance = key.distance;
    if (distance == Distance::possible) {
      --room_.at(node->provided->pool);
      distance = Distance::coming;
    }
    groups_[{distance, key.kind, left}].push_front(node);  // its turn comes last
  }

  void need(const Node& node, model::JobId job) {
    needs_.nodes.try_emplace(node.id, scheduler::Need{job, {}});
  }

  /// Within what licenses leave.
  std::int64_t licensed(const scheduler::JobKind& kind, std::int64_t n) const {
    for (const auto& [name, each] : kind.licenses) {
      const auto free = licenses_.find(name);
      const auto n_free = free == licenses_.end() ? 0 : std::max(free->second, 0);
      n = std::min<std::int64_t>(n, n_free / std::max(each, 1));
    }
    return n;
  }

  static scheduler::Claims times(scheduler::Claims claims, std::int64_t n) {
    const auto multiply = [n](scheduler::Claim& claim) {
      claim.cores *= n;
      claim.gpus *= n;
      claim.nodes *= n;
      claim.jobs *= n;
    };
    multiply(claims.all);
    for (auto& [pool, claim] : claims.by_pool) multiply(claim);
    return claims;
  }

  /// Within what the quotas leave in the pool.
  std::int64_t allowed(const Ask& ask, const std::string& pool, std::int64_t n) const {
    if (ledger_.is_empty()) return n;
    const auto& job = view_.state.jobs.at(ask.job);
    const auto one = least_claims(ask.kind.layout, pool);
    return most_of(
        n, [&](std::int64_t jobs) { return !ledger_.check(job, times(one, jobs), Time::max()); });
  }

  void spend(const Ask& ask, const std::string& pool, std::int64_t n) {
    for (const auto& [name, each] : ask.kind.licenses)
      licenses_[name] -= static_cast<int>(n) * each;
    if (ledger_.is_empty() || n == 0) return;
    ledger_.take(view_.state.jobs.at(ask.job), times(least_claims(ask.kind.layout, pool), n));
  }

  void pack(const Entry& entry) {
    auto left = licensed(entry.first, n_jobs(entry));
    if (left == 0 || put_all(entry, left) || entry.first.avoided.empty()) return;
    // Nodes where it has failed are better than none.
    auto kind = entry.first;
    kind.avoided.clear();
    (void)put_all({std::move(kind), entry.second}, left);
  }

  /// Returns whether nothing is left of these jobs that other nodes could do.
  bool put_all(const Entry& entry, std::int64_t& left) {
    const auto pools = pools_for(entry.first);
    bool is_over_quota = true;
    for (const auto farthest : {Distance::coming, Distance::possible}) {
      for (const auto& pool : pools) {
        const auto ask = ask_for(entry, pool);
        const auto may = allowed(ask, pool, left);
        is_over_quota = is_over_quota && may == 0;
        const auto n = put(ask, pool, farthest, may);
        spend(ask, pool, n);
        left -= n;
        if (left == 0) return true;
      }
    }
    return is_over_quota || std::ranges::any_of(pools, [&](const std::string& pool) {
             return wait_for_room(ask_for(entry, pool), pool);
           });
  }

  /// A job that would fit if what runs there ended: what is missing for that comes, and what is
  /// idle stays. Returns whether it would, or the first of the others in this pool would.
  bool wait_for_room(const Ask& ask, const std::string& pool) {
    std::int64_t n_there = 0;
    std::vector<const Node*> idle;
    std::vector<const Node*> possible;
    for (const auto& [key, group] : groups_) {
      const auto& kind = *kinds_[key.kind];
      const auto whole = scheduler::whole_of(kind);
      const auto n_each = kind.pool == pool ? fitting(ask, whole, whole) : 0;
      if (n_each == 0 || !is_open(kind, ask.kind)) continue;
      for (const auto* node : group) {
        if (names_nodes(ask.kind) && !may_use_name(ask.kind, *node)) continue;
        if (key.distance == Distance::possible) {
          possible.push_back(node);
          continue;
        }
        const auto n_here =
            scheduler::holds_back(*node) ? fitting(ask, usable_of(*node), whole) : n_each;
        if (n_here == 0) continue;
        n_there += ask.is_apart ? 1 : n_here;
        idle.push_back(node);
      }
    }
    auto missing = ask.n_units - n_there;
    std::vector<const Node*> more;
    auto& growth = room_[pool];
    for (auto node = possible.rbegin(); node != possible.rend() && missing > 0; ++node) {
      if (static_cast<int>(more.size()) >= growth) break;
      const auto whole = scheduler::whole_of((*node)->kind);
      missing -= ask.is_apart ? 1 : fitting(ask, whole, whole);
      more.push_back(*node);
    }
    if (missing > 0) return false;
    if (awaited_.contains(pool)) return true;
    for (const auto* node : idle) need(*node, ask.job);
    for (const auto* node : more) need(*node, ask.job);
    growth -= static_cast<int>(more.size());
    awaited_.insert(pool);
    return true;
  }

  const scheduler::View& view_;
  Time now_;
  scheduler::Ledger ledger_;
  std::vector<const NodeKind*> kinds_;
  std::map<const NodeKind*, std::size_t> places_;
  std::map<GroupKey, Group> groups_;
  std::map<std::string, int> room_;      // nodes that a pool may still have, by its name
  std::map<std::string, int> licenses_;  // that are free
  std::set<std::string> awaited_;        // pools that a job waits for as a whole
  scheduler::Needs needs_;
};

}  // namespace

scheduler::Needs needs(const scheduler::View& view, Time now) {
  if (view.state.queue.empty() && view.state.bookings.empty() && view.state.owed.empty()) return {};
  return Packer(view, now).run();
}

}  // namespace policy
