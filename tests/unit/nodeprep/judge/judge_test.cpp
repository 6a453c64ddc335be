#include "nodeprep/judge/judge.h"

#include "tests/support/catch.h"

namespace {

model::NodeInfo good_node() {
  model::NodeInfo node;
  node.name = "n1";
  node.boot_id = "b";
  node.topology.numa.push_back({.os_index = 0, .memory = base::Bytes(std::uint64_t{1} << 34)});
  node.topology.cores.push_back({.package = 0, .numa = 0, .cpus = model::CpuSet::range(0, 1)});
  node.topology.cores.push_back({.package = 0, .numa = 0, .cpus = model::CpuSet::range(1, 1)});
  node.topology.memory = base::Bytes(std::uint64_t{3} << 33);
  return node;
}

/// The verdict on a good node with one thing changed.
template <class Change>
std::string verdict(Change change) {
  model::NodeInfo node = good_node();
  change(node);
  const judge::Verdict verdict = judge::judge(node);
  CHECK(verdict.ready == verdict.text.starts_with("ready: "));
  return verdict.text;
}

}  // namespace

TEST_CASE("a good node is ready, and the line says what it has") {
  CHECK(verdict([](model::NodeInfo&) {}) == "ready: 2 cores, 1 NUMA domain, 24G, 0 GPUs");
  CHECK(verdict([](model::NodeInfo& node) {
          node.topology.gpus.resize(1);
          node.topology.oversubscribed = true;
        }) == "ready: 2 cores, 1 NUMA domain, 24G, 1 GPU, oversubscribed");
}

TEST_CASE("a node that cannot take work is unusable, and the line says why") {
  CHECK(verdict([](model::NodeInfo& node) { node.name.clear(); }) ==
        "unusable: the node has no name: expected --name");
  CHECK(verdict([](model::NodeInfo& node) { node.topology.cores.clear(); }) ==
        "unusable: no core that this process may use (see taskset -p, cpuset)");
  CHECK(verdict([](model::NodeInfo& node) { node.topology.cores[1].cpus = {}; }) ==
        "unusable: core 1 has no hardware thread");
  CHECK(verdict([](model::NodeInfo& node) { node.topology.numa.clear(); }) ==
        "unusable: no memory domain was found");
  CHECK(verdict([](model::NodeInfo& node) { node.topology.memory = base::Bytes(1 << 20); }) ==
        "unusable: 1M of memory that jobs may use, expected at least 16M");
  CHECK(verdict([](model::NodeInfo& node) { node.boot_id.clear(); }) ==
        "unusable: the machine does not tell its boot id");
}
