// Each row of slurm.def has a case here, with what it has to come to.

#include <chrono>
#include <csignal>
#include <functional>
#include <set>

#include "tests/unit/cli/dialect/submitted.h"

using namespace std::chrono_literals;
using model::JobSpec;
using submitted::by_foreign;
using submitted::by_submit;
using submitted::error_of;
using submitted::good;
using submitted::has_text;
using submitted::variable;

namespace {

constexpr auto slurm = model::Dialect::slurm;

request::Submission slurm_with(const std::string& options) {
  return good(by_submit("#!/bin/sh\n#SBATCH " + options + "\necho\n"));
}

JobSpec slurm_spec_of(const std::string& options) {
  return slurm_with(options).spec;
}

std::string slurm_error_with(const std::string& options) {
  return error_of(by_submit("#!/bin/sh\n#SBATCH " + options + "\necho\n"));
}

const std::vector<submitted::Meant> slurm_meant{
    {"--account=bio", [](const JobSpec& s) { return s.workspace == "bio"; }},
    {"-A bio", [](const JobSpec& s) { return s.workspace == "bio"; }},
    {"--array=1-9:2%3", [](const JobSpec& s) { return s.array && to_text(*s.array) == "1-9:2%3"; }},
    {"--array=[0-4]", [](const JobSpec& s) { return s.array && to_text(*s.array) == "0-4"; }},
    {"-a 4-4", [](const JobSpec& s) { return s.array && to_text(*s.array) == "4"; }},
    {"--begin=now+1hour", [](const JobSpec& s) { return s.begin == base::Time() + 1h; }},
    {"-b now+60", [](const JobSpec& s) { return s.begin == base::Time() + 60s; }},
    {"--begin=12/24/26", [](const JobSpec& s) { return s.begin > base::Time() + 24h * 365 * 56; }},
    {"--begin=122426", [](const JobSpec& s) { return s.begin > base::Time() + 24h * 365 * 56; }},
    {"--begin=teatime", [](const JobSpec& s) { return s.begin && *s.begin <= base::Time() + 24h; }},
    {"--chdir=/tmp", [](const JobSpec& s) { return s.work_dir == "/tmp"; }},
    {"--workdir=/tmp", [](const JobSpec& s) { return s.work_dir == "/tmp"; }},
    {"-D sub", [](const JobSpec& s) { return s.work_dir == "/home/ann/run/sub"; }},
    {"--comment='a b'", [](const JobSpec& s) { return s.comment == "a b"; }},
    {"--constraint='ib&big'",
     [](const JobSpec& s) { return to_text(s.choice.constraint) == "big&ib"; }},
    {"-C '[a|b]'", [](const JobSpec& s) { return to_text(s.choice.constraint) == "a|b"; }},
    {"--constraint='(a|b)'",
     [](const JobSpec& s) { return to_text(s.choice.constraint) == "a|b"; }},
    {"--container-image='nvcr.io#nvidia/pytorch:24.01'",
     [](const JobSpec& s) {
       return s.preparation.image.reference.contains("nvcr.io/nvidia/pytorch:24.01");
     }},
    {"--cpus-per-gpu=4 --gpus-per-node=2 --ntasks-per-node=2",
     [](const JobSpec& s) { return s.shape.cpus_per_task == 4; }},
    {"--gpus-per-task=2 --cpus-per-gpu=8",
     [](const JobSpec& s) { return s.shape.cpus_per_task == 16; }},
    {"--cpus-per-task=3", [](const JobSpec& s) { return s.shape.cpus_per_task == 3; }},
    {"-c28", [](const JobSpec& s) { return s.shape.cpus_per_task == 28; }},
    {"--deadline=1970-01-03T00:00Z",
     [](const JobSpec& s) { return s.deadline == base::Time() + 48h; }},
    {"--dependency=afterok:1:2,afterany:3_4",
     [](const JobSpec& s) { return to_text(s.dependency) == "afterok:1,afterok:2,afterany:3_4"; }},
    {"-d afterok:7?afterany:8",
     [](const JobSpec& s) { return to_text(s.dependency) == "afterok:7?afterany:8"; }},
    {"-d singleton", [](const JobSpec& s) { return to_text(s.dependency) == "singleton"; }},
    {"-d aftercorr:7", [](const JobSpec& s) { return to_text(s.dependency) == "aftercorr:7"; }},
    {"-d after:7+5", [](const JobSpec& s) { return to_text(s.dependency) == "after:7+5"; }},
    {"-d afterany:7_*,afterburstbuffer:8",
     [](const JobSpec& s) { return to_text(s.dependency) == "afterany:7,afterany:8"; }},
    {"--error=e.%j", [](const JobSpec& s) { return s.error == "/home/ann/run/e.%j"; }},
    {"-e /tmp/e", [](const JobSpec& s) { return s.error == "/tmp/e"; }},
    {"--exclude=n[1-2]",
     [](const JobSpec& s) { return s.choice.never == std::vector<std::string>{"n1", "n2"}; }},
    {"-x cpu1-[1,75]",
     [](const JobSpec& s) {
       return s.choice.never == std::vector<std::string>{"cpu1-1", "cpu1-75"};
     }},
    {"--exclusive", [](const JobSpec& s) { return s.shape.whole_nodes; }},
    {"--exclusive=user", [](const JobSpec& s) { return s.shape.whole_nodes; }},
    {"--export=NONE", [](const JobSpec& s) { return !s.environment.contains("A"); }},
    {"--export=ALL,B=2",
     [](const JobSpec& s) { return s.environment.at("A") == "1" && s.environment.at("B") == "2"; }},
    {"--gpus=8 --nodes=2", [](const JobSpec& s) { return s.shape.gpus_per_node == 4; }},
    {"-G h100:4",
     [](const JobSpec& s) {
       return s.shape.gpus_per_node == 4 && s.shape.nodes == 1 && s.choice.gpu_kind == "h100";
     }},
    {"--gpus=4 -n 4", [](const JobSpec& s) { return s.shape.gpus_per_task == 1; }},
    {"--gpus=7 -N 2", [](const JobSpec& s) { return s.shape.gpus_per_node == 4; }},
    {"--gpus=8 -n 8 --ntasks-per-node=4",
     [](const JobSpec& s) { return s.shape.gpus_per_node == 4; }},
    {"--gpus-per-node=a100:2",
     [](const JobSpec& s) { return s.shape.gpus_per_node == 2 && s.choice.gpu_kind == "a100"; }},
    {"--gpus-per-socket=2 --sockets-per-node=2",
     [](const JobSpec& s) { return s.shape.gpus_per_node == 4; }},
    {"--gpus-per-task=1", [](const JobSpec& s) { return s.shape.gpus_per_task == 1; }},
    {"--gres=gpu:2", [](const JobSpec& s) { return s.shape.gpus_per_node == 2; }},
    {"--gres=gpu", [](const JobSpec& s) { return s.shape.gpus_per_node == 1; }},
    {"--gres=gpu:v100:2,nvme:200",
     [](const JobSpec& s) { return s.shape.gpus_per_node == 2 && s.choice.gpu_kind == "v100"; }},
    {"--gres=gpu:a100", [](const JobSpec& s) { return s.choice.gpu_kind == "a100"; }},
    {"--gres=gres/gpu:1(S:0)", [](const JobSpec& s) { return s.shape.gpus_per_node == 1; }},
    {"--gres=none", [](const JobSpec& s) { return s.shape.gpus_per_node == 0; }},
    {"--hint=nomultithread", [](const JobSpec& s) { return s.environment.contains("SLURM_HINT"); }},
    {"--hold", [](const JobSpec& s) { return s.hold; }},
    {"-H", [](const JobSpec& s) { return s.hold; }},
    {"--input=/dev/null", [](const JobSpec& s) { return s.name == "t.sh"; }},
    {"--job-name=\"GPU build\"", [](const JobSpec& s) { return s.name == "GPU build"; }},
    {"-J x", [](const JobSpec& s) { return s.name == "x"; }},
    {"--kill-on-invalid-dep=yes", [](const JobSpec& s) { return s.name == "t.sh"; }},
    {"--licenses=matlab@db:2,ansys",
     [](const JobSpec& s) { return s.licenses == model::Licenses{{"ansys", 1}, {"matlab", 2}}; }},
    {"-L ansys:3", [](const JobSpec& s) { return s.licenses == model::Licenses{{"ansys", 3}}; }},
    {"--mem=40GB",
     [](const JobSpec& s) { return s.shape.memory_per_node == base::Bytes(40 * submitted::gib); }},
    {"--mem=4g",
     [](const JobSpec& s) { return s.shape.memory_per_node == base::Bytes(4 * submitted::gib); }},
    {"--mem=1024",
     [](const JobSpec& s) { return s.shape.memory_per_node == base::Bytes(submitted::gib); }},
    {"--mem=4G --mem=0", [](const JobSpec& s) { return !s.shape.memory_per_node; }},
    {"--mem=0 --mem=4G", [](const JobSpec& s) { return s.shape.memory_per_node.has_value(); }},
    {"--mem-per-cpu=2G",
     [](const JobSpec& s) { return s.shape.memory_per_cpu == base::Bytes(2 * submitted::gib); }},
    {"--mem-per-gpu=8G --gpus-per-node=2",
     [](const JobSpec& s) { return s.shape.memory_per_node == base::Bytes(16 * submitted::gib); }},
    {"--mem-per-gpu=8G --gpus-per-task=1 -c 4",
     [](const JobSpec& s) { return s.shape.memory_per_cpu == base::Bytes(2 * submitted::gib); }},
    {"--nice", [](const JobSpec& s) { return s.priority == -100; }},
    {"--nice=7", [](const JobSpec& s) { return s.priority == -7; }},
    {"--nice=-3", [](const JobSpec& s) { return s.priority == 3; }},
    {"--nice=10000", [](const JobSpec& s) { return s.priority == -1000; }},
    {"--no-requeue", [](const JobSpec& s) { return !s.requeue; }},
    {"--nodelist=n[1-2]",
     [](const JobSpec& s) { return s.choice.only.size() == 2 && s.shape.nodes == 2; }},
    {"-w n1", [](const JobSpec& s) { return s.choice.only == std::vector<std::string>{"n1"}; }},
    {"--nodes=2-4", [](const JobSpec& s) { return s.shape.nodes == 2 && s.shape.most_nodes == 4; }},
    {"-N1", [](const JobSpec& s) { return s.shape.nodes == 1; }},
    {"-N 2k", [](const JobSpec& s) { return s.shape.nodes == 2048; }},
    {"-N 4 -n 2", [](const JobSpec& s) { return s.shape.nodes == 2 && s.shape.tasks == 2; }},
    {"--ntasks=8", [](const JobSpec& s) { return s.shape.tasks == 8; }},
    {"-n 8 --ntasks-per-node=4",
     [](const JobSpec& s) { return s.shape.tasks == 8 && s.shape.tasks_per_node == 4; }},
    {"--tasks-per-node=4", [](const JobSpec& s) { return s.shape.tasks_per_node == 4; }},
    {"--ntasks-per-gpu=2 --gpus-per-node=2",
     [](const JobSpec& s) { return s.shape.tasks_per_node == 4; }},
    {"--open-mode=append", [](const JobSpec& s) { return s.append_output; }},
    {"--open-mode=truncate", [](const JobSpec& s) { return !s.append_output; }},
    {"--output=logs/%x-%4j.out",
     [](const JobSpec& s) { return s.output == "/home/ann/run/logs/%x-%4j.out"; }},
    {"-o q%q-%4j-%%", [](const JobSpec& s) { return s.output == "/home/ann/run/q%%q-%4j-%%"; }},
    {"-o 'a\\\\%j'", [](const JobSpec& s) { return s.output == "/home/ann/run/a%%j"; }},
    {"-e %", [](const JobSpec& s) { return s.error == "/home/ann/run/%%"; }},
    {"--open-mode=a", [](const JobSpec& s) { return s.append_output; }},
    {"-o o", [](const JobSpec& s) { return s.output == "/home/ann/run/o"; }},
    {"--partition=a,b", [](const JobSpec& s) { return s.pool == "a,b"; }},
    {"-p gpu", [](const JobSpec& s) { return s.pool == "gpu"; }},
    {"--qos=high", [](const JobSpec& s) { return s.class_name == "high"; }},
    {"-q high", [](const JobSpec& s) { return s.class_name == "high"; }},
    {"--no-requeue --requeue", [](const JobSpec& s) { return s.requeue; }},
    {"--reservation=lab,other", [](const JobSpec& s) { return s.choice.booking == "lab"; }},
    {"--signal=B:USR1@180",
     [](const JobSpec& s) { return s.save_signal == model::SaveSignal{SIGUSR1, 180s, true}; }},
    {"--signal=RB:SIGUSR2@90",
     [](const JobSpec& s) { return s.save_signal == model::SaveSignal{SIGUSR2, 90s, true}; }},
    {"--signal=USR2",
     [](const JobSpec& s) { return s.save_signal == model::SaveSignal{SIGUSR2, 60s, false}; }},
    {"--time=30", [](const JobSpec& s) { return s.time_limit == 30min; }},
    {"-t 10:00", [](const JobSpec& s) { return s.time_limit == 10min; }},
    {"-t 2:00:00", [](const JobSpec& s) { return s.time_limit == 2h; }},
    {"-t 120:00:00", [](const JobSpec& s) { return s.time_limit == 120h; }},
    {"-t 1-2", [](const JobSpec& s) { return s.time_limit == 26h; }},
    {"-t 1-2:03", [](const JobSpec& s) { return s.time_limit == 26h + 3min; }},
    {"-t 1-02:03:04", [](const JobSpec& s) { return s.time_limit == 26h + 3min + 4s; }},
    {"-t 0", [](const JobSpec& s) { return !s.time_limit; }},
    {"-t UNLIMITED", [](const JobSpec& s) { return !s.time_limit; }},
    {"--tres-per-task=cpu:4,gres/gpu:a100:2,gres/nvme:1",
     [](const JobSpec& s) { return s.shape.cpus_per_task == 4 && s.shape.gpus_per_task == 2; }},
};

/// Those that are accepted, or belong to the command line, each with a value where it takes one.
const std::vector<std::string> slurm_idle{"--acctg-freq=30",
                                          "--batch=fast",
                                          "--bb=x",
                                          "--bbf=f",
                                          "--cluster-constraint=x",
                                          "--clusters=c1",
                                          "--cluster=c1",
                                          "-Mc1",
                                          "--consolidate-segments",
                                          "--container-mounts=/a:/b",
                                          "--container-mount-home",
                                          "--no-container-mount-home",
                                          "--container-workdir=/",
                                          "--container-name=n",
                                          "--container-save=p",
                                          "--container-remap-root",
                                          "--no-container-remap-root",
                                          "--container-entrypoint",
                                          "--no-container-entrypoint",
                                          "--container-writable",
                                          "--container-readonly",
                                          "--container-env=A",
                                          "--contiguous",
                                          "--core-spec=1",
                                          "-S1",
                                          "--cores-per-socket=4",
                                          "--cpu-freq=high",
                                          "--delay-boot=5",
                                          "--distribution=cyclic",
                                          "-mblock",
                                          "--extra=x",
                                          "--extra-node-info=2",
                                          "-B2",
                                          "--get-user-env",
                                          "--get-user-env=10L",
                                          "--gpu-bind=closest",
                                          "--gpu-freq=high",
                                          "--gres-flags=enforce-binding",
                                          "--help",
                                          "--ignore-pbs",
                                          "--mail-type=END",
                                          "--mail-user=a@b.c",
                                          "--mcs-label=x",
                                          "--mem-bind=local",
                                          "--mincpus=4",
                                          "--network=x",
                                          "--no-kill",
                                          "--no-kill=off",
                                          "-k",
                                          "--ntasks-per-core=1",
                                          "--ntasks-per-socket=2",
                                          "--oom-kill-step",
                                          "--oom-kill-step=1",
                                          "--overcommit",
                                          "-O",
                                          "--oversubscribe",
                                          "-s",
                                          "--share",
                                          "--power=x",
                                          "--prefer=x",
                                          "--priority=10",
                                          "--profile=all",
                                          "--propagate",
                                          "--propagate=ALL",
                                          "--quiet",
                                          "-Q",
                                          "--reboot",
                                          "--resv-ports",
                                          "--resv-ports=4",
                                          "--segment=2",
                                          "--sockets-per-node=2",
                                          "--spread-job",
                                          "--stepmgr",
                                          "--switches=1@10",
                                          "--test-only",
                                          "--thread-spec=1",
                                          "--threads-per-core=1",
                                          "--time-min=10",
                                          "--tmp=1G",
                                          "--tres-bind=x",
                                          "--usage",
                                          "--use-min-nodes",
                                          "--verbose",
                                          "-v",
                                          "--version",
                                          "-V",
                                          "--wait-all-nodes=1",
                                          "--wckey=x",
                                          "--wrap=ls"};

const std::vector<std::string> slurm_refusals{
    "--container=/b", "--container-id=x", "--export-file=f", "--gid=0", "--nodefile=f", "-Ff",
    "--uid=0"};

const std::vector<std::string> of_submit{"--parsable", "--wait", "-W"};

}  // namespace

