#include "launcher/map/nic_choice.h"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <set>
#include <string>

#include "launcher/map/near_cores.h"

namespace mapping {

namespace {

/// Larger is better.
struct Nearness {
  std::ptrdiff_t shared_bridges = 0;
  bool same_domain = false;
  bool same_package = false;
  int n_others = 0;  // ranks that have it, negative

  auto operator<=>(const Nearness&) const = default;
};

std::ptrdiff_t shared(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::mismatch(a, b).in1 - a.begin();
}

/// Where a rank is at home, as places in Topology::numa.
std::set<int> domains_of(const model::Topology& topology, const NicWish& wish) {
  std::set<int> domains;
  if (!wish.gpus.empty()) {
    domains.insert(topology.gpus[static_cast<std::size_t>(wish.gpus.members().front())].numa);
    return domains;
  }
  for (const auto& core : topology.cores) {
    if (core.cpus.intersects(wish.cpus)) domains.insert(core.numa);
  }
  return domains;
}

class Chooser {
 public:
  explicit Chooser(const model::Topology& topology)
      : topology_(topology), packages_(packages(topology)), n_ranks_(topology.nics.size(), 0) {}

  std::optional<int> choose(const NicWish& wish) {
    const auto domains = domains_of(topology_, wish);
    std::optional<std::size_t> best;
    Nearness most;
    for (std::size_t nic = 0; nic < topology_.nics.size(); ++nic) {
      const auto near = nearness(nic, wish, domains);
      if (best && near <= most) continue;
      best = nic;
      most = near;
    }
    if (!best) return std::nullopt;
    ++n_ranks_[*best];
    return static_cast<int>(*best);
  }

 private:
  Nearness nearness(std::size_t place, const NicWish& wish, const std::set<int>& domains) const {
    const auto& nic = topology_.nics[place];
    Nearness near{.n_others = -n_ranks_[place]};
    if (!wish.gpus.empty()) {
      const auto gpu = static_cast<std::size_t>(wish.gpus.members().front());
      near.shared_bridges = shared(topology_.gpus[gpu].bridges, nic.bridges);
    }
    if (!nic.numa) return near;
    near.same_domain = domains.contains(*nic.numa);
    near.same_package = std::ranges::any_of(domains, [&](int domain) {
      const auto package = package_of(domain);
      return package && package == package_of(*nic.numa);
    });
    return near;
  }

  std::optional<int> package_of(int domain) const {
    const auto place = static_cast<std::size_t>(domain);
    return place < packages_.size() ? packages_[place] : std::nullopt;
  }

  const model::Topology& topology_;
  std::vector<std::optional<int>> packages_;
  std::vector<int> n_ranks_;  // that have each card
};

}  // namespace

std::vector<std::optional<int>> choose_nics(const model::Topology& topology,
                                            const std::vector<NicWish>& wishes) {
  Chooser chooser(topology);
  std::vector<std::optional<int>> chosen;
  chosen.reserve(wishes.size());
  for (const auto& wish : wishes) chosen.push_back(chooser.choose(wish));
  return chosen;
}

}  // namespace mapping
