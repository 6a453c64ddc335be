#include "launcher/map/pbs_environment.h"

#include <map>
#include <string>

#include "launcher/map/environment.h"
#include "tests/support/catch.h"

namespace {

const mapping::LaunchPlace pbs_place{.programs = "/opt/muster/bin",
                                     .pbs_nodes = "/launch/hosts.pbs"};

model::Topology pbs_topology() {
  model::Topology topology;
  topology.numa.push_back({});
  for (int core = 0; core < 8; ++core)
    topology.cores.push_back({.cpus = model::CpuSet::range(core, 1)});
  return topology;
}

/// Two nodes with two tasks of two cores each; the order is for the second.
model::LaunchOrder order_of_pbs() {
  auto job = std::make_shared<model::JobSpec>();
  job->name = "solve";
  job->work_dir = "/home/ada";
  job->dialect = model::Dialect::pbs;
  job->shape.cpus_per_task = 2;
  job->time_limit = std::chrono::hours(1);
  job->environment = {{"PBS_O_WORKDIR", "/home/ada/run"}};
  model::LaunchOrder order{.key = {.job = model::JobId(17)},
                           .job = job,
                           .node_index = 1,
                           .pool = "batch",
                           .secret = std::string(64, 'a')};
  for (const char* name : {"n1", "n2"}) {
    order.allocation.nodes.push_back(
        {.node = model::NodeId(1), .name = name, .tasks = 2, .cores = model::CoreSet::range(0, 4)});
  }
  return order;
}

model::Environment of_pbs_script(const model::LaunchOrder& order) {
  return environment_of_script(order, pbs_topology(), pbs_place);
}

}  // namespace

TEST_CASE("a script from PBS finds its job") {
  const auto environment = of_pbs_script(order_of_pbs());
  const std::map<std::string, std::string> wanted{{"PBS_JOBID", "17"},
                                                  {"PBS_JOBNAME", "solve"},
                                                  {"PBS_QUEUE", "batch"},
                                                  {"PBS_NODEFILE", "/launch/hosts.pbs"},
                                                  {"PBS_NUM_NODES", "2"},
                                                  {"PBS_NUM_PPN", "2"},
                                                  {"PBS_NP", "4"},
                                                  {"PBS_NODENUM", "1"},
                                                  {"PBS_TASKNUM", "1"},
                                                  {"PBS_ENVIRONMENT", "PBS_BATCH"},
                                                  {"PBS_JOBDIR", "/home/ada"},
                                                  {"PBS_WALLTIME", "3600"},
                                                  {"NCPUS", "4"},
                                                  {"OMP_NUM_THREADS", "4"}};
  for (const auto& [name, value] : wanted) CHECK(environment.at(name) == value);
  CHECK_FALSE(environment.contains("PBS_ARRAY_INDEX"));
  CHECK_FALSE(environment.contains("SLURM_JOB_ID"));
}

TEST_CASE("a task of an array has PBS's names and Torque's") {
  auto order = order_of_pbs();
  auto job = *order.job;
  job.array = model::array_from_text("1-9").value();
  order.job = std::make_shared<const model::JobSpec>(job);
  order.task = model::ArrayTask{model::JobId(12), 4};
  const auto environment = of_pbs_script(order);
  CHECK(environment.at("PBS_JOBID") == "12[4]");
  CHECK(environment.at("PBS_ARRAY_ID") == "12[]");
  CHECK(environment.at("PBS_ARRAY_INDEX") == "4");
  CHECK(environment.at("PBS_ARRAYID") == "4");
}

TEST_CASE("the list of nodes has a line for each task") {
  CHECK(mapping::pbs_nodes(order_of_pbs().allocation) == "n1\nn1\nn2\nn2\n");
}

TEST_CASE("a number of threads that the user chose is kept") {
  auto order = order_of_pbs();
  auto job = *order.job;
  job.environment["OMP_NUM_THREADS"] = "1";
  order.job = std::make_shared<const model::JobSpec>(job);
  CHECK(of_pbs_script(order).at("OMP_NUM_THREADS") == "1");
}

TEST_CASE("a rank has as many threads as cores, and knows its node") {
  auto order = order_of_pbs();
  order.key.step = model::StepId(0);
  order.tasks = {2, 2};
  model::StepSpec step;
  step.environment = of_pbs_script(order_of_pbs());
  order.step = std::make_shared<const model::StepSpec>(step);
  const auto placement = mapping::map_ranks(order, pbs_topology()).value();
  const auto environment =
      environment_of_rank(order, pbs_topology(), pbs_place, placement, placement.ranks[1]);
  CHECK(environment.at("PBS_TASKNUM") == "4");
  CHECK(environment.at("PBS_NODENUM") == "1");
  CHECK(environment.at("OMP_NUM_THREADS") == "2");
  CHECK(environment.at("PBS_NODEFILE") == "/launch/hosts.pbs");
}
