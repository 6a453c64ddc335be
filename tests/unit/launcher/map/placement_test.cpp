#include "launcher/map/placement.h"

#include "launcher/map/step_nodes.h"
#include "tests/support/catch.h"

namespace {

using mapping::map_ranks;

/// Cores of two hardware threads each, numbered as Linux does: i and i + cores.
model::Topology topology_of(int cores, int gpus = 0) {
  model::Topology topology;
  topology.numa.push_back({});
  for (int core = 0; core < cores; ++core) {
    model::Core made;
    made.cpus.add(core);
    made.cpus.add(core + cores);
    topology.cores.push_back(made);
  }
  for (int gpu = 0; gpu < gpus; ++gpu) {
    topology.gpus.push_back({.uuid = "GPU-" + std::to_string(gpu)});
  }
  return topology;
}

struct Ask {
  std::vector<int> tasks;
  int node = 0;
  int first_core = 0;
  int cores = 4;
  int gpus = 0;
  int cpus_per_task = 1;
};

model::LaunchOrder order_of(const Ask& ask) {
  auto job = std::make_shared<model::JobSpec>();
  auto step = std::make_shared<model::StepSpec>();
  step->cpus_per_task = ask.cpus_per_task;
  model::LaunchOrder order{.key = {.job = model::JobId(1), .attempt = 1, .step = model::StepId(0)},
                           .job = job,
                           .step = step,
                           .node_index = ask.node,
                           .tasks = ask.tasks};
  for (std::size_t node = 0; node < ask.tasks.size(); ++node) {
    order.allocation.nodes.push_back({.node = model::NodeId(1),
                                      .name = "n" + std::to_string(node + 1),
                                      .tasks = ask.tasks[node],
                                      .cores = model::CoreSet::range(ask.first_core, ask.cores),
                                      .gpus = model::GpuSet::range(0, ask.gpus)});
  }
  return order;
}

std::vector<std::string> cpus(const mapping::Placement& placement) {
  std::vector<std::string> texts;
  for (const auto& rank : placement.ranks) texts.push_back(to_text(rank.cpus));
  return texts;
}

std::vector<std::string> gpus(const mapping::Placement& placement) {
  std::vector<std::string> texts;
  for (const auto& rank : placement.ranks) texts.push_back(to_text(rank.gpus));
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("ranks are bound to cores of the node's share, apart, with all their threads") {
  const auto placement =
      map_ranks(order_of({.tasks = {2}, .first_core = 4}), topology_of(8)).value();
  CHECK(cpus(placement) == Texts{"4,12", "6,14"});
  CHECK_FALSE(placement.oversubscribed);
  CHECK(placement.unbound.empty());

  const auto wide =
      map_ranks(order_of({.tasks = {2}, .first_core = 2, .cpus_per_task = 2}), topology_of(8))
          .value();
  CHECK(cpus(wide) == Texts{"2-3,10-11", "4-5,12-13"});
}

TEST_CASE("ranks are numbered in blocks over the nodes") {
  const auto placement =
      map_ranks(order_of({.tasks = {3, 0, 2}, .node = 2}), topology_of(4)).value();
  REQUIRE(placement.ranks.size() == 2);
  CHECK(placement.ranks[0].rank == 3);
  CHECK(placement.ranks[0].local_rank == 0);
  CHECK(placement.ranks[1].rank == 4);
  CHECK(placement.ranks[1].local_rank == 1);
}

TEST_CASE("ranks go round the nodes where the step asks for that") {
  CHECK(model::deal_ranks({2, 0, 3}, false) ==
        std::vector<std::vector<int>>{{0, 1}, {}, {2, 3, 4}});
  CHECK(model::deal_ranks({2, 0, 3}, true) == std::vector<std::vector<int>>{{0, 2}, {}, {1, 3, 4}});
  auto order = order_of({.tasks = {2, 3}, .node = 1});
  auto step = *order.step;
  step.binding.by_node = true;
  order.step = std::make_shared<model::StepSpec>(step);
  const auto placement = map_ranks(order, topology_of(4)).value();
  REQUIRE(placement.ranks.size() == 3);
  CHECK(placement.ranks[0].rank == 1);
  CHECK(placement.ranks[2].rank == 4);
  CHECK(placement.ranks[2].local_rank == 2);
  CHECK(mapping::node_of_rank(mapping::step_nodes(order), 2) == 0);
}

TEST_CASE("more ranks than cores are not bound and share") {
  const auto placement = map_ranks(order_of({.tasks = {5}}), topology_of(4)).value();
  CHECK(cpus(placement) == Texts{"", "", "", "", ""});
  CHECK(placement.oversubscribed);
  CHECK(placement.unbound ==
        "5 ranks of 1 core each need more than the 4 cores that the job has there");
  CHECK(placement.ranks[0].numa.empty());
  const auto wide = map_ranks(order_of({.tasks = {2}, .cpus_per_task = 3}), topology_of(4)).value();
  CHECK(wide.oversubscribed);
}

TEST_CASE("ranks of a node whose cores stand for shared ones are bound and yield") {
  auto topology = topology_of(4);
  topology.oversubscribed = true;
  const auto placement = map_ranks(order_of({.tasks = {2}}), topology).value();
  CHECK(placement.oversubscribed);
  CHECK(placement.unbound.empty());
  CHECK(cpus(placement) == Texts{"0,4", "2,6"});
}

TEST_CASE("the job's cores per task hold for a step that does not say") {
  auto order = order_of({.tasks = {1}});
  auto job = *order.job;
  job.shape.cpus_per_task = 2;
  order.job = std::make_shared<model::JobSpec>(job);
  order.step = std::make_shared<model::StepSpec>();
  CHECK(mapping::cpus_per_task(order) == 2);
}

TEST_CASE("as many GPUs as ranks: one each; a multiple: equal parts; else all see all") {
  CHECK(gpus(map_ranks(order_of({.tasks = {2}, .gpus = 2}), topology_of(4, 2)).value()) ==
        Texts{"0", "1"});
  CHECK(gpus(map_ranks(order_of({.tasks = {2}, .gpus = 4}), topology_of(4, 4)).value()) ==
        Texts{"0-1", "2-3"});
  CHECK(gpus(map_ranks(order_of({.tasks = {2}, .gpus = 3}), topology_of(4, 3)).value()) ==
        Texts{"0-2", "0-2"});
  CHECK(gpus(map_ranks(order_of({.tasks = {2}, .gpus = 1}), topology_of(4, 1)).value()) ==
        Texts{"0", "0"});
  CHECK(gpus(map_ranks(order_of({.tasks = {2}}), topology_of(4)).value()) == Texts{"", ""});
}

TEST_CASE(
    "a step that asks for GPUs for each task gives each rank so many, not equal parts of all") {
  auto order = order_of({.tasks = {2}, .gpus = 4});
  auto step = *order.step;
  step.gpus_per_task = 1;
  order.step = std::make_shared<model::StepSpec>(step);
  CHECK(gpus(map_ranks(order, topology_of(4, 4)).value()) == Texts{"0", "1"});
}

TEST_CASE("a node of which no memory domain is known is mapped as one domain") {
  auto topology = topology_of(4);
  topology.numa.clear();
  const auto placement = map_ranks(order_of({.tasks = {2}}), topology).value();
  CHECK(cpus(placement) == Texts{"0,4", "2,6"});
  CHECK(placement.ranks[0].numa.empty());
}

TEST_CASE("the nodes of a step are those with ranks") {
  const auto nodes = mapping::step_nodes(order_of({.tasks = {0, 2, 0, 1}}));
  REQUIRE(nodes.size() == 2);
  CHECK(nodes[0] == mapping::StepNode{1, "n2", {0, 1}});
  CHECK(nodes[1] == mapping::StepNode{3, "n4", {2}});
  CHECK(mapping::node_of_rank(nodes, 1) == 0);
  CHECK(mapping::node_of_rank(nodes, 2) == 1);
}

TEST_CASE("equal counts side by side are written once") {
  CHECK(mapping::compress_counts({2, 2, 1}) == "2(x2),1");
  CHECK(mapping::compress_counts({4}) == "4");
  CHECK(mapping::compress_counts({}).empty());
  CHECK(mapping::compress_counts({1, 2, 1}) == "1,2,1");
}

TEST_CASE("ranks that serve see no GPU, and the others are dealt all of them") {
  auto order = order_of({.tasks = {4}, .cores = 8, .gpus = 3});
  auto step = std::make_shared<model::StepSpec>(*order.step);
  step->roles = {{.name = "ps", .count = 1, .serves = true}, {.name = "worker", .count = 3}};
  order.step = step;
  const auto placement = map_ranks(order, topology_of(8, 3));
  REQUIRE(placement);
  CHECK(gpus(*placement) == std::vector<std::string>{"", "0", "1", "2"});
  model::CpuSet all;
  for (const auto& rank : placement->ranks) {
    CHECK_FALSE(rank.cpus.empty());
    CHECK_FALSE(all.intersects(rank.cpus));
    all |= rank.cpus;
  }
}

namespace {

model::LaunchOrder order_with(model::Roles roles, const Ask& ask) {
  auto order = order_of(ask);
  auto step = std::make_shared<model::StepSpec>(*order.step);
  step->roles = std::move(roles);
  order.step = step;
  return order;
}

/// Two memory domains of `cores` each, one thread a core.
model::Topology two_domains(int cores) {
  model::Topology topology;
  for (int domain = 0; domain < 2; ++domain) {
    topology.numa.push_back({.os_index = domain});
    for (int i = 0; i < cores; ++i) {
      model::Core core{.numa = domain};
      core.cpus.add(domain * cores + i);
      topology.cores.push_back(core);
    }
  }
  return topology;
}

}  // namespace

TEST_CASE("each rank has the cores and GPUs of its role, and shares them with no other") {
  const model::Roles roles{{.name = "ps", .count = 1, .serves = true, .cores = 1, .gpus = 0},
                           {.name = "worker", .count = 2, .cores = 3, .gpus = 2},
                           {.name = "judge", .count = 1, .cores = 1, .gpus = 1}};
  const auto placement =
      map_ranks(order_with(roles, {.tasks = {4}, .cores = 8, .gpus = 5}), topology_of(8, 5));
  REQUIRE(placement);
  CHECK(gpus(*placement) == Texts{"", "0-1", "2-3", "4"});
  std::vector<int> sizes;
  model::CpuSet all;
  for (const auto& rank : placement->ranks) {
    sizes.push_back(rank.cpus.count() / 2);
    CHECK_FALSE(all.intersects(rank.cpus));
    all |= rank.cpus;
  }
  CHECK(sizes == std::vector<int>{1, 3, 3, 1});
}

TEST_CASE("roles that name no cores have those of the step, and GPUs that none names are dealt") {
  const model::Roles roles{{.name = "ps", .count = 1, .serves = true, .cores = 1},
                           {.name = "worker", .count = 2}};
  const auto placement =
      map_ranks(order_with(roles, {.tasks = {3}, .cores = 5, .gpus = 2, .cpus_per_task = 2}),
                topology_of(5, 2));
  REQUIRE(placement);
  CHECK(gpus(*placement) == Texts{"", "0", "1"});
  CHECK(placement->ranks[0].cpus.count() == 2);
  CHECK(placement->ranks[1].cpus.count() == 4);
}

TEST_CASE("ranks of different sizes keep inside memory domains where they fit") {
  const model::Roles roles{{.name = "ps", .count = 2, .serves = true, .cores = 1},
                           {.name = "worker", .count = 2, .cores = 3}};
  const auto placed =
      map_ranks(order_with(roles, {.tasks = {4}, .cores = 8}), two_domains(4)).value();
  CHECK(cpus(placed) == Texts{"0", "4", "1-3", "5-7"});
  auto order = order_with(roles, {.tasks = {4}, .cores = 8});
  auto step = *order.step;
  step.binding.map_by = model::MapBy::core;
  order.step = std::make_shared<model::StepSpec>(step);
  CHECK(cpus(map_ranks(order, two_domains(4)).value()) == Texts{"0", "1", "2-4", "5-7"});

  const model::Roles wide{{.name = "big", .count = 1, .cores = 6},
                          {.name = "small", .count = 2, .cores = 1}};
  const auto over = map_ranks(order_with(wide, {.tasks = {3}, .cores = 8}), two_domains(4)).value();
  CHECK(over.ranks[0].cpus.count() == 6);
  CHECK(over.ranks[1].numa.count() == 1);
  CHECK(over.ranks[2].numa.count() == 1);
}

TEST_CASE("roles that need more than the job has there are not bound, or refused for GPUs") {
  const model::Roles roles{{.name = "a", .count = 1, .cores = 1},
                           {.name = "b", .count = 1, .cores = 8, .gpus = 1}};
  const auto few = map_ranks(order_with(roles, {.tasks = {2}, .gpus = 1}), topology_of(8, 1));
  REQUIRE(few);
  CHECK(few->unbound ==
        "2 ranks with 9 cores together need more than the 4 cores that the job has there");
  const auto none = map_ranks(order_with(roles, {.tasks = {2}, .cores = 9}), topology_of(9));
  REQUIRE_FALSE(none);
  CHECK(none.error().text.find("the roles need 1 GPU on a node, and the job has 0") !=
        std::string::npos);
}

TEST_CASE("a step that fills its nodes shares out all cores there, evenly") {
  auto order = order_of({.tasks = {2}, .cores = 5});
  model::StepSpec step;
  step.binding.fill = true;
  order.step = std::make_shared<const model::StepSpec>(step);
  CHECK(mapping::cpus_per_task(order) == 2);
  CHECK(cpus(map_ranks(order, topology_of(5)).value()) ==
        std::vector<std::string>{"0-1,5-6", "2-3,7-8"});
  order.tasks = {6};
  CHECK_FALSE(map_ranks(order, topology_of(5)).value().unbound.empty());
}

TEST_CASE("a step that asks for a number of cores fills nothing") {
  auto order = order_of({.tasks = {1}, .cores = 4});
  auto step = *order.step;
  step.binding.fill = true;
  order.step = std::make_shared<const model::StepSpec>(step);
  CHECK(mapping::cpus_per_task(order) == 1);
}

TEST_CASE("a step with cores of its own is placed in these alone, likewise its GPUs") {
  auto order = order_of({.tasks = {2}, .cores = 4, .gpus = 2});
  order.step_share = model::StepShare{model::CoreSet::range(2, 2), model::GpuSet::range(1, 1)};
  const auto placement = map_ranks(order, topology_of(4, 2)).value();
  CHECK(cpus(placement) == std::vector<std::string>{"2,6", "3,7"});
  CHECK(gpus(placement) == std::vector<std::string>{"1", "1"});
  order.step_share->gpus = {};
  CHECK(gpus(map_ranks(order, topology_of(4, 2)).value()) == std::vector<std::string>{"0", "1"});
}
