#include "launcher/map/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "launcher/map/pbs_environment.h"
#include "launcher/map/rank_roles.h"
#include "launcher/map/slurm_environment.h"
#include "launcher/map/step_nodes.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"
#include "lib/model/layout.h"

namespace mapping {

namespace {

using model::Environment;

constexpr const char* own_machine = "127.0.0.1";
constexpr std::array interface_names{"GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"};

const model::NodeShare& share_of(const model::LaunchOrder& order) {
  return order.allocation.nodes[static_cast<std::size_t>(order.node_index)];
}

/// A list for CUDA_VISIBLE_DEVICES: by UUID where all have one, else by place in PCI order.
std::string cuda_devices(const model::Topology& topology, const model::GpuSet& gpus) {
  std::vector<std::string> uuids;
  std::vector<std::string> places;
  for (const int gpu : gpus.members()) {
    const auto& uuid = topology.gpus[static_cast<std::size_t>(gpu)].uuid;
    if (!uuid.empty()) uuids.push_back(uuid);
    places.push_back(std::to_string(gpu));
  }
  return base::join(uuids.size() == places.size() ? uuids : places, ",");
}

void show_gpus(Environment& environment, const model::Topology& topology,
               const model::GpuSet& gpus) {
  if (gpus.empty()) return;
  environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID";
  environment["CUDA_VISIBLE_DEVICES"] = cuda_devices(topology, gpus);
}

/// Muster's programs, and before them the mpirun and mpiexec that are for jobs only.
void put_first_in_path(Environment& environment, const std::string& programs) {
  const auto folders = folders_of(programs);
  auto& path = environment["PATH"];
  if (path.empty()) path = "/usr/local/bin:/usr/bin:/bin";
  if (path != folders && !path.starts_with(folders + ":")) path = folders + ":" + path;
}

/// _STEP: the distance of all indices, 1 where they differ in theirs.
void describe_task(Environment& environment, const model::ArrayTask& task,
                   const model::IndexSet& tasks) {
  const auto all = tasks.members();
  int step = all.size() > 1 ? all[1] - all[0] : 1;
  for (std::size_t i = 1; i < all.size() && step > 1; ++i) {
    if (all[i] - all[i - 1] != step) step = 1;
  }
  environment["MUSTER_ARRAY_JOB_ID"] = to_text(task.array);
  environment["MUSTER_ARRAY_TASK_ID"] = std::to_string(task.index);
  environment["MUSTER_ARRAY_TASK_COUNT"] = std::to_string(all.size());
  environment["MUSTER_ARRAY_TASK_MIN"] = std::to_string(all.front());
  environment["MUSTER_ARRAY_TASK_MAX"] = std::to_string(all.back());
  environment["MUSTER_ARRAY_TASK_STEP"] = std::to_string(step);
}

/// In mebibytes, as the attempt asked for it.
void describe_memory(Environment& environment, const model::Shape& shape) {
  const auto mebibytes = [](base::Bytes memory) { return std::to_string(memory.count() >> 20); };
  if (shape.memory_per_node) environment["MUSTER_MEM_PER_NODE"] = mebibytes(*shape.memory_per_node);
  if (shape.memory_per_cpu) environment["MUSTER_MEM_PER_CPU"] = mebibytes(*shape.memory_per_cpu);
}

/// Each also by the name that jobs of Azure Batch AI know. Their own directory does not become
/// TMPDIR: its path is long for the sockets that programs put there.
void describe_folders(Environment& environment, const LaunchPlace& place) {
  const auto set = [&environment](const char* name, const char* other, const std::string& path) {
    if (path.empty()) return;
    environment[name] = path;
    environment[other] = path;
  };
  set("MUSTER_JOB_TMP", "AZ_BATCHAI_JOB_TEMP", place.job_tmp);
  set("MUSTER_SHARED_TMP", "AZ_BATCHAI_SHARED_JOB_TEMP", place.shared_tmp);
  set("MUSTER_JOB_MOUNTS", "AZ_BATCHAI_JOB_MOUNT_ROOT", place.job_mounts);
}

/// What scripts and ranks both get.
void describe_job(Environment& environment, const model::LaunchOrder& order,
                  const LaunchPlace& place) {
  const auto& job = *order.job;
  std::vector<int> tasks;
  std::vector<int> cores;
  int n_tasks = 0;
  for (const auto& share : order.allocation.nodes) {
    tasks.push_back(share.tasks);
    cores.push_back(share.cores.count());
    n_tasks += share.tasks;
  }
  environment["MUSTER_JOB_ID"] = to_text(order.key.job);
  environment["MUSTER_JOB_NAME"] = job.name;
  if (order.task && job.array) describe_task(environment, *order.task, job.array->tasks);
  environment["MUSTER_ATTEMPT"] = std::to_string(order.key.attempt);
  environment["MUSTER_RESTART_COUNT"] = std::to_string(order.key.attempt - 1);
  environment["MUSTER_RESTART_REASON"] = order.last_end;
  environment["MUSTER_NODELIST"] = model::compress_hosts(node_names(order.allocation));
  environment["MUSTER_NNODES"] = std::to_string(order.allocation.nodes.size());
  environment["MUSTER_NTASKS"] = std::to_string(n_tasks);
  environment["MUSTER_TASKS_PER_NODE"] = compress_counts(tasks);
  environment["MUSTER_JOB_CPUS_PER_NODE"] = compress_counts(cores);
  environment["MUSTER_CPUS_PER_TASK"] = std::to_string(job.shape.cpus_per_task);
  describe_memory(environment, job.shape);
  environment["MUSTER_NODE"] = share_of(order).name;
  environment["MUSTER_NODE_ADDRESS"] = own_host(order);
  environment["MUSTER_NODE_INDEX"] = std::to_string(order.node_index);
  environment["MUSTER_CORES"] = to_text(share_of(order).cores);
  environment["MUSTER_CLUSTER"] = order.cluster;
  environment["MUSTER_POOL"] = order.pool;
  environment["MUSTER_NODE_TIER"] = to_text(order.tier);
  environment["MUSTER_EVICTION_COUNT"] = std::to_string(order.n_evictions);
  environment["MUSTER_CONTROLLER"] = order.controller;
  environment["MUSTER_SUBMIT_DIR"] = job.work_dir;
  environment["MUSTER_LAUNCH_ID"] = place.launch_id;
  describe_folders(environment, place);
  put_first_in_path(environment, place.programs);
}

/// Left over when `muster run` is itself started under another launcher.
bool is_of_another_launcher(std::string_view name) {
  static constexpr std::array<std::string_view, 7> prefixes{"PMIX_",        "PMI_",
                                                            "HYDI_",  // of MPICH's
                                                            "PRTE_",        "OMPI_COMM_WORLD_",
                                                            "OMPI_MCA_ess", "OMPI_MCA_orte_ess_"};
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [name](std::string_view prefix) { return name.starts_with(prefix); });
}

void number_rank(Environment& environment, const model::LaunchOrder& order, const RankPlace& rank,
                 const Placement& placement) {
  const auto has_ranks = [](int tasks) { return tasks > 0; };
  const auto node = std::count_if(order.tasks.begin(), order.tasks.begin() + order.node_index,
                                  has_ranks);  // its place among those of the step
  const auto n_nodes = std::ranges::count_if(order.tasks, has_ranks);
  const auto global = std::to_string(rank.rank);
  const auto local = std::to_string(rank.local_rank);
  const auto size = std::to_string(n_ranks(order));
  const auto local_size = std::to_string(placement.ranks.size());

  environment["MUSTER_STEP_ID"] = to_text(*order.key.step);
  environment["MUSTER_STEP_NTASKS"] = size;
  environment["MUSTER_STEP_NNODES"] = std::to_string(n_nodes);
  environment["MUSTER_RANK"] = global;
  environment["MUSTER_LOCAL_RANK"] = local;
  environment["MUSTER_LOCAL_NTASKS"] = local_size;
  environment["MUSTER_CPUS"] = to_text(rank.cpus);
  environment["MUSTER_NIC"] = rank.nic;

  environment["OMPI_COMM_WORLD_RANK"] = global;
  environment["OMPI_COMM_WORLD_SIZE"] = size;
  environment["OMPI_COMM_WORLD_LOCAL_RANK"] = local;
  environment["OMPI_COMM_WORLD_LOCAL_SIZE"] = local_size;
  environment["OMPI_COMM_WORLD_NODE_RANK"] = local;

  environment["PMI_RANK"] = global;
  environment["PMI_SIZE"] = size;
  environment["MPI_LOCALRANKID"] = local;
  environment["MPI_LOCALNRANKS"] = local_size;

  environment.try_emplace("RANK", global);
  environment.try_emplace("WORLD_SIZE", size);
  environment.try_emplace("LOCAL_RANK", local);
  environment.try_emplace("LOCAL_WORLD_SIZE", local_size);
  environment.try_emplace("NODE_RANK", std::to_string(node));
}

/// What makes Open MPI 4 take our PMIx server, start fast, and keep apart the nodes that share a
/// machine. docs/mpi.md says why each is there.
void tune_open_mpi(Environment& environment, const model::LaunchOrder& order,
                   const LaunchPlace& place, const Placement& placement) {
  const auto suggest = [&environment](const char* name, const std::string& value) {
    environment.try_emplace(name, value);
  };
  suggest("OMPI_MCA_schizo", "^orte");
  suggest("OMPI_MCA_orte_externally_bound", "1");
  suggest("OMPI_MCA_hwloc_base_binding_policy", "none");
  suggest("HWLOC_PLUGINS_BLACKLIST", "hwloc_gl.so,hwloc_opencl.so,hwloc_xml_libxml.so");
  if (!place.session_dir.empty()) {
    suggest("OMPI_MCA_btl_vader_backing_directory", place.session_dir);
  }
  if (!place.pml.empty() && !environment.contains("OMPI_MCA_mtl")) {
    suggest("OMPI_MCA_pml", place.pml);
  }
  if (place.pml.empty() && order.secret.size() >= 64) {
    suggest("OMPI_MCA_orte_precondition_transports",
            order.secret.substr(32, 16) + "-" + order.secret.substr(48, 16));
  }
  if (placement.oversubscribed) {
    suggest("OMPI_MCA_mpi_oversubscribe", "1");
    suggest("OMPI_MCA_mpi_yield_when_idle", "1");
  }
}

/// Where ranks that know each other by torch.distributed's variables meet: on the script's node,
/// which is the first. Ranks inherit it from the script.
void describe_meeting(Environment& environment, const model::LaunchOrder& order,
                      const LaunchPlace& place) {
  if (place.meeting_port) {
    environment.try_emplace("MASTER_ADDR", own_host(order));
    environment.try_emplace("MASTER_PORT", std::to_string(*place.meeting_port));
  }
  for (const char* name : interface_names) {
    if (!place.interface.empty()) environment.try_emplace(name, place.interface);
  }
}

/// What the script's node suggested need not be this one's.
void name_own_interface(Environment& environment, const LaunchPlace& place) {
  const auto added = environment.find("MUSTER_ADDED");
  if (added == environment.end() || place.interface.empty()) return;
  const auto names = base::split(added->second, ' ');
  for (const char* name : interface_names) {
    if (std::ranges::find(names, name) != names.end()) environment[name] = place.interface;
  }
}

/// For starters of MPI libraries that are called by their own paths, or that a module puts in front
/// of ours: they use the job's nodes, and muster-rsh in place of ssh. Open MPI 5 has its names from
/// PRRTE.
void describe_hosts(Environment& environment, const LaunchPlace& place) {
  if (place.open_mpi_hosts.empty()) return;
  environment["MUSTER_HOSTFILE"] = place.open_mpi_hosts;
  environment["AZ_BATCHAI_MPI_HOST_FILE"] = place.open_mpi_hosts;
  const auto agent = place.programs + "/muster-rsh";
  const std::array<std::pair<const char*, std::string_view>, 13> settings{
      {{"OMPI_MCA_plm", "rsh"},
       {"OMPI_MCA_plm_rsh_agent", agent},
       {"OMPI_MCA_orte_default_hostfile", place.open_mpi_hosts},
       {"PRTE_MCA_plm", "ssh"},
       {"PRTE_MCA_plm_ssh_agent", agent},
       {"PRTE_MCA_prte_default_hostfile", place.open_mpi_hosts},
       {"HYDRA_LAUNCHER", "rsh"},
       {"HYDRA_LAUNCHER_EXEC", agent},
       {"HYDRA_HOST_FILE", place.hydra_hosts},
       {"HYDRA_RMK", "user"},
       {"I_MPI_HYDRA_BOOTSTRAP", "rsh"},
       {"I_MPI_HYDRA_BOOTSTRAP_EXEC", agent},
       {"I_MPI_HYDRA_HOST_FILE", place.hydra_hosts}}};
  for (const auto& [name, value] : settings) environment.try_emplace(name, value);
}

/// The names that jobs of Azure Batch AI and AmlCompute found.
/// source: Azure/BatchAI, documentation/using-batchai-environment-variables.md
void describe_for_batch_ai(Environment& environment, const model::LaunchOrder& order) {
  environment["AZ_BATCH_NODE_IS_DEDICATED"] =
      order.tier == model::Tier::dedicated ? "true" : "false";
  environment["AZ_BATCHAI_CLUSTER_NAME"] = order.cluster;
  environment["AZ_BATCHAI_JOB_NAME"] = order.job->name;
  environment["AZ_BATCHAI_JOB_WORK_DIR"] = order.job->work_dir;
  environment["AZ_BATCHAI_NUM_GPUS"] = std::to_string(share_of(order).gpus.count());
  environment["AZ_BATCHAI_MPI_MASTER_NODE"] = order.allocation.nodes.front().name;
}

/// Where ranks may meet by a file.
void describe_rendezvous(Environment& environment, const model::LaunchOrder& order, int rank) {
  const auto file = rendezvous_file(order);
  environment["MUSTER_RENDEZVOUS_FILE"] = file;
  environment["AZ_BATCHAI_PYTORCH_INIT_METHOD"] = "file://" + file;
  environment["AZ_BATCHAI_TASK_INDEX"] = std::to_string(rank);
}

/// What scripts that were written for another scheduler find, beside all of ours.
void describe_in_dialect(Environment& environment, const model::LaunchOrder& order,
                         const LaunchPlace& place) {
  switch (order.job->dialect) {
    case model::Dialect::native:
      return;
    case model::Dialect::slurm:
      return describe_for_slurm(environment, order, place.started_at);
    case model::Dialect::pbs:
      return describe_for_pbs(environment, order, place.pbs_nodes);
  }
}

void describe_rank_in_dialect(Environment& environment, const model::LaunchOrder& order,
                              const Placement& placement, const RankPlace& rank) {
  switch (order.job->dialect) {
    case model::Dialect::native:
      return;
    case model::Dialect::slurm:
      return describe_rank_for_slurm(environment, order, placement);
    case model::Dialect::pbs:
      return describe_rank_for_pbs(environment, order, rank);
  }
}

/// The starters of MPI libraries, which look for these schedulers, are to use what
/// describe_hosts() says.
void keep_starters_ours(Environment& environment, const model::LaunchOrder& order) {
  if (order.job->dialect == model::Dialect::native) return;
  environment.try_emplace("OMPI_MCA_ras", "^slurm,tm");
  environment.try_emplace("PRTE_MCA_ras", "^slurm,tm,pbs");
  if (own_host(order) != own_machine) return;
  // Names of slices resolve to addresses of loopback, by which mpirun would tell nodes apart
  // wrongly, and there the ranks of all of them meet: muster-rsh has the others do so.
  environment.try_emplace("OMPI_MCA_if_base_do_not_resolve", "1");
  environment.try_emplace("OMPI_MCA_btl_tcp_if_include", "lo");
}

/// Whether the variable tells of a job in the words of the dialect, whoever set it.
bool is_of_dialect(std::string_view name, model::Dialect dialect) {
  if (dialect == model::Dialect::slurm) return name.starts_with("SLURM");
  return dialect == model::Dialect::pbs && name.starts_with("PBS_");
}

/// Names the variables that were not there before, for who submits from here: of those with
/// another name than ours nobody could tell. Of a script, the submission may have set some, too.
void note_added(Environment& environment, const Environment& before, model::Dialect dialect) {
  auto& added = environment["MUSTER_ADDED"];
  for (const auto& [name, value] : environment) {
    if (name.starts_with("MUSTER_") || name == "PATH") continue;
    if (before.contains(name) && !is_of_dialect(name, dialect)) continue;
    added += (added.empty() ? "" : " ") + name;
  }
}

}  // namespace