TEST_CASE("options of sbatch that mean something here reach the request") {
  for (const auto& one : slurm_meant) {
    INFO(one.options);
    CHECK(one.holds(slurm_spec_of(one.options)));
  }
  CHECK(slurm_with("--wait").wait);
  CHECK(slurm_with("--parsable").parsable);
}

TEST_CASE("options of sbatch that do nothing here say so, once each") {
  for (const auto& option : slurm_idle) {
    INFO(option);
    const auto submission = slurm_with(option);
    REQUIRE(submission.notes.size() == 1);
    CHECK(submission.notes[0].starts_with("t.sh: line 2: '#SBATCH " + option + "': -"));
    CHECK(submission.notes[0].contains(" has no effect: "));
  }
  CHECK(slurm_with("--mail-type=END --mail-type=FAIL").notes.size() == 1);
}

TEST_CASE("options of sbatch that cannot be had are refused with a reason") {
  for (const auto& option : slurm_refusals) {
    INFO(option);
    CHECK(slurm_error_with(option).starts_with("t.sh: line 2: '#SBATCH " + option + "': -"));
  }
}

TEST_CASE("every option of sbatch has a case") {
  std::set<std::string> seen;
  const auto see = [&](std::string_view text) {
    for (std::size_t at = text.find("--"); at != std::string_view::npos;
         at = text.find("--", at + 2))
      seen.emplace(text.substr(at + 2, text.find_first_of("= ", at) - at - 2));
  };
  for (const auto& one : slurm_meant) see(one.options);
  for (const auto* list : {&slurm_idle, &slurm_refusals, &of_submit}) {
    for (const auto& option : *list) see(option);
  }
  for (const auto& row : dialect::rows(slurm)) {
    INFO(row.name);
    CHECK(seen.contains(std::string(row.name)));
  }
}

