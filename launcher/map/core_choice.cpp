#include "launcher/map/core_choice.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <numeric>
#include <tuple>

#include "launcher/map/near_cores.h"

namespace mapping {

namespace {

using model::CoreSet;

/// Ranks without a GPU, which serve those that have one, get what these leave.
std::vector<CoreSet> near_gpus(const CoreRequest& request) {
  std::vector<Claim> claims;
  std::vector<std::size_t> claimants;
  for (std::size_t rank = 0; rank < request.near.size(); ++rank) {
    const int n_gpus = request.near[rank].count();
    if (n_gpus == 0) continue;
    int further = request.cores[rank] % n_gpus;
    for (const int gpu : request.near[rank].members()) {
      claims.push_back({.home = request.topology.gpus[static_cast<std::size_t>(gpu)].numa,
                        .cores = request.cores[rank] / n_gpus + (further-- > 0 ? 1 : 0)});
      claimants.push_back(rank);
    }
  }
  const auto given = hand_out(request.topology, request.share, claims);
  std::vector<CoreSet> cores(request.near.size());
  CoreSet unused = request.share;
  for (std::size_t i = 0; i < given.size(); ++i) {
    cores[claimants[i]] |= given[i];
    unused -= given[i];
  }
  for (std::size_t rank = 0; rank < cores.size(); ++rank) {
    if (!request.near[rank].empty()) continue;
    cores[rank] = unused.take(request.cores[rank]);
    unused -= cores[rank];
  }
  return cores;
}

/// Of each rank, where all are alike.
int size_of(const CoreRequest& request) {
  return request.cores.front();
}

/// Homes for as many ranks as fit into one domain each, in turn over the domains or the packages.
std::vector<int> homes_in_turn(const CoreRequest& request) {
  const auto domains = model::cores_by_numa(request.topology);
  const auto package_of = packages(request.topology);
  std::map<int, std::vector<std::size_t>> groups;
  std::vector<int> room;
  for (std::size_t d = 0; d < domains.size(); ++d) {
    room.push_back(request.share.count_common(domains[d]) / size_of(request));
    const bool by_numa = request.map_by == model::MapBy::numa;
    groups[by_numa ? static_cast<int>(d) : package_of[d].value_or(0)].push_back(d);
  }
  std::vector<int> homes;
  for (bool found = true; found;) {
    found = false;
    for (const auto& [group, members] : groups) {
      const auto best = *std::ranges::max_element(members, {}, [&](auto d) { return room[d]; });
      if (room[best] == 0 || homes.size() == request.near.size()) continue;
      --room[best];
      homes.push_back(static_cast<int>(best));
      found = true;
    }
  }
  return homes;
}

/// Where ranks that fit into no single domain begin: in the package that can hold one whole and
/// has the fewest ranks, in its domain with the most room.
class Leftovers {
 public:
  Leftovers(const CoreRequest& request, const std::vector<CoreSet>& given)
      : request_(request),
        unused_(request.share),
        domains_(model::cores_by_numa(request.topology)),
        package_of_(packages(request.topology)) {
    for (const auto& cores : given) note(cores);
  }

  CoreSet next() {
    std::map<int, int> room;
    for (std::size_t d = 0; d < domains_.size(); ++d)
      room[package_of_[d].value_or(0)] += unused_.count_common(domains_[d]);
    const auto worth = [&](std::size_t d) {
      const int package = package_of_[d].value_or(0);
      const int here = unused_.count_common(domains_[d]);
      return std::tuple(here > 0 && room[package] >= size_of(request_), here > 0,
                        -n_ranks_[package], here);
    };
    std::size_t best = 0;
    for (std::size_t d = 1; d < domains_.size(); ++d) {
      if (worth(d) > worth(best)) best = d;
    }
    auto cores = hand_out(request_.topology, unused_,
                          {{.home = static_cast<int>(best), .cores = size_of(request_)}})
                     .front();
    note(cores);
    return cores;
  }

