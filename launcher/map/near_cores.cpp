#include "launcher/map/near_cores.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <tuple>

#include "lib/base/check.h"

namespace mapping {

namespace {

using model::CoreSet;

/// How far cores may be from a claim's home.
enum class Reach { domain, package, node };

/// Numbers for needs that sum up to `available` or to what is needed: of equal needs none gets two
/// more than another.
std::vector<int> fair_numbers(const std::vector<int>& needs, int available) {
  std::vector<int> numbers(needs.size(), 0);
  auto open =
      static_cast<int>(std::count_if(needs.begin(), needs.end(), [](int n) { return n > 0; }));
  while (open > 0 && available > 0) {
    const int each = std::max(1, available / open);
    open = 0;
    for (std::size_t i = 0; i < needs.size(); ++i) {
      const int more = std::min({each, needs[i] - numbers[i], available});
      numbers[i] += more;
      available -= more;
      if (numbers[i] < needs[i]) ++open;
    }
  }
  return numbers;
}

/// The cores to choose `n` from: of those with the most hardware threads all, and of slower ones
/// only as many as are missing.
CoreSet fastest(const model::Topology& topology, const CoreSet& cores, int n) {
  std::map<int, CoreSet, std::greater<>> by_threads;
  for (const int core : cores.members())
    by_threads[topology.cores[static_cast<std::size_t>(core)].cpus.count()].add(core);
  CoreSet chosen;
  for (const auto& [threads, alike] : by_threads) {
    const int missing = n - chosen.count();
    if (missing <= 0) break;
    chosen |= chosen.empty() ? alike : alike.take(missing);
  }
  return chosen;
}

/// Cores of the machine in groups of the same distance, and which group a domain belongs to.
class Groups {
 public:
  Groups(const model::Topology& topology, Reach reach)
      : reach_(reach), packages_(packages(topology)) {
    for (std::size_t core = 0; core < topology.cores.size(); ++core)
      cores_[group_of(topology.cores[core].numa)].add(static_cast<int>(core));
  }

  /// A domain without cores is a group of its own, short of the whole node.
  int group_of(int domain) const {
    if (reach_ == Reach::node) return 0;
    if (reach_ == Reach::domain) return domain;
    const auto& package = packages_[static_cast<std::size_t>(domain)];
    return package ? *package : -1 - domain;
  }

  CoreSet cores(int group) const {
    const auto found = cores_.find(group);
    return found == cores_.end() ? CoreSet() : found->second;
  }

 private:
  Reach reach_;
  std::vector<std::optional<int>> packages_;
  std::map<int, CoreSet> cores_;
};

/// The claims and what they have so far.
class HandOut {
 public:
  HandOut(const model::Topology& topology, const CoreSet& share, const std::vector<Claim>& claims)
      : topology_(topology), unused_(share), claims_(claims), given_(claims.size()) {}

  void within(Reach reach) {
    const Groups groups(topology_, reach);
    std::map<int, std::vector<std::size_t>> claimants;
    for (std::size_t i = 0; i < claims_.size(); ++i) {
      if (need(i) > 0) claimants[groups.group_of(claims_[i].home)].push_back(i);
    }
    for (const auto& [group, who] : claimants) divide(groups.cores(group) & unused_, who);
  }

  std::vector<CoreSet> take() { return std::move(given_); }

 private:
  int need(std::size_t claim) const { return claims_[claim].cores - given_[claim].count(); }

  void divide(const CoreSet& there, const std::vector<std::size_t>& who) {
    std::vector<int> needs;
    for (const auto claim : who) needs.push_back(need(claim));
    const int needed = std::accumulate(needs.begin(), needs.end(), 0);
    const auto cores = fastest(topology_, there, needed).members();
    const auto numbers = fair_numbers(needs, static_cast<int>(cores.size()));
    const auto spare =
        cores.size() - static_cast<std::size_t>(std::accumulate(numbers.begin(), numbers.end(), 0));
    std::size_t used = 0;
    for (std::size_t i = 0; i < who.size(); ++i) {
      const auto first = used + spare * i / who.size();
      for (int n = 0; n < numbers[i]; ++n) {
        const int core = cores[first + static_cast<std::size_t>(n)];
        given_[who[i]].add(core);
        unused_.remove(core);
      }
      used += static_cast<std::size_t>(numbers[i]);
    }
  }

  const model::Topology& topology_;
  CoreSet unused_;
  const std::vector<Claim>& claims_;
  std::vector<CoreSet> given_;
};

}  // namespace

std::vector<std::optional<int>> packages(const model::Topology& topology) {
  // A probe that sees no domains puts all cores into the first.
  std::vector<std::optional<int>> of_domain(std::max<std::size_t>(topology.numa.size(), 1));
  for (const auto& core : topology.cores) {
    base::check(core.numa >= 0 && static_cast<std::size_t>(core.numa) < of_domain.size(),
                "a core is in a domain of its topology");
    of_domain[static_cast<std::size_t>(core.numa)] = core.package;
  }
  return of_domain;
}

std::vector<CoreSet> hand_out(const model::Topology& topology, const CoreSet& share,
                              const std::vector<Claim>& claims) {
  HandOut out(topology, share, claims);
  for (const auto reach : {Reach::domain, Reach::package, Reach::node}) out.within(reach);
  return out.take();
}

std::vector<int> even_homes(const model::Topology& topology, const CoreSet& share, int n,
                            int cores) {
  const auto domains = model::cores_by_numa(topology);
  const auto package_of = packages(topology);
  std::vector<int> room;
  for (const auto& domain : domains) room.push_back(share.count_common(domain) / cores);
  std::vector<int> numbers(domains.size(), 0);
  std::map<int, int> in_package;
  for (int i = 0; i < n; ++i) {
    std::optional<std::size_t> best;
    for (std::size_t d = 0; d < domains.size(); ++d) {
      if (numbers[d] == room[d]) continue;
      const auto load = [&](std::size_t at) {
        return std::tuple(numbers[at], in_package[package_of[at].value_or(0)]);
      };
      if (!best || load(d) < load(*best)) best = d;
    }
    if (!best) break;
    ++numbers[*best];
    ++in_package[package_of[*best].value_or(0)];
  }
  std::vector<int> homes;
  for (std::size_t d = 0; d < numbers.size(); ++d)
    homes.insert(homes.end(), static_cast<std::size_t>(numbers[d]), static_cast<int>(d));
  return homes;
}

}  // namespace mapping
