#include "launcher/map/environment.h"

#include <map>
#include <string>

#include "tests/support/catch.h"

namespace {

const mapping::LaunchPlace place{.programs = "/opt/muster/bin",
                                 .launch_id = "17.2.0.abc",
                                 .checkpoint_file = "/launches/17.2.batch/checkpoint",
                                 .meeting_port = 23456,
                                 .session_dir = "/dev/shm/s",
                                 .pml = "^cm",
                                 .has_pmix = true,
                                 .interface = "lo"};

model::Topology topology_of_node() {
  model::Topology topology;
  topology.numa.push_back({});
  for (int core = 0; core < 4; ++core) {
    topology.cores.push_back({.cpus = model::CpuSet::range(core, 1)});
  }
  topology.gpus = {{.uuid = "GPU-a"}, {.uuid = "GPU-b"}};
  return topology;
}

/// Job 17, second attempt, two nodes with two tasks each; the order is for the second node.
model::LaunchOrder order_of_step() {
  auto job = std::make_shared<model::JobSpec>();
  job->name = "train";
  job->work_dir = "/home/ada";
  job->environment = {{"HOME", "/home/ada"}, {"PATH", "/usr/bin"}};
  auto step = std::make_shared<model::StepSpec>();
  step->environment = job->environment;
  model::LaunchOrder order{.key = {.job = model::JobId(17), .attempt = 2, .step = model::StepId(0)},
                           .job = job,
                           .step = step,
                           .node_index = 1,
                           .tasks = {2, 2},
                           .last_end = "the script on n1 exited with code 75",
                           .cluster = "lab",
                           .pool = "all",
                           .tier = model::Tier::low_priority,
                           .n_evictions = 3,
                           .controller = "unix:/d/api.sock",
                           .secret = std::string(64, 'a')};
  for (const char* name : {"n1", "n2"}) {
    order.allocation.nodes.push_back({.node = model::NodeId(1),
                                      .name = name,
                                      .tasks = 2,
                                      .cores = model::CoreSet::range(0, 2),
                                      .gpus = model::GpuSet::range(0, 2)});
  }
  return order;
}

model::Environment of_script(const model::LaunchOrder& order) {
  return environment_of_script(order, topology_of_node(), place);
}

model::Environment of_rank(const model::LaunchOrder& order, std::size_t local = 1,
                           const mapping::LaunchPlace& where = place) {
  const auto topology = topology_of_node();
  const auto placement = mapping::map_ranks(order, topology).value();
  return environment_of_rank(order, topology, where, placement, placement.ranks[local]);
}

void set_for_step(model::LaunchOrder& order, const std::string& name, const std::string& value) {
  auto step = *order.step;
  step.environment[name] = value;
  order.step = std::make_shared<model::StepSpec>(step);
}

}  // namespace

TEST_CASE("starters of MPI libraries find the nodes of the job and its shell in a script") {
  const auto order = order_of_step();
  auto with_hosts = place;
  with_hosts.open_mpi_hosts = "/launches/17.2.batch/hosts";
  with_hosts.hydra_hosts = "/launches/17.2.batch/hosts.hydra";
  const auto environment = mapping::environment_of_script(order, topology_of_node(), with_hosts);
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"AZ_BATCHAI_MPI_HOST_FILE", "/launches/17.2.batch/hosts"},
           {"MUSTER_HOSTFILE", "/launches/17.2.batch/hosts"},
           {"MUSTER_JOB_CPUS_PER_NODE", "2(x2)"},
           {"OMPI_MCA_orte_default_hostfile", "/launches/17.2.batch/hosts"},
           {"OMPI_MCA_plm_rsh_agent", "/opt/muster/bin/muster-rsh"},
           {"PRTE_MCA_plm_ssh_agent", "/opt/muster/bin/muster-rsh"},
           {"HYDRA_HOST_FILE", "/launches/17.2.batch/hosts.hydra"},
           {"HYDRA_LAUNCHER_EXEC", "/opt/muster/bin/muster-rsh"}}) {
    CAPTURE(name);
    REQUIRE(environment.contains(name));
    CHECK(environment.at(name) == value);
  }
  CHECK_FALSE(
      mapping::environment_of_script(order, topology_of_node(), place).contains("HYDRA_LAUNCHER"));
}