TEST_CASE("what is only nearly what was asked for is told") {
  const std::vector<std::pair<std::string, std::string_view>> table{
      {"--gpus=7 -N 2", "7 GPUs on 2 nodes are not the same number on each: each gets 4"},
      {"--mem=0", "--mem=0 sets no limit and keeps no memory for the job"},
      {"--exclusive=user", "shared with nobody"},
      {"--gres=gpu:1,nvme:200", "--gres: nothing is set aside for 'nvme:200'"},
      {"--gres=shard:1", "nothing is set aside for 'shard:1'"},
      {"--nice=10000", "so this is --priority=-1000"},
      {"-L m@db", "'@db' has no effect"},
      {"-d afterburstbuffer:3", "taken as afterany"},
      {"--hint=multithread", "--hint has no effect"},
      {"--kill-on-invalid-dep=no", "has no effect"},
      {"-C [a|b]", "not all the same one"},
      {"--signal=R:USR1", "'R:' has no effect"},
      {"-N 4 -n 2", "2 tasks on 4 nodes: every node needs a task, so it is 2 nodes"},
      {"--gpus-per-socket=1", "taken for one socket"},
      {"--cpus-per-gpu=2", "no GPUs are asked for"},
      {"--mem-per-gpu=2G", "no GPUs are asked for"},
      {"--ntasks-per-gpu=2", "no number of GPUs is given"},
      {"--tres-per-task=gres/nvme:1", "nothing is set aside for 'gres/nvme:1'"}};
  for (const auto& [options, part] : table) {
    INFO(options);
    CHECK(has_text(slurm_with(options).notes, part));
  }
  CHECK(slurm_with("--mem=0 --exclusive").notes.empty());
}

