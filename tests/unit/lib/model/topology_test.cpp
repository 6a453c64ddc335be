#include "lib/model/topology.h"

#include "tests/support/catch.h"

TEST_CASE("cores are known by their NUMA domains") {
  model::Topology topology;
  topology.numa.resize(3);
  for (const int numa : {0, 0, 2})
    topology.cores.push_back({.package = 0, .numa = numa, .cpus = {}});
  const auto domains = model::cores_by_numa(topology);
  REQUIRE(domains.size() == 3);
  CHECK(to_text(domains[0]) == "0-1");
  CHECK(domains[1].empty());
  CHECK(to_text(domains[2]) == "2");
}

TEST_CASE("a node that says nothing of its NUMA domains has one") {
  model::Topology topology;
  topology.cores.push_back({.package = 0, .numa = 0, .cpus = {}});
  REQUIRE(model::cores_by_numa(topology).size() == 1);
  CHECK(to_text(model::cores_by_numa(topology).front()) == "0");
}
