#include "launcher/map/slurm_environment.h"

#include <map>
#include <string>

#include "launcher/map/environment.h"
#include "tests/support/catch.h"

namespace {

using Variables = std::map<std::string, std::string>;

const mapping::LaunchPlace slurm_place{.programs = "/opt/muster/bin", .started_at = 1'000};

model::Topology slurm_topology() {
  model::Topology topology;
  topology.numa.push_back({});
  for (int core = 0; core < 4; ++core)
    topology.cores.push_back({.cpus = model::CpuSet::range(core, 1)});
  topology.gpus = {{.uuid = "GPU-a"}, {.uuid = "GPU-b"}};
  return topology;
}

std::shared_ptr<model::JobSpec> job_of_slurm() {
  auto job = std::make_shared<model::JobSpec>();
  job->name = "train";
  job->work_dir = "/home/ada";
  job->dialect = model::Dialect::slurm;
  job->shape.tasks = 5;
  job->environment = {{"SLURM_SUBMIT_DIR", "/home/ada"}, {"SLURM_CPUS_PER_TASK", "7"}};
  return job;
}

/// Three nodes with two, two and one of the job's tasks; the order is for one of them.
model::LaunchOrder order_for(std::shared_ptr<model::JobSpec> job, int node = 0) {
  model::LaunchOrder order{.key = {.job = model::JobId(17), .attempt = 1},
                           .user = {.uid = 1000, .gid = 100, .name = "ada"},
                           .job = std::move(job),
                           .node_index = node,
                           .cluster = "lab",
                           .pool = "batch",
                           .controller = "unix:/d/api.sock",
                           .secret = std::string(64, 'a')};
  for (const int tasks : {2, 2, 1}) {
    const auto number = std::to_string(order.allocation.nodes.size() + 1);
    order.allocation.nodes.push_back({.node = model::NodeId(1),
                                      .name = "n" + number,
                                      .tasks = tasks,
                                      .cores = model::CoreSet::range(0, tasks),
                                      .gpus = model::GpuSet::range(0, 2)});
  }
  return order;
}

model::Environment of_slurm_script(const model::LaunchOrder& order) {
  return environment_of_script(order, slurm_topology(), slurm_place);
}

model::Environment of_slurm_rank(model::LaunchOrder order, model::StepSpec step,
                                 std::size_t local) {
  order.key.step = model::StepId(3);
  step.environment = of_slurm_script(order_for(job_of_slurm()));
  order.step = std::make_shared<const model::StepSpec>(std::move(step));
  const auto placement = mapping::map_ranks(order, slurm_topology()).value();
  return environment_of_rank(order, slurm_topology(), slurm_place, placement,
                             placement.ranks[local]);
}

/// Those of `wanted` that are there with another value, or not.
Variables missed(const model::Environment& environment, const Variables& wanted) {
  Variables missed;
  for (const auto& [name, value] : wanted) {
    const auto found = environment.find(name);
    if (found == environment.end()) {
      missed[name] = "(not there)";
    } else if (found->second != value) {
      missed[name] = found->second;
    }
  }
  return missed;
}

}  // namespace

TEST_CASE("a script from Slurm finds its job under old names and new ones") {
  CHECK(missed(of_slurm_script(order_for(job_of_slurm())), {{"SLURM_JOB_ID", "17"},
                                                            {"SLURM_JOBID", "17"},
                                                            {"SLURM_JOB_NAME", "train"},
                                                            {"SLURM_JOB_NODELIST", "n[1-3]"},
                                                            {"SLURM_NODELIST", "n[1-3]"},
                                                            {"SLURM_JOB_NUM_NODES", "3"},
                                                            {"SLURM_NNODES", "3"},
                                                            {"SLURM_NTASKS", "5"},
                                                            {"SLURM_NPROCS", "5"},
                                                            {"SLURM_TASKS_PER_NODE", "2(x2),1"},
                                                            {"SLURM_JOB_CPUS_PER_NODE", "2(x2),1"},
                                                            {"SLURM_CPUS_ON_NODE", "2"},
                                                            {"SLURM_GPUS_ON_NODE", "2"},
                                                            {"SLURM_JOB_GPUS", "0,1"},
                                                            {"SLURMD_NODENAME", "n1"},
                                                            {"SLURM_NODEID", "0"},
                                                            {"SLURM_PROCID", "0"},
                                                            {"SLURM_LOCALID", "0"},
                                                            {"SLURM_GTIDS", "0"},
                                                            {"SLURM_JOB_PARTITION", "batch"},
                                                            {"SLURM_CLUSTER_NAME", "lab"},
                                                            {"SLURM_JOB_USER", "ada"},
                                                            {"SLURM_JOB_UID", "1000"},
                                                            {"SLURM_JOB_GID", "100"},
                                                            {"SLURM_JOB_START_TIME", "1000"},
                                                            {"SLURM_SUBMIT_DIR", "/home/ada"},
                                                            {"ENVIRONMENT", "BATCH"}})
            .empty());
}

TEST_CASE("variables that have twins of ours have their values") {
  const auto environment = of_slurm_script(order_for(job_of_slurm()));
  for (const auto& [theirs, ours] :
       Variables{{"SLURM_JOB_NODELIST", "MUSTER_NODELIST"},
                 {"SLURM_TASKS_PER_NODE", "MUSTER_TASKS_PER_NODE"},
                 {"SLURM_JOB_CPUS_PER_NODE", "MUSTER_JOB_CPUS_PER_NODE"},
                 {"SLURM_NTASKS", "MUSTER_NTASKS"}})
    CHECK(environment.at(theirs) == environment.at(ours));
}

TEST_CASE("what the submission said of the request is as the request is now") {
  auto job = job_of_slurm();
  job->shape.cpus_per_task = 2;
  job->shape.memory_per_node = base::Bytes(std::uint64_t{1} << 30);
  const auto environment = of_slurm_script(order_for(job));
  CHECK(environment.at("SLURM_CPUS_PER_TASK") == "2");
  CHECK(environment.at("SLURM_MEM_PER_NODE") == "1024");
  CHECK_FALSE(environment.contains("SLURM_MEM_PER_CPU"));
}

TEST_CASE("the number of tasks is told where it was asked for") {
  auto job = job_of_slurm();
  job->shape.tasks.reset();
  CHECK_FALSE(of_slurm_script(order_for(job)).contains("SLURM_NTASKS"));
  CHECK_FALSE(of_slurm_script(order_for(job)).contains("SLURM_NPROCS"));
  job->shape.tasks_per_node = 2;
  CHECK(of_slurm_script(order_for(job)).at("SLURM_NTASKS") == "5");
}

TEST_CASE("tasks of arrays and jobs that started again know it by Slurm's names") {
  auto job = job_of_slurm();
  job->time_limit = std::chrono::minutes(1);
  job->array = model::array_from_text("2-8:2%3").value();
  auto order = order_for(job);
  CHECK_FALSE(of_slurm_script(order).contains("SLURM_RESTART_COUNT"));
  order.task = model::ArrayTask{model::JobId(15), 4};
  order.key.attempt = 3;
  CHECK(missed(of_slurm_script(order), {{"SLURM_ARRAY_JOB_ID", "15"},
                                        {"SLURM_ARRAY_TASK_ID", "4"},
                                        {"SLURM_ARRAY_TASK_COUNT", "4"},
                                        {"SLURM_ARRAY_TASK_MIN", "2"},
                                        {"SLURM_ARRAY_TASK_MAX", "8"},
                                        {"SLURM_ARRAY_TASK_STEP", "2"},
                                        {"SLURM_RESTART_COUNT", "2"},
                                        {"SLURM_JOB_END_TIME", "1060"}})
            .empty());
}

TEST_CASE("jobs of Muster's own know nothing of Slurm") {
  auto job = job_of_slurm();
  job->dialect = model::Dialect::native;
  job->environment.clear();
  for (const auto& [name, value] : of_slurm_script(order_for(job)))
    CHECK_FALSE(name.starts_with("SLURM"));
}

TEST_CASE("who submits from such a job can leave out all that tells of it") {
  const auto environment = of_slurm_script(order_for(job_of_slurm()));
  const auto added = " " + environment.at("MUSTER_ADDED") + " ";
  for (const auto& [name, value] : environment) {
    if (name.starts_with("SLURM")) CHECK(added.contains(" " + name + " "));
  }
}

TEST_CASE("starters of MPI libraries are kept from looking for Slurm, and for names of slices") {
  CHECK(of_slurm_script(order_for(job_of_slurm())).at("OMPI_MCA_if_base_do_not_resolve") == "1");
  CHECK(of_slurm_script(order_for(job_of_slurm())).at("OMPI_MCA_ras") == "^slurm,tm");
}

TEST_CASE("a rank finds its step: sizes are the step's, the list of nodes is the job's") {
  auto order = order_for(job_of_slurm(), 2);
  order.tasks = {0, 2, 1};
  model::StepSpec step;
  step.cpus_per_task = 1;
  const auto environment = of_slurm_rank(order, step, 0);
  CHECK(missed(environment, {{"SLURM_STEP_ID", "3"},
                             {"SLURM_STEPID", "3"},
                             {"SLURM_STEP_NODELIST", "n[2-3]"},
                             {"SLURM_JOB_NODELIST", "n[1-3]"},
                             {"SLURM_NODELIST", "n[1-3]"},
                             {"SLURM_STEP_NUM_NODES", "2"},
                             {"SLURM_NNODES", "2"},
                             {"SLURM_JOB_NUM_NODES", "3"},
                             {"SLURM_STEP_NUM_TASKS", "3"},
                             {"SLURM_NTASKS", "3"},
                             {"SLURM_STEP_TASKS_PER_NODE", "2,1"},
                             {"SLURM_TASKS_PER_NODE", "2,1"},
                             {"SLURM_PROCID", "2"},
                             {"SLURM_LOCALID", "0"},
                             {"SLURM_NODEID", "1"},
                             {"SLURM_GTIDS", "2"},
                             {"SLURMD_NODENAME", "n3"},
                             {"SLURM_CPUS_ON_NODE", "1"},
                             {"SLURM_CPUS_PER_TASK", "1"},
                             {"SLURM_CPU_BIND", "quiet,mask_cpu:0x1"},
                             {"SLURM_DISTRIBUTION", "block"},
                             {"SLURM_STEP_GPUS", "0,1"},
                             {"SLURM_SUBMIT_DIR", "/home/ada"}})
            .empty());
}

TEST_CASE("masks name the hardware threads of each rank of the node") {
  auto order = order_for(job_of_slurm());
  order.tasks = {2, 0, 0};
  CHECK(of_slurm_rank(order, {}, 1).at("SLURM_CPU_BIND_LIST") == "0x1,0x2");
  model::StepSpec unbound;
  unbound.binding.bind_to = model::BindTo::none;
  CHECK(of_slurm_rank(order, unbound, 1).at("SLURM_CPU_BIND") == "quiet,none");
}