TEST_CASE("values of sbatch's options that make no sense are refused with line and value") {
  const std::vector<std::pair<std::string, std::string_view>> table{
      {"--exclusive=x", "--exclusive: expected nothing, user, mcs or topo, found 'x'"},
      {"--gpus=x", "--gpus: expected a number of GPUs, or a kind and a number such as h100:8"},
      {"--gres=gpu:a:b:", "--gres: expected gpu, gpu:COUNT or gpu:KIND:COUNT"},
      {"--gres=gpu:a:1,gpu:b:1", "GPUs of two kinds on one node cannot be asked for"},
      {"--nice=x", "--nice: expected nothing or a whole number"},
      {"--hint=x", "--hint: expected compute_bound"},
      {"--input=data", "--input: a script has no input"},
      {"--kill-on-invalid-dep=maybe", "expected yes or no, found 'maybe'"},
      {"-d expand:4", "jobs are not made larger by others"},
      {"-d before:4", "-d: "},
      {"--constraint=a*2", "--constraint: "},
      {"--cpus-per-gpu=0 --gpus=1", "--cpus-per-gpu: expected a whole number from 1"},
      {"--mem-per-gpu=x --gpus=1", "--mem-per-gpu: 'x' is not an amount of memory"},
      {"--time=1:2:3:4", "--time: "},
      {"--open-mode=x", "--open-mode: expected append or truncate, found 'x'"}};
  for (const auto& [options, part] : table) {
    INFO(options);
    const auto error = slurm_error_with(options);
    CHECK(error.starts_with("t.sh: line 2: '#SBATCH " + options + "': "));
    CHECK(error.contains(part));
  }
}

