#include "nodeprep/probe/slice.h"

#include "nodeprep/probe/machine.h"
#include "tests/support/catch.h"

namespace {

model::Topology machine(const std::string& description) {
  const auto loaded = probe::Machine::synthetic(description);
  REQUIRE(loaded);
  return loaded->topology();
}

model::CpuSet cpus(const model::Topology& node) {
  return cpus_of(node, model::CoreSet::range(0, static_cast<int>(node.cores.size())));
}

}  // namespace

TEST_CASE("slices beside each other share no hardware thread and cover the machine") {
  const model::Topology whole = machine("pack:2 numa:2 core:4 pu:2");
  model::CpuSet covered;
  for (int first = 0; first < 16; first += 4) {
    const auto node = probe::cut(
        whole, {.first_core = first, .n_cores = 4, .gpus = {}, .memory = {}, .shared = false});
    REQUIRE(node);
    CHECK(!node->oversubscribed);
    CHECK(!covered.intersects(cpus(*node)));
    covered |= cpus(*node);
  }
  CHECK(covered == cpus(whole));
}

TEST_CASE("a description that is none is an error") {
  CHECK(!probe::Machine::synthetic("pack:zero"));
  CHECK(!probe::Machine::from_xml("/nonexistent.xml"));
}