 private:
  void note(const CoreSet& cores) {
    unused_ -= cores;
    ++n_ranks_[request_.topology.cores[static_cast<std::size_t>(*cores.first())].package];
  }

  const CoreRequest& request_;
  CoreSet unused_;
  std::vector<CoreSet> domains_;
  std::vector<std::optional<int>> package_of_;
  std::map<int, int> n_ranks_;  // that begin in a package
};

std::vector<CoreSet> in_homes(const CoreRequest& request, const std::vector<int>& homes) {
  std::vector<Claim> claims;
  for (const int home : homes) claims.push_back({.home = home, .cores = size_of(request)});
  auto cores = hand_out(request.topology, request.share, claims);
  Leftovers leftovers(request, cores);
  while (cores.size() < request.near.size()) cores.push_back(leftovers.next());
  if (!request.map_by) {
    std::ranges::sort(cores.begin() + static_cast<std::ptrdiff_t>(homes.size()), cores.end(), {},
                      [](const CoreSet& set) { return set.first(); });
  }
  return cores;
}

/// For ranks of different sizes, by rank: the domain that can hold it whole; none where no domain
/// can. The largest choose first, and each takes the domain with the most room.
std::vector<std::optional<int>> homes_by_size(const CoreRequest& request) {
  std::vector<int> room;
  for (const auto& domain : model::cores_by_numa(request.topology))
    room.push_back(request.share.count_common(domain));
  std::vector<std::size_t> ranks(request.cores.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  std::ranges::stable_sort(ranks, std::greater<>(), [&](auto rank) { return request.cores[rank]; });
  std::vector<std::optional<int>> homes(ranks.size());
  for (const auto rank : ranks) {
    const auto best = std::ranges::max_element(room);
    if (*best < request.cores[rank]) continue;
    *best -= request.cores[rank];
    homes[rank] = static_cast<int>(best - room.begin());
  }
  return homes;
}

/// Those that fit into no single domain get what the others leave.
std::vector<CoreSet> by_size(const CoreRequest& request) {
  const auto homes = homes_by_size(request);
  std::vector<Claim> claims;
  for (std::size_t rank = 0; rank < homes.size(); ++rank)
    claims.push_back(
        {.home = homes[rank].value_or(0), .cores = homes[rank] ? request.cores[rank] : 0});
  auto cores = hand_out(request.topology, request.share, claims);
  CoreSet unused = request.share;
  for (const auto& given : cores) unused -= given;
  const auto domains = model::cores_by_numa(request.topology);
  for (std::size_t rank = 0; rank < homes.size(); ++rank) {
    if (homes[rank]) continue;
    const auto best = std::ranges::max_element(
        domains, {}, [&](const CoreSet& domain) { return unused.count_common(domain); });
    cores[rank] =
        hand_out(request.topology, unused,
                 {{.home = static_cast<int>(best - domains.begin()), .cores = request.cores[rank]}})
            .front();
    unused -= cores[rank];
  }
  return cores;
}

std::vector<CoreSet> one_after_the_other(const CoreRequest& request) {
  std::vector<CoreSet> cores;
  CoreSet unused = request.share;
  for (std::size_t rank = 0; rank < request.near.size(); ++rank) {
    cores.push_back(unused.take(request.cores[rank]));
    unused -= cores.back();
  }
  return cores;
}

}  // namespace

std::vector<CoreSet> choose_cores(const CoreRequest& request) {
  if (request.map_by == model::MapBy::core) return one_after_the_other(request);
  const bool are_alike = std::ranges::count(request.cores, request.cores.front()) ==
                         static_cast<std::ptrdiff_t>(request.cores.size());
  if (request.map_by && !are_alike) return by_size(request);
  if (request.map_by) return in_homes(request, homes_in_turn(request));
  if (!std::ranges::all_of(request.near, &model::GpuSet::empty)) return near_gpus(request);
  if (!are_alike) return by_size(request);
  return in_homes(request, even_homes(request.topology, request.share,
                                      static_cast<int>(request.near.size()), size_of(request)));
}

}  // namespace mapping
