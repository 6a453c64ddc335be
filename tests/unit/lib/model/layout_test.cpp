#include "lib/model/layout.h"

#include "tests/support/catch.h"

namespace {

using Catch::Matchers::Contains;
using model::Layout;
using model::Shape;

Layout resolved(const Shape& shape) {
  auto layout = model::resolve(shape);
  INFO((layout ? "" : layout.error().text));
  REQUIRE(layout.has_value());
  return *std::move(layout);
}

std::string refused(const Shape& shape) {
  const auto layout = model::resolve(shape);
  REQUIRE_FALSE(layout.has_value());
  CHECK(layout.error().code == base::Code::invalid);
  return layout.error().text;
}

}  // namespace

TEST_CASE("an empty request is one task with one core, on any one node") {
  const auto layout = resolved({});
  CHECK(layout == Layout{});
  CHECK(layout.tasks == 1);
  CHECK_FALSE(layout.nodes.has_value());
}

TEST_CASE("what is left out follows from what is given") {
  CHECK(resolved({.nodes = 3}).tasks == 3);
  CHECK(resolved({.nodes = 2, .tasks_per_node = 4}).tasks == 8);
  CHECK(resolved({.tasks = 5}).tasks == 5);
  CHECK_FALSE(resolved({.tasks = 5}).nodes.has_value());
  CHECK(resolved({.tasks = 5, .tasks_per_node = 2}).nodes == 3);
  CHECK(resolved({.tasks_per_node = 4}).tasks == 4);
  CHECK(resolved({.tasks_per_node = 4}).nodes == 1);
  CHECK(resolved({.nodes = 2, .tasks = 3}).tasks == 3);
  const auto memory = resolved({.memory_per_node = base::Bytes(7)});
  CHECK(memory.memory_per_node == base::Bytes(7));
  CHECK(memory.memory_per_cpu == base::Bytes());
}

TEST_CASE("numbers out of range are refused by their option") {
  CHECK_THAT(refused({.nodes = 0}), Contains("--nodes is 0; expected 1 to"));
  CHECK_THAT(refused({.nodes = -1}), Contains("--nodes is -1"));
  CHECK_THAT(refused({.tasks = 0}), Contains("--ntasks is 0"));
  CHECK_THAT(refused({.tasks = 2'000'000'000}), Contains("--ntasks is 2000000000"));
  CHECK_THAT(refused({.tasks_per_node = 0}), Contains("--ntasks-per-node is 0"));
  CHECK_THAT(refused({.cpus_per_task = 0}), Contains("--cpus-per-task is 0"));
  CHECK_THAT(refused({.gpus_per_node = -1}), Contains("--gpus-per-node is -1"));
  CHECK_THAT(refused({.gpus_per_task = -1}), Contains("--gpus-per-task is -1"));
}

TEST_CASE("contradictions are refused with the request that could be meant") {
  CHECK_THAT(refused({.nodes = 4, .tasks = 2}), Contains("ask for at most 2 nodes or more tasks"));
  CHECK_THAT(refused({.nodes = 2, .tasks = 9, .tasks_per_node = 4}),
             Contains("ask for at least 3 nodes"));
  CHECK_THAT(refused({.memory_per_node = base::Bytes(1), .memory_per_cpu = base::Bytes(1)}),
             Contains("--mem and --mem-per-cpu exclude each other"));
  CHECK_THAT(refused({.gpus_per_node = 1, .gpus_per_task = 1}),
             Contains("--gpus-per-node and --gpus-per-task exclude each other"));
  CHECK_THAT(refused({.nodes = 1'000'000, .tasks_per_node = 1'000'000}),
             Contains("more than 1000000 tasks"));
}

TEST_CASE("tasks are spread evenly, the first nodes take one more") {
  CHECK(model::tasks_by_node(resolved({.nodes = 3, .tasks = 8})) == std::vector<int>{3, 3, 2});
  CHECK(model::tasks_by_node(resolved({.nodes = 2, .tasks = 2})) == std::vector<int>{1, 1});
}

TEST_CASE("a node gives cores, GPUs and memory for its tasks") {
  const auto layout = resolved(
      {.tasks = 4, .cpus_per_task = 3, .gpus_per_task = 1, .memory_per_cpu = base::Bytes(100)});
  CHECK(model::demand_of(layout, 2) == model::Demand{2, 6, 2, base::Bytes(600)});
  const auto whole =
      resolved({.nodes = 2, .tasks = 4, .gpus_per_node = 4, .memory_per_node = base::Bytes(1'000)});
  CHECK(model::demand_of(whole, 2) == model::Demand{2, 2, 4, base::Bytes(1'000)});
}

TEST_CASE("a request whose totals would overflow is refused") {
  constexpr int million = 1'000'000;
  CHECK_THAT(refused({.tasks = million, .cpus_per_task = million}),
             Contains("1000000 tasks with 1000000 cores and 0 GPUs each are more than 1000000"));
  CHECK_THAT(refused({.tasks = million, .gpus_per_task = 2}), Contains("are more than 1000000"));
  CHECK_THAT(refused({.tasks = 4, .memory_per_cpu = base::Bytes(std::uint64_t{1} << 63)}),
             Contains("of memory"));
  CHECK_THAT(refused({.memory_per_node = base::Bytes(~std::uint64_t{0})}), Contains("of memory"));
  const auto largest = resolved({.tasks = million});
  CHECK(model::demand_of(largest, largest.tasks).cores == million);
}

TEST_CASE("an open number of nodes has its tasks by node, or shares them out") {
  model::Shape shape;
  shape.nodes = 2;
  shape.most_nodes = 5;
  shape.tasks_per_node = 3;
  const auto by_node = *model::resolve(shape);
  CHECK(by_node.tasks == 6);
  CHECK(model::with_nodes(by_node, 5).tasks == 15);
  CHECK(model::with_nodes(by_node, 5).most_nodes == 0);
  shape.tasks_per_node.reset();
  shape.tasks = 8;
  const auto shared = *model::resolve(shape);
  CHECK(model::with_nodes(shared, 4).tasks == 8);
  CHECK(model::tasks_by_node(model::with_nodes(shared, 3)) == std::vector<int>{3, 3, 2});
  shape.tasks = 4;
  CHECK(
      model::resolve(shape).error().text ==
      "up to 5 nodes for 4 tasks: every node needs a task; ask for at most 4 nodes or more tasks");
  shape.tasks = 8;
  shape.most_nodes = 1;
  CHECK(model::resolve(shape).error().text ==
        "--nodes=2-1 ends below its beginning; give the fewest first");
}
