#include "launcher/map/near_cores.h"

#include <algorithm>

#include "launcher/map/placement.h"
#include "lib/base/random.h"
#include "tests/support/catch.h"
#include "tests/support/machines.h"

namespace {

using mapping::Claim;
using mapping::hand_out;
using mapping::map_ranks;
using model::CoreSet;

/// Machines that nobody builds, shares that no scheduler would give, and requests for them.
class RandomCase {
 public:
  explicit RandomCase(std::uint64_t seed) : random_(seed) {
    make_cores();
    const int share = 20 + upto(80);
    for (std::size_t core = 0; core < topology.cores.size(); ++core) {
      if (upto(99) < share) cores.add(static_cast<int>(core));
    }
    if (cores.empty()) cores.add(upto(static_cast<int>(topology.cores.size()) - 1));
    for (int gpu = upto(8); gpu > 0; --gpu)
      topology = support::with_gpus(topology, {upto(static_cast<int>(topology.numa.size()) - 1)});
    ranks = 1 + upto(cores.count() - 1);
    cores_per_rank = 1 + upto(cores.count() / ranks - 1);
    has_gpus = upto(1) == 1;
  }

  model::LaunchOrder order() const {
    auto step = std::make_shared<model::StepSpec>();
    step->cpus_per_task = cores_per_rank;
    model::LaunchOrder made{.key = {.job = model::JobId(1), .attempt = 1, .step = model::StepId(0)},
                            .job = std::make_shared<model::JobSpec>(),
                            .step = step,
                            .tasks = {ranks}};
    const int n_gpus = has_gpus ? static_cast<int>(topology.gpus.size()) : 0;
    made.allocation.nodes.push_back({.node = model::NodeId(1),
                                     .tasks = ranks,
                                     .cores = cores,
                                     .gpus = model::GpuSet::range(0, n_gpus)});
    return made;
  }

  int upto(int most) { return static_cast<int>(random_.below(static_cast<unsigned>(most) + 1)); }

  model::Topology topology;
  CoreSet cores;
  int ranks = 1;
  int cores_per_rank = 1;
  bool has_gpus = false;

 private:
  /// Domains of any size, without cores too; cores with one to four threads.
  void make_cores() {
    const int packages = 1 + upto(3);
    int cpu = 0;
    for (int package = 0; package < packages; ++package) {
      for (int domains = 1 + upto(3); domains > 0; --domains) {
        const int numa = static_cast<int>(topology.numa.size());
        topology.numa.push_back({.os_index = numa});
        for (int n = upto(9); n > 0; --n) {
          const int threads = 1 + upto(3);
          topology.cores.push_back({package, numa, model::CpuSet::range(cpu, threads)});
          cpu += threads;
        }
      }
    }
    if (topology.cores.empty()) topology.cores.push_back({0, 0, model::CpuSet::range(0, 1)});
  }