TEST_CASE("variables of a job of Slurm repeat what was asked for, and only that") {
  const auto submission = slurm_with(
      "-A bio -q low -c 4 -n 8 --ntasks-per-node=2 --mem=4G --gpus-per-node=a100:2 "
      "--hint=nomultithread -d singleton --reservation=lab --export=ALL");
  const std::vector<std::pair<std::string, std::string>> table{
      {"SLURM_SUBMIT_DIR", "/home/ann/run"},
      {"SLURM_SUBMIT_HOST", "login1"},
      {"SLURM_JOB_ACCOUNT", "bio"},
      {"SLURM_JOB_QOS", "low"},
      {"SLURM_JOB_RESERVATION", "lab"},
      {"SLURM_CPUS_PER_TASK", "4"},
      {"SLURM_NTASKS", "8"},
      {"SLURM_NPROCS", "8"},
      {"SLURM_NTASKS_PER_NODE", "2"},
      {"SLURM_MEM_PER_NODE", "4096"},
      {"SLURM_GPUS_PER_NODE", "a100:2"},
      {"SLURM_HINT", "nomultithread"},
      {"SLURM_JOB_DEPENDENCY", "singleton"},
      {"SLURM_THREADS_PER_CORE", "1"},
      {"SLURM_EXPORT_ENV", "(none)"},
      {"ENVIRONMENT", "BATCH"},
      {"SLURM_MEM_PER_CPU", "(none)"},
      {"PBS_O_WORKDIR", "(none)"}};
  for (const auto& [name, value] : table) CHECK(variable(submission, name) == value);
  const auto plain = slurm_with("-t 10");
  for (const auto* name : {"SLURM_CPUS_PER_TASK", "SLURM_NTASKS", "SLURM_MEM_PER_NODE"})
    CHECK(variable(plain, name) == "(none)");
  CHECK(variable(slurm_with("--mem=1G --mem-per-cpu=1G"), "SLURM_MEM_PER_NODE") == "(none)");
  CHECK(variable(slurm_with("--mem=0"), "SLURM_MEM_PER_NODE") == "(none)");
  CHECK(variable(slurm_with("--export=A"), "SLURM_EXPORT_ENV") == "A");
  CHECK(variable(slurm_with("--open-mode=append"), "SLURM_OPEN_MODE") == "a");
  CHECK(variable(slurm_with("--ntasks-per-node=2 -N 3"), "SLURM_NTASKS") == "6");
  CHECK(variable(slurm_with("--ntasks-per-node=2 -N 3-4"), "SLURM_NTASKS") == "(none)");
  CHECK(variable(slurm_with("--mem-per-cpu=1G"), "SLURM_MEM_PER_CPU") == "1024");
  CHECK(variable(slurm_with("--overcommit"), "SLURM_OVERCOMMIT") == "1");
  CHECK(variable(slurm_with("--export=NIL"), "SLURM_SUBMIT_DIR") == "/home/ann/run");
}

