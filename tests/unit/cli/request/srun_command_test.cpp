#include "cli/request/srun_command.h"

#include <set>

#include "cli/request/table.h"
#include "lib/base/text.h"
#include "tests/support/catch.h"

namespace {

using Catch::Matchers::Contains;
using Words = std::vector<std::string>;

const model::Environment in_job{{"MUSTER_JOB_ID", "17"},
                                {"MUSTER_NODELIST", "n[1-3]"},
                                {"MUSTER_NTASKS", "6"},
                                {"SLURM_NTASKS", "6"}};

Words words_of(const std::string& line) {
  Words words;
  for (const auto word : base::split(line, ' ')) words.emplace_back(word);
  return words;
}

base::Result<request::SrunCommand> read(const std::string& line,
                                        const model::Environment& environment = in_job) {
  return request::read_srun_command(words_of(line), environment);
}

/// The words for muster run, as one line, without what every step has that says nothing.
std::string run_of(const std::string& line, const model::Environment& environment = in_job) {
  const auto command = read(line, environment);
  if (!command) return command.error().text;
  Words words;
  for (const auto& word : command->run) {
    const bool is_default =
        word == "--gpu-bind=none" || word == "--keep-going" || word == "--fill" || word == "--";
    if (!is_default) words.push_back(word);
  }
  return base::join(words, " ");
}

bool has(const std::string& line, const std::string& word) {
  const auto command = read(line);
  REQUIRE(command);
  return std::ranges::find(command->run, word) != command->run.end();
}

model::Environment in_job_with(const std::string& name, const std::string& value) {
  auto environment = in_job;
  environment[name] = value;
  return environment;
}

}  // namespace

TEST_CASE("without options a step has the job's tasks and all cores and GPUs of its nodes") {
  const auto command = read("hostname");
  REQUIRE(command);
  CHECK(command->run == Words{"--gpu-bind=none", "--fill", "--keep-going", "--", "hostname"});
  CHECK(command->notes.empty());
}

TEST_CASE("sizes are said in all ways of getopt") {
  CHECK(run_of("-n4 a -n 2") == "--ntasks=4 a -n 2");
  CHECK(run_of("-n 4 -N 2 a") == "--nodes=2 --ntasks=4 a");
  CHECK(run_of("--ntasks=4 --nodes=2-3 a") == "--nodes=2 --ntasks=4 a");
  CHECK(run_of("--ntasks 4 --ntasks-per-n 2 a") == "--ntasks=4 --ntasks-per-node=2 a");
  CHECK(run_of("-lun2 a") == "--ntasks=2 --label a");
  CHECK(run_of("-n 1 -n 2 a") == "--ntasks=2 a");
  CHECK(run_of("-- -x") == "-x");
}

TEST_CASE("a step with a number of cores, or that is exact, has cores of its own") {
  CHECK(run_of("-c 2 a") == "--cpus-per-task=2 --exact a");
  CHECK(run_of("-t 10 a") == "--time=10 a");
  CHECK(run_of("--exact -n1 a") == "--ntasks=1 --exact a");
  CHECK(run_of("--exclusive -n1 a") == "--ntasks=1 --exact a");
  CHECK(run_of("--exclusive=user a") == "--exact a");
  CHECK(run_of("-c 2 --overlap a") == "--cpus-per-task=2 a");
  CHECK(run_of("-s -n1 a") == "--ntasks=1 a");
  CHECK(run_of("-O -n 9 a") == "--ntasks=9 --overcommit a");
  CHECK_FALSE(has("-c 2 a", "--fill"));
  CHECK(has("--overlap a", "--fill"));
}

TEST_CASE("a step goes on when a task fails, unless that is to end it") {
  CHECK(has("a", "--keep-going"));
  CHECK(has("--kill-on-bad-exit=0 a", "--keep-going"));
  CHECK_FALSE(has("-K a", "--keep-going"));
  CHECK_FALSE(has("--kill-on-bad-exit=1 a", "--keep-going"));
  CHECK_FALSE(has("--pty bash", "--keep-going"));
}

TEST_CASE("the job that it runs in may be named, another one too") {
  CHECK(run_of("--jobid 17 a") == "a");
  CHECK(run_of("--jobid=18 a") == "--job=18 a");
  CHECK(read("--jobid=18 a", {})->names_job);
}

TEST_CASE("what starters of MPI say is taken") {
  CHECK(run_of("--external-launcher --ntasks-per-node=1 --kill-on-bad-exit --mpi=none "
               "--cpu-bind=none --jobid=17 --nodes=2 --nodelist=n2,n3 --ntasks=2 prted -x") ==
        "--cpu-bind=none --mpi=none --nodelist=n2,n3 --nodes=2 --ntasks=2 --ntasks-per-node=1 "
        "prted -x");
  CHECK(run_of("--nodelist n2 -N 1 -n 1 --input none hydra_pmi_proxy") ==
        "--nodelist=n2 --nodes=1 --ntasks=1 --no-stdin hydra_pmi_proxy");
  CHECK(run_of("--mpi=pmix a") == "a");
  CHECK(run_of("--mpi=pmi2 a") == "a");
  CHECK(read("--mpi=list")->lists_mpi);
}

TEST_CASE("nodes of the job can be left out, or the first of them") {
  CHECK(run_of("-x n2 a") == "--nodelist=n[1,3] a");
  CHECK(run_of("-r 1 -N 1 a") == "--nodelist=n2 --nodes=1 a");
  CHECK_THAT(run_of("-x n[1-3] a"), Contains("leave 0 nodes of the job, n[1-3]"));
}

