#include "lib/model/role_demand.h"

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace {

using model::Role;
using model::Roles;
using model::Shape;

constexpr base::Bytes gib{std::uint64_t{1} << 30};

Roles sized_roles() {
  return {{.name = "ps", .count = 2, .serves = true, .cores = 1, .memory = gib},
          {.name = "worker", .count = 3, .cores = 4, .gpus = 1, .memory = gib * 8}};
}

std::string sizing_error(Shape shape, Roles roles = sized_roles()) {
  const auto sized = model::size_for_roles(shape, roles);
  return sized ? "" : sized.error().text;
}

bool names(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a node needs what its ranks need together") {
  const auto demands = model::demand_by_node(sized_roles(), {3, 2});
  REQUIRE(demands);
  CHECK(*demands ==
        std::vector<model::Demand>{{.tasks = 3, .cores = 6, .gpus = 1, .memory = gib * 10},
                                   {.tasks = 2, .cores = 8, .gpus = 2, .memory = gib * 16}});
}

TEST_CASE("every node of a job is asked for what the fullest needs, as one task") {
  Shape shape{.nodes = 2};
  auto roles = sized_roles();
  REQUIRE(model::size_for_roles(shape, roles));
  CHECK(shape == Shape{.nodes = 2,
                       .tasks = 2,
                       .cpus_per_task = 8,
                       .gpus_per_node = 2,
                       .memory_per_node = gib * 16});
  const auto layout = model::resolve(shape);
  REQUIRE(layout);
  CHECK(model::tasks_by_node(*layout) == std::vector<int>{1, 1});
  CHECK(model::demand_of(*layout, 1) ==
        model::Demand{.tasks = 1, .cores = 8, .gpus = 2, .memory = gib * 16});
}

TEST_CASE("the node that needs most of one thing need not be that which needs most of another") {
  Shape shape{.nodes = 2};
  Roles roles{{.name = "big", .count = 1, .cores = 8}, {.name = "small", .count = 2, .gpus = 1}};
  REQUIRE(model::size_for_roles(shape, roles));
  CHECK(shape.cpus_per_task == 9);
  CHECK(shape.gpus_per_node == 1);
}

TEST_CASE("without a number of nodes there is one, or as many as tasks per node make") {
  Shape one;
  auto roles = sized_roles();
  REQUIRE(model::size_for_roles(one, roles));
  CHECK(one.nodes == 1);
  CHECK(one.cpus_per_task == 14);
  Shape some{.tasks_per_node = 2};
  roles = sized_roles();
  REQUIRE(model::size_for_roles(some, roles));
  CHECK(some.nodes == 3);
  CHECK(some.tasks_per_node == std::nullopt);
}

TEST_CASE("roles that say nothing have what each task was to have") {
  Shape shape{.cpus_per_task = 2, .gpus_per_task = 1, .memory_per_cpu = gib};
  Roles roles{{.name = "ps", .count = 1, .serves = true},
              {.name = "worker", .count = 2},
              {.name = "big", .count = 1, .cores = 6}};
  REQUIRE(model::size_for_roles(shape, roles));
  CHECK(roles == Roles{{.name = "ps", .serves = true, .cores = 2, .gpus = 0, .memory = gib * 2},
                       {.name = "worker", .count = 2, .cores = 2, .gpus = 1, .memory = gib * 2},
                       {.name = "big", .cores = 6, .gpus = 1, .memory = gib * 6}});
  CHECK(shape.cpus_per_task == 12);
  CHECK(shape.gpus_per_task == 0);
  CHECK(shape.gpus_per_node == 3);
  CHECK(shape.memory_per_node == gib * 12);
}

TEST_CASE("where nobody counts GPUs, those of a node stay open") {
  Shape shape{.gpus_per_node = 3};
  Roles roles{{.name = "worker", .count = 2, .cores = 2}};
  REQUIRE(model::size_for_roles(shape, roles));
  CHECK(roles.front().gpus == std::nullopt);
  CHECK(shape.gpus_per_node == 3);
}

TEST_CASE("a request with more than the roles need keeps it, one with less is refused") {
  Shape more{.gpus_per_node = 4, .memory_per_node = gib * 64};
  auto roles = sized_roles();
  REQUIRE(model::size_for_roles(more, roles));
  CHECK(more.gpus_per_node == 4);
  CHECK(more.memory_per_node == gib * 64);

  CHECK(sizing_error({.tasks = 4}) ==
        "--ntasks is 4, and the roles have 5 ranks; leave out --ntasks");
  CHECK(sizing_error({.gpus_per_node = 2}) ==
        "--gpus-per-node is 2, and the roles need 3 GPUs on the fullest node; leave out "
        "--gpus-per-node");
  CHECK(names(sizing_error({.memory_per_node = gib}), "--mem is 1G, and the roles need 26G"));
  CHECK(names(sizing_error({.nodes = 1, .tasks_per_node = 2}),
              "--ntasks-per-node is 2, and the roles need 5 ranks"));
  CHECK(names(sizing_error({.nodes = 6}), "--nodes is 6, and the roles have 5 ranks"));
  CHECK(names(sizing_error({.nodes = 2, .most_nodes = 4}), "--nodes is 2-4"));
  CHECK(names(sizing_error({.nodes = 0}), "--nodes is 0"));
  CHECK(
      names(sizing_error({}, {{.name = "w", .count = 3, .cores = 500'000}}), "more than 1000000"));
  CHECK(
      names(sizing_error({}, {{.name = "w", .count = 5, .memory = gib * (1 << 19)}}), "of memory"));
}

TEST_CASE("roles on every node count once for each") {
  Shape shape{.nodes = 3};
  Roles roles{{.name = "data", .count = 1, .per_node = true, .serves = true, .cores = 1},
              {.name = "worker", .count = 3, .cores = 3}};
  REQUIRE(model::size_for_roles(shape, roles));
  CHECK(shape.cpus_per_task == 4);
  CHECK(shape.tasks == 3);
}