TEST_CASE("options of submit win over #SBATCH lines, in variables too") {
  const auto submission =
      good(by_submit("#!/bin/sh\n#SBATCH -c 4 --mem=4G -o out\n", {"-c", "2", "--mem-per-cpu=1G"}));
  CHECK(submission.spec.shape.cpus_per_task == 2);
  CHECK(variable(submission, "SLURM_CPUS_PER_TASK") == "2");
  CHECK(variable(submission, "SLURM_MEM_PER_NODE") == "(none)");
  CHECK(variable(submission, "SLURM_MEM_PER_CPU") == "1024");
}

TEST_CASE("sbatch reads its script, then variables, then the command line") {
  auto surroundings = submitted::here;
  surroundings.environment["SBATCH_TIMELIMIT"] = "20";
  surroundings.environment["SBATCH_PARTITION"] = "p2";
  surroundings.environment["SBATCH_NO_REQUEUE"] = "";
  surroundings.environment["SBATCH_EXCLUSIVE"] = "";
  surroundings.environment["SBATCH_WAIT"] = "no";
  const std::string script = "#!/bin/sh\n#SBATCH -t 10 -p p1 -J a\n#SUBMIT -J b\n#PBS -N c\n";
  const auto submission = good(by_foreign(slurm, script, {"-p", "p3"}, surroundings));
  CHECK(submission.spec.time_limit == 20min);
  CHECK(submission.spec.pool == "p3");
  CHECK(submission.spec.name == "a");
  CHECK_FALSE(submission.spec.requeue);
  CHECK(submission.spec.shape.whole_nodes);
  CHECK_FALSE(submission.wait);
  CHECK(
      has_text(submission.notes, "#SUBMIT lines have no effect: sbatch reads #SBATCH lines alone"));
  CHECK(has_text(submission.notes, "#PBS lines have no effect"));
  surroundings.environment["SBATCH_TIMELIMIT"] = "soon";
  CHECK(error_of(by_foreign(slurm, script, {}, surroundings))
            .starts_with("environment: SBATCH_TIMELIMIT=soon: --time: "));
  CHECK(good(by_foreign(slurm, "#!/bin/sh\n", {"--gpus=2", "--test-only", "-Q"})).test_only);
}

TEST_CASE("the output of a job of Slurm has the name that Slurm gives it") {
  CHECK(slurm_spec_of("-t 1").output == "/home/ann/run/slurm-%j.out");
  CHECK(slurm_spec_of("-a 1-3").output == "/home/ann/run/slurm-%A_%a.out");
  CHECK(slurm_spec_of("-D /tmp").output == "/tmp/slurm-%j.out");
  CHECK(slurm_spec_of("-t 1").error.empty());
  const auto submission = slurm_with("-t 1");
  CHECK(submission.spec.dialect == slurm);
  REQUIRE(submission.origins.size() == 2);
  CHECK(submission.origins[1] == request::Origin{"--output", "slurm-%j.out", "default of sbatch"});
}

TEST_CASE("abbreviations of options are understood where they are clear") {
  CHECK(slurm_spec_of("--err=x").error == "/home/ann/run/x");
  CHECK(slurm_spec_of("--job=x").name == "x");
  CHECK(slurm_error_with("--mem-per=1G").contains("is ambiguous"));
  CHECK(slurm_error_with("--ndoes=2").contains("did you mean '--nodes'?"));
}
