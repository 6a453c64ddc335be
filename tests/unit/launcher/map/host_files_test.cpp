#include "launcher/map/host_files.h"

#include "tests/support/catch.h"

TEST_CASE("a job's nodes are listed with their tasks, as each starter reads it") {
  model::Allocation allocation;
  allocation.nodes.push_back({.node = model::NodeId(1), .name = "n1", .tasks = 2});
  allocation.nodes.push_back({.node = model::NodeId(2), .name = "gpu-07", .tasks = 16});
  CHECK(mapping::open_mpi_hosts(allocation) == "n1 slots=2\ngpu-07 slots=16\n");
  CHECK(mapping::hydra_hosts(allocation) == "n1:2\ngpu-07:16\n");
}