  base::Random random_;
};

constexpr std::uint64_t n_cases = 1000;

int distance(const model::Topology& topology, int core, int domain) {
  const auto& at = topology.cores[static_cast<std::size_t>(core)];
  if (at.numa == domain) return 0;
  return mapping::packages(topology)[static_cast<std::size_t>(domain)] == at.package ? 1 : 2;
}

/// The least sum of distances with which the claims can be met: each flow of one core to a claim
/// that saves something is taken, the best first.
int least_distance(const model::Topology& topology, CoreSet unused, std::vector<Claim> claims) {
  int sum = 0;
  for (int d = 0; d <= 2; ++d) {
    for (auto& claim : claims) {
      for (const int core : unused.members()) {
        if (claim.cores == 0 || distance(topology, core, claim.home) != d) continue;
        unused.remove(core);
        --claim.cores;
        sum += d;
      }
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("ranks of any request have disjoint cores of the share, as many as asked for") {
  for (std::uint64_t seed = 0; seed < n_cases; ++seed) {
    CAPTURE(seed);
    const RandomCase one(seed);
    const auto placement = map_ranks(one.order(), one.topology).value();
    REQUIRE(placement.ranks.size() == static_cast<std::size_t>(one.ranks));
    REQUIRE(placement.unbound.empty());
    const auto whole = cpus_of(one.topology, one.cores);
    model::CpuSet seen;
    for (const auto& rank : placement.ranks) {
      REQUIRE_FALSE(rank.cpus.empty());
      REQUIRE_FALSE(rank.numa.empty());
      REQUIRE(whole.includes(rank.cpus));
      REQUIRE_FALSE(seen.intersects(rank.cpus));
      seen |= rank.cpus;
      int n_cores = 0;
      for (const auto& core : one.topology.cores) {
        if (!rank.cpus.intersects(core.cpus)) continue;
        REQUIRE(rank.cpus.includes(core.cpus));
        ++n_cores;
      }
      REQUIRE(n_cores == one.cores_per_rank);
    }
    REQUIRE(map_ranks(one.order(), one.topology).value() == placement);
  }
}

TEST_CASE("cores are as near to their claims as they can be, and equal claims fare equally") {
  for (std::uint64_t seed = 0; seed < n_cases; ++seed) {
    CAPTURE(seed);
    RandomCase one(seed);
    std::vector<Claim> claims;
    for (int rank = 0; rank < one.ranks; ++rank) {
      claims.push_back({.home = one.upto(static_cast<int>(one.topology.numa.size()) - 1),
                        .cores = one.cores_per_rank});
    }
    const auto given = hand_out(one.topology, one.cores, claims);
    int sum = 0;
    std::vector<int> near(claims.size(), 0);
    for (std::size_t i = 0; i < claims.size(); ++i) {
      for (const int core : given[i].members()) {
        const int d = distance(one.topology, core, claims[i].home);
        sum += d;
        if (d == 0) ++near[i];
      }
    }
    REQUIRE(sum == least_distance(one.topology, one.cores, claims));
    for (std::size_t i = 0; i < claims.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (claims[i].home == claims[j].home) REQUIRE(std::abs(near[i] - near[j]) <= 1);
      }
    }
  }
}

TEST_CASE("without GPUs ranks lie across domains only when no domain has room, in even numbers") {
  for (std::uint64_t seed = 0; seed < n_cases; ++seed) {
    CAPTURE(seed);
    RandomCase one(seed);
    one.has_gpus = false;
    const auto placement = map_ranks(one.order(), one.topology).value();
    const auto domains = model::cores_by_numa(one.topology);
    std::vector<int> whole_ranks(domains.size(), 0);
    int n_across = 0;
    for (const auto& rank : placement.ranks) {
      if (rank.numa.count() > 1) ++n_across;
      if (rank.numa.count() == 1) ++whole_ranks[static_cast<std::size_t>(*rank.numa.first())];
    }
    int room = 0;
    for (std::size_t d = 0; d < domains.size(); ++d) {
      const int room_here = one.cores.count_common(domains[d]) / one.cores_per_rank;
      room += room_here;
      for (std::size_t other = 0; other < domains.size(); ++other) {
        if (whole_ranks[d] < room_here) REQUIRE(whole_ranks[other] <= whole_ranks[d] + 1);
      }
    }
    REQUIRE(n_across == std::max(0, one.ranks - room));
  }
}

TEST_CASE("claims that want different numbers get them, in their order") {
  const auto machine = support::Machine{.cores = 8}.topology();
  const auto given = hand_out(machine, CoreSet::range(0, 8), {{0, 1}, {0, 3}, {0, 2}});
  CHECK(to_text(given[0]) == "0");
  CHECK(to_text(given[1]) == "1-3");
  CHECK(to_text(given[2]) == "5-6");
}

TEST_CASE("claims for more than there is get what there is, in equal parts") {
  const auto machine = support::Machine{.packages = 2, .cores = 2}.topology();
  const auto given = hand_out(machine, CoreSet::range(0, 4), {{0, 3}, {0, 3}});
  CHECK(to_text(given[0]) == "0,2");
  CHECK(to_text(given[1]) == "1,3");
}
