#include "cli/compat/scontrol_text.h"

#include <fmt/format.h>

#include "cli/compat/job_values.h"
#include "cli/compat/slurm_states.h"
#include "cli/compat/slurm_time.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"

namespace compat {

namespace {

using Lines = std::vector<std::string>;

std::string laid_out(const Lines& lines, bool one_line) {
  return base::join(lines, one_line ? " " : "\n   ") + (one_line ? "\n" : "\n\n");
}

std::string array_part(const model::JobRecord& job) {
  if (!job.task && !job.tally) return {};
  auto text =
      fmt::format(" ArrayJobId={} ArrayTaskId={}", to_text(array_id(job)), array_index_text(job));
  if (job.array && job.array->most_running)
    text += fmt::format(" ArrayTaskThrottle={}", *job.array->most_running);
  return text;
}

std::string limit_text(const model::JobRecord& job) {
  return job.time_limit ? long_clock(*job.time_limit) : "UNLIMITED";
}

void add_state(const model::JobRecord& job, const Surroundings& with, Lines& lines) {
  lines.push_back(fmt::format("JobState={} Reason={} Dependency={}", slurm_state(job).name,
                              slurm_reason(job), or_else(to_text(job.dependency), "(null)")));
  lines.push_back(fmt::format("Requeue={} Restarts={} BatchFlag=1 Reboot=0 ExitCode={}",
                              job.requeue ? 1 : 0, job.earlier.size(), to_text(exit_status(job))));
  lines.push_back(fmt::format("RunTime={} TimeLimit={} TimeMin=N/A",
                              long_clock(run_time(job, with.now)), limit_text(job)));
  lines.push_back(fmt::format("SubmitTime={} EligibleTime={}", local_stamp(job.submitted_at),
                              local_stamp(eligible_time(job))));
  lines.push_back(
      fmt::format("StartTime={} EndTime={} Deadline={}", local_stamp(start_time(job), "Unknown"),
                  local_stamp(end_time(job), "Unknown"), local_stamp(job.deadline, "N/A")));
}

void add_resources(const model::JobRecord& job, Lines& lines) {
  lines.push_back("Partition=" + partition_of(job));
  lines.push_back(fmt::format("ReqNodeList={} ExcNodeList={}",
                              or_else(model::compress_hosts(job.choice.only), "(null)"),
                              or_else(model::compress_hosts(job.choice.never), "(null)")));
  lines.push_back("NodeList=" + node_list(job));
  if (!job.allocation.nodes.empty()) lines.push_back("BatchHost=" + first_node(job));
  lines.push_back(fmt::format("NumNodes={} NumCPUs={} NumTasks={} CPUs/Task={} ReqB:S:C:T=0:0:*:*",
                              node_count(job), cpu_count(job), task_count(job),
                              job.layout.cpus_per_task));
  auto asked = job;
  asked.allocation = {};
  lines.push_back("ReqTRES=" + tres_text(asked));
  lines.push_back("AllocTRES=" +
                  (job.allocation.nodes.empty() ? std::string("(null)") : tres_text(job)));
  const bool is_per_cpu = job.layout.memory_per_cpu != base::Bytes();
  lines.push_back(fmt::format("MinCPUsNode={} {}={} MinTmpDiskNode=0", job.layout.cpus_per_task,
                              is_per_cpu ? "MinMemoryCPU" : "MinMemoryNode", memory_text(job)));
  lines.push_back(fmt::format("Features={} Reservation={}",
                              or_else(to_text(job.choice.constraint), "(null)"),
                              or_else(job.choice.booking, "(null)")));
  lines.push_back(fmt::format("OverSubscribe={} Contiguous=0 Licenses=(null) Network=(null)",
                              job.layout.whole_nodes ? "NO" : "OK"));
}

void add_files(const model::JobRecord& job, Lines& lines) {
  lines.push_back("Command=" + command_text(job));
  lines.push_back("WorkDir=" + job.work_dir);
  if (!job.comment.empty()) lines.push_back("Comment=" + job.comment);
  lines.push_back("StdErr=" + output_path(job, job.error.empty() ? job.output : job.error));
  lines.push_back("StdIn=/dev/null");
  lines.push_back("StdOut=" + output_path(job, job.output));
  if (const auto gpus = gpus_per_node_text(job); !gpus.empty())
    lines.push_back("TresPerNode=" + gpus);
}

}  // namespace

std::string job_text(const model::JobRecord& job, const Surroundings& with, bool one_line) {
  Lines lines;
  lines.push_back(
      fmt::format("JobId={}{} JobName={}", to_text(job.job), array_part(job), job.name));
  lines.push_back(fmt::format("UserId={}({}) GroupId={}({}) MCS_label=N/A", job.user.name,
                              job.user.uid, job.user.gid, job.user.gid));
  lines.push_back(fmt::format("Priority={} Nice=0 Account={} QOS={}", job.priority,
                              or_else(job.workspace, "(null)"), or_else(job.class_name, "normal")));
  add_state(job, with, lines);
  add_resources(job, lines);
  add_files(job, lines);
  return laid_out(lines, one_line);
}

std::string node_text(const model::NodeRecord& node, bool one_line) {
  const auto& topology = node.info.topology;
  const int sockets = socket_count(node);
  const int n_cores = static_cast<int>(topology.cores.size());
  const auto memory = topology.memory.count() / mib;
  Lines lines{fmt::format("NodeName={} CoresPerSocket={}", node.info.name, n_cores / sockets)};
  lines.push_back(fmt::format("CPUAlloc={} CPUEfctv={} CPUTot={} CPULoad=N/A",
                              node.cores_used.count(), n_cores, n_cores));
  const auto features = or_else(base::join(node.info.features, ","), "(null)");
  lines.push_back("AvailableFeatures=" + features);
  lines.push_back("ActiveFeatures=" + features);
  lines.push_back("Gres=" + or_else(gres_text(node), "(null)"));
  lines.push_back(fmt::format("NodeAddr={} NodeHostName={} Version={}",
                              or_else(node.info.address, node.info.name),
                              or_else(node.info.hostname, node.info.name), node.info.version));
  lines.push_back("OS=" + node.info.kernel);
  lines.push_back(fmt::format("RealMemory={} AllocMem={} FreeMem={} Sockets={} Boards=1", memory,
                              node.memory_used.count() / mib,
                              memory - node.memory_used.count() / mib, sockets));
  lines.push_back(fmt::format("State={} ThreadsPerCore={} TmpDisk=0 Weight=1 Owner=N/A",
                              long_node_state(node), threads_per_core(node)));
  lines.push_back("Partitions=" + or_else(node.info.pool, default_partition));
  lines.push_back(fmt::format("CfgTRES=cpu={},mem={}M,billing={}", n_cores, memory, n_cores));
  lines.push_back(fmt::format("AllocTRES=cpu={},mem={}M", node.cores_used.count(),
                              node.memory_used.count() / mib));
  if (const auto reason = node_reason(node); reason != "none") {
    const auto by = node.drain ? node.drain->by : "muster";
    lines.push_back(fmt::format("Reason={} [{}@{}]", reason, by, local_stamp(node.since)));
  }
  return laid_out(lines, one_line);
}

std::string partition_text(const NodeGroup& group, bool one_line) {
  Lines names;
  for (const auto* node : group.nodes) names.push_back(node->info.name);
  Lines lines{"PartitionName=" + group.partition};
  lines.emplace_back("AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL");
  lines.push_back(
      fmt::format("Default={} DefaultTime=NONE Hidden=NO", group.is_default ? "YES" : "NO"));
  lines.emplace_back("MaxNodes=UNLIMITED MaxTime=UNLIMITED MinNodes=0 LLN=NO");
  lines.push_back("Nodes=" + model::compress_hosts(names));
  lines.emplace_back("PriorityJobFactor=1 PriorityTier=1 RootOnly=NO OverSubscribe=NO");
  lines.push_back(fmt::format("State=UP TotalCPUs={} TotalNodes={}", cpu_counts(group).total(),
                              group.nodes.size()));
  return laid_out(lines, one_line);
}

std::string booking_text(const model::BookingRecord& booking, bool one_line) {
  Lines lines{fmt::format("ReservationName={} StartTime={} EndTime={} Duration={}", booking.name,
                          local_stamp(booking.start), local_stamp(booking.end),
                          long_clock(booking.end - booking.start))};
  lines.push_back(fmt::format("Nodes={} NodeCnt={} Flags={}", model::compress_hosts(booking.nodes),
                              booking.nodes.size(), booking.is_maintenance ? "MAINT" : ""));
  lines.push_back(fmt::format("Users={} Accounts={} State={}",
                              or_else(base::join(booking.users, ","), "(null)"),
                              or_else(base::join(booking.workspaces, ","), "(null)"),
                              booking.has_begun ? "ACTIVE" : "INACTIVE"));
  return laid_out(lines, one_line);
}

}  // namespace compat
