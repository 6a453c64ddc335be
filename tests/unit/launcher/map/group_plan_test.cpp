#include "launcher/map/group_plan.h"

#include <chrono>

#include "tests/support/catch.h"

using mapping::GroupEntrance;
using mapping::GroupValue;
using model::Controller;
using model::Hierarchy;

namespace {

const Hierarchy unified{
    .version = 2, .controllers = {Controller::memory, Controller::cpuset}, .folder = "/cg/n1"};
const Hierarchy memory{.version = 1, .controllers = {Controller::memory}, .folder = "/memory/n1"};
const Hierarchy cpuset{.version = 1, .controllers = {Controller::cpuset}, .folder = "/cpuset/n1"};
const Hierarchy devices{
    .version = 1, .controllers = {Controller::devices}, .folder = "/devices/n1"};

/// Step 3 of attempt 2 of job 7, on cores 1 and 2 and GPU 1 of a node of four.
model::LaunchOrder order_of_step(std::optional<base::Bytes> asked) {
  auto job = std::make_shared<model::JobSpec>();
  job->shape.memory_per_node = asked;
  model::LaunchOrder order{.key = {.job = model::JobId(7), .attempt = 2, .step = model::StepId(3)}};
  order.job = job;
  order.allocation.nodes.push_back({.node = model::NodeId(1),
                                    .name = "n1",
                                    .tasks = 2,
                                    .cores = model::CoreSet::range(1, 2),
                                    .gpus = model::GpuSet::range(1, 1),
                                    .memory = asked.value_or(base::Bytes())});
  return order;
}

model::Topology four_cores() {
  model::Topology topology;
  topology.numa.push_back({});
  for (int core = 0; core < 4; ++core)
    topology.cores.push_back({.package = 0, .numa = 0, .cpus = model::CpuSet::range(2 * core, 2)});
  topology.gpus = {{.uuid = {}, .kind = {}, .pci = "0000:01:00.0", .memory = {}, .numa = 0},
                   {.uuid = {}, .kind = {}, .pci = "0000:02:00.0", .memory = {}, .numa = 0}};
  return topology;
}

}  // namespace

TEST_CASE("in version 2 the attempt has the limits and the launch is killed and counted below it") {
  const auto plan =
      mapping::plan_groups({unified}, order_of_step(base::Bytes(1 << 20)), four_cores(), {});
  CHECK(plan.groups == model::LaunchGroups{.own = {"/cg/n1/7.2/7.2.3"}, .shared = {"/cg/n1/7.2"}});
  CHECK(plan.values == std::vector<GroupValue>{{"/cg/n1/7.2/cgroup.subtree_control", "+memory"},
                                               {"/cg/n1/7.2/memory.max", "1048576"},
                                               {"/cg/n1/7.2/memory.swap.max", "0", true},
                                               {"/cg/n1/7.2/cpuset.cpus", "2-5"}});
  CHECK(plan.entrances == std::vector<GroupEntrance>{{2, "/cg/n1/7.2/7.2.3"}});
  CHECK(plan.memory_limit == base::Bytes(1 << 20));
  CHECK(plan.peak_file == "/cg/n1/7.2/memory.peak");
  CHECK(plan.own_peak_file == "/cg/n1/7.2/7.2.3/memory.peak");
  CHECK(plan.oom_file == "/cg/n1/7.2/7.2.3/memory.events");
  CHECK(plan.cpu_file == "/cg/n1/7.2/7.2.3/cpu.stat");
}

TEST_CASE("in version 1 each controller has its own tree") {
  const auto plan = mapping::plan_groups(
      {memory, cpuset, devices}, order_of_step(base::Bytes(4096)), four_cores(),
      {{.pci = "0000:01:00.0", .minor = 0}, {.pci = "0000:02:00.0", .minor = 1}});
  CHECK(plan.groups ==
        model::LaunchGroups{
            .own = {"/memory/n1/7.2/7.2.3", "/cpuset/n1/7.2/7.2.3", "/devices/n1/7.2/7.2.3"},
            .shared = {"/memory/n1/7.2", "/cpuset/n1/7.2", "/devices/n1/7.2"}});
  CHECK(plan.values ==
        std::vector<GroupValue>{{"/memory/n1/7.2/memory.limit_in_bytes", "4096"},
                                {"/memory/n1/7.2/memory.memsw.limit_in_bytes", "4096", true},
                                {"/cpuset/n1/7.2/cpuset.cpus", "2-5"},
                                {"/devices/n1/7.2/devices.deny", "c 195:0 rwm"}});
  CHECK(plan.entrances == std::vector<GroupEntrance>{{1, "/memory/n1/7.2/7.2.3"},
                                                     {1, "/cpuset/n1/7.2/7.2.3"},
                                                     {1, "/devices/n1/7.2/7.2.3"}});
  CHECK(plan.cpu_file.empty());
}

TEST_CASE(
    "a job that asked for no memory has no limit, and cores that others share are not kept to") {
  auto topology = four_cores();
  topology.oversubscribed = true;
  const auto plan =
      mapping::plan_groups({memory, cpuset}, order_of_step(std::nullopt), topology, {});
  CHECK(plan.values.empty());
  CHECK_FALSE(plan.memory_limit);
  CHECK(plan.oom_file == "/memory/n1/7.2/7.2.3/memory.oom_control");
}

TEST_CASE("the files of groups are read") {
  CHECK(mapping::counted("oom_kill_disable 0\nunder_oom 1\noom_kill 3\n", "oom_kill") == 3);
  CHECK(mapping::counted("low 0\noom 7\n", "oom_kill") == 0);
  CHECK(mapping::cpu_time("usage_usec 1500\nuser_usec 1000\n") == std::chrono::microseconds(1500));
  CHECK(mapping::cpu_time("2500000\n") == std::chrono::microseconds(2500));
  CHECK(mapping::cpu_time("") == base::Duration());
}

TEST_CASE("what was used is told beside the limit, or that there was none") {
  const base::Bytes half(std::uint64_t{512} << 20);
  CHECK(mapping::out_of_memory_text(half, half) == "it used 512M of 512M");
  CHECK(mapping::out_of_memory_text(half, {}) == "it used 512M, and the node had no more");
  CHECK(mapping::out_of_memory_text({}, half) == "it may use 512M");
  CHECK(mapping::out_of_memory_text({}, {}).empty());
}