std::string folders_of(const std::string& programs) {
  return fmt::format("{0}/mpi:{0}/compat:{0}", programs);
}

std::string rendezvous_file(const model::LaunchOrder& order) {
  // A part of the secret, too short to be of use, tells it from a file of another cluster's job.
  return order.job->work_dir + "/.muster-rendezvous-" + to_text(order.key) + "-" +
         order.secret.substr(0, 8);
}

std::string own_host(const model::LaunchOrder& order) {
  if (model::is_one_machine(order)) return own_machine;
  const auto& address = order.addresses[static_cast<std::size_t>(order.node_index)];
  return address == own_machine ? share_of(order).name : address;  // of a slice, beside machines
}

std::string own_address(const model::LaunchOrder& order, std::uint16_t port) {
  const auto host = own_host(order);
  const bool is_v6 = host.find(':') != host.npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Environment environment_of_script(const model::LaunchOrder& order, const model::Topology& topology,
                                  const LaunchPlace& place) {
  Environment environment = order.job->environment;
  describe_job(environment, order, place);
  describe_for_batch_ai(environment, order);
  environment["MUSTER_CHECKPOINT_FILE"] = place.checkpoint_file;
  describe_meeting(environment, order, place);
  describe_hosts(environment, place);
  keep_starters_ours(environment, order);
  describe_in_dialect(environment, order, place);
  show_gpus(environment, topology, share_of(order).gpus);
  note_added(environment, order.job->environment, order.job->dialect);
  return environment;
}

namespace {

Environment environment_beside_script(const model::LaunchOrder& order,
                                      const model::Topology& topology, const LaunchPlace& place) {
  Environment environment = environment_of_script(order, topology, place);
  environment.erase("MUSTER_CHECKPOINT_FILE");  // the script's own
  for (const auto& [name, value] : order.step->environment) environment[name] = value;
  return environment;
}

}  // namespace

Environment environment_of_preparation(const model::LaunchOrder& order,
                                       const model::Topology& topology, const LaunchPlace& place) {
  Environment environment = order.job->environment;
  describe_job(environment, order, place);
  describe_for_batch_ai(environment, order);
  describe_in_dialect(environment, order, place);
  show_gpus(environment, topology, share_of(order).gpus);
  return environment;
}

Environment environment_of_rank(const model::LaunchOrder& order, const model::Topology& topology,
                                const LaunchPlace& place, const Placement& placement,
                                const RankPlace& rank) {
  if (order.step->like_script) return environment_beside_script(order, topology, place);
  Environment environment = order.step->environment;
  std::erase_if(environment, [](const auto& entry) { return is_of_another_launcher(entry.first); });
  describe_job(environment, order, place);
  describe_for_batch_ai(environment, order);
  describe_rendezvous(environment, order, rank.rank);
  name_own_interface(environment, place);
  environment["MUSTER_STEP_DIR"] = place.session_dir;
  number_rank(environment, order, rank, placement);
  const RankRoles roles(order);
  environment["MUSTER_CPUS_PER_TASK"] = std::to_string(roles.cores_of(rank.rank));
  if (roles.are_there()) roles.describe(rank.rank, place.addresses, environment);
  describe_rank_in_dialect(environment, order, placement, rank);
  show_gpus(environment, topology, rank.gpus);
  if (place.has_pmix) tune_open_mpi(environment, order, place, placement);
  note_added(environment, order.step->environment, model::Dialect::native);
  return environment;
}

}  // namespace mapping