TEST_CASE("a script is told about its job and keeps what the user set") {
  const model::Environment expected{
      {"AZ_BATCHAI_CLUSTER_NAME", "lab"},
      {"AZ_BATCHAI_JOB_NAME", "train"},
      {"AZ_BATCHAI_JOB_WORK_DIR", "/home/ada"},
      {"AZ_BATCHAI_MPI_MASTER_NODE", "n1"},
      {"AZ_BATCHAI_NUM_GPUS", "2"},
      {"AZ_BATCH_NODE_IS_DEDICATED", "false"},
      {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"},
      {"CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b"},
      {"GLOO_SOCKET_IFNAME", "lo"},
      {"HOME", "/home/ada"},
      {"MASTER_ADDR", "127.0.0.1"},
      {"MASTER_PORT", "23456"},
      {"MUSTER_ADDED",
       "AZ_BATCHAI_CLUSTER_NAME AZ_BATCHAI_JOB_NAME AZ_BATCHAI_JOB_WORK_DIR "
       "AZ_BATCHAI_MPI_MASTER_NODE AZ_BATCHAI_NUM_GPUS AZ_BATCH_NODE_IS_DEDICATED "
       "CUDA_DEVICE_ORDER CUDA_VISIBLE_DEVICES "
       "GLOO_SOCKET_IFNAME MASTER_ADDR MASTER_PORT NCCL_SOCKET_IFNAME"},
      {"MUSTER_ATTEMPT", "2"},
      {"MUSTER_CHECKPOINT_FILE", "/launches/17.2.batch/checkpoint"},
      {"MUSTER_CLUSTER", "lab"},
      {"MUSTER_CONTROLLER", "unix:/d/api.sock"},
      {"MUSTER_CORES", "0-1"},
      {"MUSTER_CPUS_PER_TASK", "1"},
      {"MUSTER_JOB_CPUS_PER_NODE", "2(x2)"},
      {"MUSTER_JOB_ID", "17"},
      {"MUSTER_JOB_NAME", "train"},
      {"MUSTER_LAUNCH_ID", "17.2.0.abc"},
      {"MUSTER_NNODES", "2"},
      {"MUSTER_NODE", "n2"},
      {"MUSTER_NODE_ADDRESS", "127.0.0.1"},
      {"MUSTER_NODELIST", "n[1-2]"},
      {"MUSTER_NODE_INDEX", "1"},
      {"MUSTER_NTASKS", "4"},
      {"MUSTER_EVICTION_COUNT", "3"},
      {"MUSTER_NODE_TIER", "low-priority"},
      {"MUSTER_POOL", "all"},
      {"MUSTER_RESTART_COUNT", "1"},
      {"MUSTER_RESTART_REASON", "the script on n1 exited with code 75"},
      {"MUSTER_SUBMIT_DIR", "/home/ada"},
      {"MUSTER_TASKS_PER_NODE", "2(x2)"},
      {"NCCL_SOCKET_IFNAME", "lo"},
      {"PATH", "/opt/muster/bin/mpi:/opt/muster/bin/compat:/opt/muster/bin:/usr/bin"},
  };
  CHECK(of_script(order_of_step()) == expected);
}

TEST_CASE("a job that asked for memory is told how much, in mebibytes") {
  auto order = order_of_step();
  CHECK_FALSE(of_script(order).contains("MUSTER_MEM_PER_NODE"));
  auto job = *order.job;
  job.shape.memory_per_node = base::Bytes(256ULL << 20);
  order.job = std::make_shared<model::JobSpec>(job);
  CHECK(of_script(order).at("MUSTER_MEM_PER_NODE") == "256");
  job.shape.memory_per_node.reset();
  job.shape.memory_per_cpu = base::Bytes(2ULL << 30);
  order.job = std::make_shared<model::JobSpec>(job);
  CHECK(of_rank(order).at("MUSTER_MEM_PER_CPU") == "2048");
}

TEST_CASE("where ranks meet is the user's to say, and between machines the script's node") {
  auto order = order_of_step();
  auto job = *order.job;
  job.environment = {{"MASTER_PORT", "29500"}, {"NCCL_SOCKET_IFNAME", "ib0"}};
  order.job = std::make_shared<model::JobSpec>(job);
  CHECK(of_script(order).at("MASTER_PORT") == "29500");
  CHECK(of_script(order).at("NCCL_SOCKET_IFNAME") == "ib0");
  order.addresses = {"10.0.0.1", "10.0.0.2"};
  order.node_index = 0;
  auto between = place;
  between.interface = "eth1";
  const auto script = mapping::environment_of_script(order, topology_of_node(), between);
  CHECK(script.at("MASTER_ADDR") == "10.0.0.1");
  CHECK(script.at("MUSTER_NODE_ADDRESS") == "10.0.0.1");
  CHECK(script.at("GLOO_SOCKET_IFNAME") == "eth1");
  CHECK(script.at("NCCL_SOCKET_IFNAME") == "ib0");
  between.interface = "";  // the address is none of this machine's
  CHECK_FALSE(mapping::environment_of_script(order, topology_of_node(), between)
                  .contains("GLOO_SOCKET_IFNAME"));
  order.addresses = {"10.0.0.1", "10.0.0.1"};  // two slices of one machine
  CHECK(of_script(order).at("MASTER_ADDR") == "127.0.0.1");
  CHECK(mapping::own_address(order, 20000) == "127.0.0.1:20000");
  order.addresses = {"fd00::1", "fd00::2"};
  CHECK(mapping::own_address(order, 20000) == "[fd00::1]:20000");
}

TEST_CASE("a rank talks over the interface of its own node, whatever the script's is called") {
  auto order = order_of_step();
  order.addresses = {"10.0.0.1", "10.0.0.2"};
  auto own = place;
  own.interface = "ens3";
  set_for_step(order, "GLOO_SOCKET_IFNAME", "eth1");
  set_for_step(order, "NCCL_SOCKET_IFNAME", "ib0");
  CHECK(of_rank(order, 1, own).at("GLOO_SOCKET_IFNAME") == "eth1");  // the user said so
  set_for_step(order, "MUSTER_ADDED", "MASTER_ADDR GLOO_SOCKET_IFNAME");
  const auto rank = of_rank(order, 1, own);
  CHECK(rank.at("GLOO_SOCKET_IFNAME") == "ens3");
  CHECK(rank.at("NCCL_SOCKET_IFNAME") == "ib0");
  CHECK(rank.at("MUSTER_NODE_ADDRESS") == "10.0.0.2");
}

TEST_CASE("a script has no names of one rank and nothing that would disturb its own mpirun") {
  for (const auto& [name, value] : of_script(order_of_step())) {
    CHECK_FALSE(name.starts_with("OMPI_"));
    CHECK_FALSE(name.starts_with("MUSTER_RANK"));
  }
}

TEST_CASE("muster's programs are put into PATH once") {
  auto order = order_of_step();
  set_for_step(order, "PATH",
               "/opt/muster/bin/mpi:/opt/muster/bin/compat:/opt/muster/bin:/usr/bin");
  CHECK(of_rank(order).at("PATH") ==
        "/opt/muster/bin/mpi:/opt/muster/bin/compat:/opt/muster/bin:/usr/bin");
}

TEST_CASE("a rank is told its numbers, under the names that programs know") {
  const auto environment = of_rank(order_of_step());
  CHECK(environment.at("MUSTER_RANK") == "3");
  CHECK(environment.at("MUSTER_LOCAL_RANK") == "1");
  CHECK(environment.at("MUSTER_STEP_ID") == "0");
  CHECK(environment.at("MUSTER_STEP_NTASKS") == "4");
  CHECK(environment.at("MUSTER_CPUS") == "1");
  CHECK(environment.at("MUSTER_NIC").empty());
  CHECK(environment.at("OMPI_COMM_WORLD_RANK") == "3");
  CHECK(environment.at("OMPI_COMM_WORLD_SIZE") == "4");
  CHECK(environment.at("OMPI_COMM_WORLD_LOCAL_RANK") == "1");
  CHECK(environment.at("PMI_RANK") == "3");
  CHECK(environment.at("PMI_SIZE") == "4");
  CHECK(environment.at("MPI_LOCALRANKID") == "1");
  CHECK(environment.at("MPI_LOCALNRANKS") == "2");
  CHECK(environment.at("RANK") == "3");
  CHECK(environment.at("WORLD_SIZE") == "4");
  CHECK(environment.at("LOCAL_WORLD_SIZE") == "2");
  CHECK(environment.at("NODE_RANK") == "1");
  CHECK(environment.at("CUDA_VISIBLE_DEVICES") == "GPU-b");
}

TEST_CASE("ranks of a step have one file to meet at, and no other step or attempt has the same") {
  auto order = order_of_step();
  const auto first = of_rank(order).at("MUSTER_RENDEZVOUS_FILE");
  CHECK(first == "/home/ada/.muster-rendezvous-17.2.0-aaaaaaaa");
  CHECK(of_rank(order, 0).at("MUSTER_RENDEZVOUS_FILE") == first);
  CHECK(of_rank(order).at("AZ_BATCHAI_PYTORCH_INIT_METHOD") == "file://" + first);
  CHECK(of_rank(order).at("AZ_BATCHAI_TASK_INDEX") == "3");
  order.key.attempt = 3;
  CHECK(of_rank(order).at("MUSTER_RENDEZVOUS_FILE") != first);
}

TEST_CASE("GPUs without a UUID are named by their place in PCI order") {
  auto topology = topology_of_node();
  topology.gpus[1].uuid.clear();
  const auto environment = environment_of_script(order_of_step(), topology, place);
  CHECK(environment.at("CUDA_VISIBLE_DEVICES") == "0,1");
}

TEST_CASE("a job without GPUs keeps what it said about them") {
  auto order = order_of_step();
  for (auto& share : order.allocation.nodes) share.gpus = {};
  CHECK_FALSE(of_script(order).contains("CUDA_VISIBLE_DEVICES"));
}

TEST_CASE("Open MPI is tuned for our launch, and the user's settings win") {
  auto order = order_of_step();
  CHECK(of_rank(order).at("OMPI_MCA_schizo") == "^orte");
  CHECK(of_rank(order).at("OMPI_MCA_pml") == "^cm");
  CHECK(of_rank(order).at("OMPI_MCA_btl_vader_backing_directory") == "/dev/shm/s");
  CHECK_FALSE(of_rank(order).contains("OMPI_MCA_mpi_yield_when_idle"));

  set_for_step(order, "OMPI_MCA_pml", "ucx");
  CHECK(of_rank(order).at("OMPI_MCA_pml") == "ucx");
  auto other = order_of_step();
  set_for_step(other, "OMPI_MCA_mtl", "ofi");
  CHECK_FALSE(of_rank(other).contains("OMPI_MCA_pml"));
}

TEST_CASE("with a fabric nothing is ruled out, and the ranks share a transport key") {
  auto fabric = place;
  fabric.pml.clear();
  const auto environment = of_rank(order_of_step(), 0, fabric);
  CHECK_FALSE(environment.contains("OMPI_MCA_pml"));
  CHECK(environment.at("OMPI_MCA_orte_precondition_transports") ==
        std::string(16, 'a') + "-" + std::string(16, 'a'));
}

TEST_CASE("ranks that share hardware threads yield when they wait") {
  auto order = order_of_step();
  order.tasks = {2, 3};
  CHECK(of_rank(order).at("OMPI_MCA_mpi_yield_when_idle") == "1");
}

TEST_CASE("names of another launcher's PMIx or PMI do not reach ranks") {
  auto order = order_of_step();
  set_for_step(order, "PMIX_NAMESPACE", "foreign");
  set_for_step(order, "PMI_FD", "9");
  set_for_step(order, "PMI_RANK", "9");
  set_for_step(order, "HYDI_CONTROL_FD", "9");
  set_for_step(order, "OMPI_MCA_ess", "env");
  set_for_step(order, "OMPI_MCA_coll", "tuned");
  const auto environment = of_rank(order);
  CHECK_FALSE(environment.contains("PMIX_NAMESPACE"));
  CHECK_FALSE(environment.contains("PMI_FD"));
  CHECK(environment.at("PMI_RANK") == "3");
  CHECK_FALSE(environment.contains("HYDI_CONTROL_FD"));
  CHECK_FALSE(environment.contains("OMPI_MCA_ess"));
  CHECK(environment.at("OMPI_MCA_coll") == "tuned");
}

TEST_CASE("without a PMIx server Open MPI is left to itself") {
  auto plain = place;
  plain.has_pmix = false;
  CHECK_FALSE(of_rank(order_of_step(), 0, plain).contains("OMPI_MCA_schizo"));
}

TEST_CASE("the task of a step like the script has the script's environment and is no rank") {
  auto order = order_of_step();
  auto step = *order.step;
  step.like_script = true;
  step.tasks = 1;
  step.environment = {{"TERM", "dumb"}, {"HOME", "/elsewhere"}};
  order.step = std::make_shared<model::StepSpec>(step);
  order.tasks = {0, 1};
  const auto environment = of_rank(order, 0);
  CHECK(environment.at("TERM") == "dumb");
  CHECK(environment.at("HOME") == "/elsewhere");
  CHECK(environment.at("MUSTER_JOB_ID") == "17");
  CHECK(environment.at("MUSTER_NODE") == "n2");
  CHECK(environment.at("CUDA_VISIBLE_DEVICES") == of_script(order).at("CUDA_VISIBLE_DEVICES"));
  for (const char* name :
       {"PMI_RANK", "RANK", "OMPI_COMM_WORLD_RANK", "MUSTER_RANK", "MUSTER_CHECKPOINT_FILE"})
    CHECK_FALSE(environment.contains(name));
}