TEST_CASE("binding is said in muster run's words") {
  CHECK(run_of("--cpu-bind=verbose,rank a") == "--cpu-bind=cores --report-bindings a");
  CHECK(run_of("--cpu-bind=q a") == "a");
  CHECK(run_of("--cpu-bind=map_cpu:0,2 a") == "--cpu-bind=map_cpu:0,2 a");
  CHECK(run_of("--distribution=block:cyclic:fcyclic a") == "--distribution=block:cyclic a");
  CHECK(run_of("-m *:block a") == "--distribution=block:block a");
  CHECK(run_of("--hint=nomultithread a") == "--hint=nomultithread a");
  CHECK(run_of("--hint=compute_bound a") == "a");
  CHECK(run_of("--mem-bind=local a") == "--mem-bind=local a");
}

TEST_CASE("tasks see all GPUs of the step, or what they ask for") {
  CHECK(has("--gres=gpu:4 a", "--gpu-bind=none"));
  CHECK_FALSE(has("--gpus-per-task=1 a", "--gpu-bind=none"));
  CHECK(run_of("--gpus-per-task=h100:1 a") == "--gpus-per-task=1 a");
  CHECK(run_of("--gpu-bind=closest a") == "--gpu-bind=closest a");
  CHECK(run_of("--exact -n1 --gpus=2 a") == "--gpus-per-task=2 --ntasks=1 --exact a");
  CHECK(run_of("--exact -n2 --gres=gpu:h100:2,nvme:1 a") ==
        "--gpus-per-task=1 --ntasks=2 --exact a");
  CHECK_THAT(run_of("--gpus=many a"), Contains("--gpus: expected a number of GPUs, found 'many'"));
}

TEST_CASE("output and input go to files or nowhere") {
  CHECK(run_of("-o log-%t.out -e none a") == "--error=/dev/null --output=log-%t.out a");
  CHECK(run_of("-o all a") == "a");
  CHECK(read("-i data.txt a")->input_file == "data.txt");
  CHECK(run_of("-i all a") == "a");
}

TEST_CASE("several programs come from one file") {
  CHECK(read("-n 4 --multi-prog progs")->programs_file == "progs");
  CHECK(read("-n 4 --multi-prog progs")->n_tasks == 4);
  CHECK_THAT(run_of("--multi-prog progs more"), Contains("found 'more'"));
}

TEST_CASE("variables say what options leave out, but not those of a rank") {
  CHECK(run_of("a", in_job_with("SRUN_CPUS_PER_TASK", "4")) == "--cpus-per-task=4 --exact a");
  CHECK(run_of("-c 2 a", in_job_with("SRUN_CPUS_PER_TASK", "4")) == "--cpus-per-task=2 --exact a");
  CHECK(run_of("a", in_job_with("SLURM_CPU_BIND", "cores")) == "--cpu-bind=cores a");
  CHECK(run_of("a", in_job_with("SLURM_LABELIO", "1")) == "--label a");
  CHECK(run_of("a", in_job_with("SLURM_LABELIO", "0")) == "a");
  CHECK(run_of("a", in_job_with("SLURM_NTASKS", "2")) == "--ntasks=2 a");
  auto in_rank = in_job_with("SLURM_CPU_BIND", "quiet,mask_cpu:0x1");
  in_rank["MUSTER_STEP_ID"] = "0";
  CHECK(run_of("a", in_rank) == "a");
}

TEST_CASE("what the job was given already is not asked for again") {
  CHECK(run_of("-A acct -p batch -J step --mem=4G -q high a") == "a");
  CHECK(read("-A acct a")->notes.empty());
}

TEST_CASE("what has no effect is said, unless nothing is to be said") {
  CHECK(read("--wait=60 a")->notes == Words{"--wait has no effect"});
  CHECK(read("-Q --wait=60 a")->notes.empty());
  CHECK_THAT(read("--container-image=x.sqsh a")->notes.at(0), Contains("submit --image"));
  CHECK(run_of("-N 3 -n 2 a") == "--nodes=2 --ntasks=2 a");
  CHECK_THAT(read("-N 3 -n 2 a")->notes.at(0), Contains("setting nnodes to 2"));
}

TEST_CASE("mistakes name the word, and the nearest right one") {
  CHECK_THAT(run_of("--ntask-per-node=2 a"), Contains("did you mean '--ntasks-per-node'?"));
  CHECK_THAT(run_of("--gpus-per=2 a"), Contains("may mean --gpus-per-task or --gpus-per-node"));
  CHECK(run_of("-y a") == "invalid option -- 'y'");
  CHECK(run_of("-n") == "option '-n' requires a value");
  CHECK(run_of("--label=1 a") == "option '--label' takes no value");
  CHECK(run_of("-n 2") == "no command given to execute");
  CHECK_THAT(run_of("-n 1 a : -n 2 b"), Contains("parted by ':'"));
  CHECK_THAT(run_of("--het-group=1 a"), Contains("one component here"));
  CHECK(run_of("--het-group=0 a") == "a");
}

TEST_CASE("every option of muster run that srun's become is one") {
  std::set<std::string_view> known;
  for (const auto& option : request::table(request::Place::run)) known.insert(option.name);
  std::set<std::string_view> seen;
  for (const auto& option : request::srun_options()) {
    if (!option.target.empty()) CHECK(known.contains(option.target.substr(2)));
    for (const auto name : base::split(option.names, ' ')) CHECK(seen.insert(name).second);
  }
  for (const char* name : {"exact", "fill", "keep-going", "overcommit", "pty", "no-stdin"})
    CHECK(known.contains(name));
}
