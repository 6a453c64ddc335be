// Each row of pbs.def has a case here, with what it has to come to.

#include <chrono>
#include <functional>
#include <set>

#include "cli/dialect/pbs_chunks.h"
#include "cli/dialect/pbs_resources.h"
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

constexpr auto pbs = model::Dialect::pbs;
using Nodes = std::vector<std::string>;

request::Submission pbs_with(const std::string& options) {
  return good(by_submit("#!/bin/sh\n#PBS " + options + "\necho\n"));
}

JobSpec pbs_spec_of(const std::string& options) {
  return pbs_with(options).spec;
}

std::string pbs_error_with(const std::string& options) {
  return error_of(by_submit("#!/bin/sh\n#PBS " + options + "\necho\n"));
}

const std::vector<submitted::Meant> pbs_meant{
    {"-a 1830", [](const JobSpec& s) { return s.begin && *s.begin <= base::Time() + 24h; }},
    {"-a 202612241830.10",
     [](const JobSpec& s) { return s.begin > base::Time() + 24h * 365 * 56; }},
    {"-a 2612241830", [](const JobSpec& s) { return s.begin > base::Time() + 24h * 365 * 56; }},
    {"-A 'my_project name'", [](const JobSpec& s) { return s.workspace == "my_project name"; }},
    {"-d /data", [](const JobSpec& s) { return s.work_dir == "/data"; }},
    {"-e host:err", [](const JobSpec& s) { return s.error == "/home/ann/run/err"; }},
    {"-F '1 \"two words\"'",
     [](const JobSpec& s) { return s.arguments == Nodes{"1", "two words"}; }},
    {"-h", [](const JobSpec& s) { return s.hold; }},
    {"-joe",
     [](const JobSpec& s) { return s.error.empty() && s.output == "/home/ann/run/%x.o%j"; }},
    {"-j eo",
     [](const JobSpec& s) { return s.error.empty() && s.output == "/home/ann/run/%x.e%j"; }},
    {"-j n", [](const JobSpec& s) { return s.error == "/home/ann/run/%x.e%j"; }},
    {"-J 0-127:2",
     [](const JobSpec& s) {
       return s.array && to_text(*s.array) == "0-126:2" && s.output == "/home/ann/run/%x.o%A.%a";
     }},
    {"-k doe", [](const JobSpec& s) { return s.output == "/home/ann/run/%x.o%j"; }},
    {"-n", [](const JobSpec& s) { return s.shape.whole_nodes; }},
    {"-N x", [](const JobSpec& s) { return s.name == "x"; }},
    {"-o out/^array_index^.$PBS_JOBID.100%",
     [](const JobSpec& s) { return s.output == "/home/ann/run/out/%a.%j.100%%"; }},
    {"-o out/", [](const JobSpec& s) { return s.output == "/home/ann/run/out/%x.o%j"; }},
    {"-p 1023", [](const JobSpec& s) { return s.priority == 1000; }},
    {"-p -5", [](const JobSpec& s) { return s.priority == -5; }},
    {"-P vp91", [](const JobSpec& s) { return s.workspace == "vp91"; }},
    {"-q gpu@server", [](const JobSpec& s) { return s.pool == "gpu"; }},
    {"-q @server", [](const JobSpec& s) { return s.pool.empty(); }},
    {"-r n", [](const JobSpec& s) { return !s.requeue; }},
    {"-r y", [](const JobSpec& s) { return s.requeue; }},
    {"-S /bin/csh@host",
     [](const JobSpec& s) { return s.script.starts_with("#!/bin/csh\n#!/bin/sh\n#PBS"); }},
    {"-t 1-9%3", [](const JobSpec& s) { return s.array && to_text(*s.array) == "1-9%3"; }},
    {"-v A,B=x,C='a,b'",
     [](const JobSpec& s) {
       return s.environment.at("A") == "1" && s.environment.at("B") == "x" &&
              s.environment.at("C") == "a";
     }},
    {"-v \"C='a,b'\"", [](const JobSpec& s) { return s.environment.at("C") == "a,b"; }},
    {"-V", [](const JobSpec& s) { return s.environment.at("A") == "1"; }},
    {"-N noenv", [](const JobSpec& s) { return !s.environment.contains("A"); }},
    {"-w sub", [](const JobSpec& s) { return s.work_dir == "/home/ann/run/sub"; }},
    {"-W depend=afterok:12.server:13[].server,umask=007",
     [](const JobSpec& s) { return to_text(s.dependency) == "afterok:12,afterok:13"; }},
    {"-W depend=afterokarray:12[]",
     [](const JobSpec& s) { return to_text(s.dependency) == "afterok:12"; }},
    {"-W depend=afterok:1,afterany:2[3]",
     [](const JobSpec& s) { return to_text(s.dependency) == "afterok:1,afterany:2_3"; }},
    {"-l walltime=90", [](const JobSpec& s) { return s.time_limit == 90s; }},
    {"-l walltime=10:00", [](const JobSpec& s) { return s.time_limit == 10min; }},
    {"-l walltime=24:0:0", [](const JobSpec& s) { return s.time_limit == 24h; }},
    {"-lwalltime=10000:00:00", [](const JobSpec& s) { return s.time_limit == 10000h; }},
    {"-l walltime=1:00:00:00", [](const JobSpec& s) { return s.time_limit == 24h; }},
    {"-l select=2:ncpus=8:mpiprocs=4:ngpus=1:mem=16gb -l place=scatter",
     [](const JobSpec& s) {
       return s.shape ==
              model::Shape{2, {}, 4, 2, 1, 0, base::Bytes(16 * submitted::gib), std::nullopt};
     }},
    {"-l select=2:ncpus=8",
     [](const JobSpec& s) {
       return !s.shape.nodes && s.shape.tasks == 2 && s.shape.cpus_per_task == 8;
     }},
    {"-lselect=1:ncpus=1",
     [](const JobSpec& s) { return s.shape.nodes == 1 && s.shape.cpus_per_task == 1; }},
    {"-l select=64", [](const JobSpec& s) { return s.shape.nodes == 64; }},
    {"-l select=64:ncpus=1",
     [](const JobSpec& s) { return !s.shape.nodes && s.shape.tasks == 64; }},
    {"-l select=64:ncpus=1 -l place=scatter",
     [](const JobSpec& s) { return s.shape.nodes == 64 && s.shape.tasks_per_node == 1; }},
    {"-l select=4:ncpus=4:mpiprocs=2:mem=8gb -l place=pack:excl",
     [](const JobSpec& s) {
       return s.shape.nodes == 1 && s.shape.tasks == 8 && s.shape.cpus_per_task == 2 &&
              s.shape.memory_per_cpu == base::Bytes(2 * submitted::gib) && s.shape.whole_nodes;
     }},
    {"-l select=1:ncpus=4+2:ncpus=8:mpiprocs=8 -l place=scatter",
     [](const JobSpec& s) {
       return s.shape.nodes == 3 && s.shape.tasks == 17 && s.shape.tasks_per_node == 8 &&
              s.shape.cpus_per_task == 1;
     }},
    {"-l select=host=n1:ncpus=2+host=n2:ncpus=2",
     [](const JobSpec& s) { return s.choice.only == Nodes{"n1", "n2"} && s.shape.nodes == 2; }},
    {"-l select=1:ncpus=4:ompthreads=4",
     [](const JobSpec& s) { return s.environment.at("OMP_NUM_THREADS") == "4"; }},
    {"-l nodes=2:ppn=8",
     [](const JobSpec& s) {
       return s.shape == model::Shape{2, {}, 8, 1, 0, 0, std::nullopt, std::nullopt};
     }},
    {"-l nodes=1:ppn=8:gpus=2,mem=16gb,walltime=1:00:00",
     [](const JobSpec& s) {
       return s.shape.gpus_per_node == 2 &&
              s.shape.memory_per_node == base::Bytes(16 * submitted::gib) && s.time_limit == 1h;
     }},
    {"-l nodes=2:ppn=4 -l mem=16gb",
     [](const JobSpec& s) { return s.shape.memory_per_node == base::Bytes(8 * submitted::gib); }},
    {"-l nodes=2:ppn=4,pmem=2gb",
     [](const JobSpec& s) { return s.shape.memory_per_cpu == base::Bytes(2 * submitted::gib); }},
    {"-l nodes=n1:ppn=2+n2:ppn=2",
     [](const JobSpec& s) { return s.choice.only == Nodes{"n1", "n2"} && s.shape.nodes == 2; }},
    {"-l 'nodes=1:ppn=2#excl'", [](const JobSpec& s) { return s.shape.whole_nodes; }},
    {"-l ncpus=4,ngpus=1,mem=512mw",
     [](const JobSpec& s) {
       return s.shape.cpus_per_task == 4 && s.shape.gpus_per_node == 1 &&
              s.shape.memory_per_node == base::Bytes(4 * submitted::gib);
     }},
    {"-l procs=16", [](const JobSpec& s) { return s.shape.tasks == 16; }},
    {"-l wd", [](const JobSpec& s) { return s.work_dir == "/home/ann/run"; }},
    {"-N home", [](const JobSpec& s) { return s.work_dir == "/home/ann"; }},
};

const std::vector<std::string> pbs_idle{"-c n",
                                        "-D /",
                                        "-f",
                                        "-k oe",
                                        "-L tasks=1",
                                        "-m abe",
                                        "-M a@b.c",
                                        "-R oe",
                                        "-u ann",
                                        "-W umask=007",
                                        "-W x:nmatchpolicy:exactnode",
                                        "-W group_list=bio",
                                        "-x",
                                        "-X",
                                        "-z",
                                        "-l filesystems=home",
                                        "-l vmem=4gb",
                                        "-l select=1:system=polaris",
                                        "-l nodes=1:ppn=8:rhel7",
                                        "-o host:/x",
                                        "-q @server",
                                        "-l place=scatter:group=rack"};

const std::vector<std::string> pbs_refusals{"-b 8",
                                            "-C X",
                                            "-G staff",
                                            "-I",
                                            "-T openmpi",
                                            "-W stagein=a@b:c",
                                            "-W interactive=true",
                                            "-W depend=before:3",
                                            "-W depend=on:2"};

}  // namespace

TEST_CASE("options of qsub that mean something here reach the request") {
  for (const auto& one : pbs_meant) {
    INFO(one.options);
    CHECK(one.holds(pbs_spec_of(one.options)));
  }
  CHECK(pbs_with("-W block=true").wait);
}

TEST_CASE("options of qsub that do nothing here say so") {
  for (const auto& option : pbs_idle) {
    INFO(option);
    const auto submission = pbs_with(option);
    REQUIRE(submission.notes.size() == 1);
    CHECK(submission.notes[0].starts_with("t.sh: line 2: '#PBS " + option + "': "));
    CHECK(submission.notes[0].contains("has no effect: "));
  }
  CHECK(pbs_with("-k doe").notes.empty());
  CHECK(has_text(pbs_with("-l select=1:ncpus=4+2:ncpus=8").notes, "the chunks differ"));
  CHECK(has_text(pbs_with("-l nodes=2 -l ncpus=4").notes, "ncpus= has no effect beside"));
}

TEST_CASE("options of qsub that cannot be had are refused with a reason") {
  for (const auto& option : pbs_refusals) {
    INFO(option);
    CHECK(pbs_error_with(option).starts_with("t.sh: line 2: '#PBS " + option + "': -"));
  }
}

TEST_CASE("every option of qsub has a case") {
  std::set<char> seen;
  for (const auto& one : pbs_meant) seen.insert(one.options[1]);
  for (const auto* list : {&pbs_idle, &pbs_refusals}) {
    for (const auto& option : *list) seen.insert(option[1]);
  }
  for (const auto& row : dialect::rows(pbs)) {
    INFO(row.letter);
    CHECK(seen.contains(row.letter));
  }
}

TEST_CASE("values of qsub's options that make no sense are refused with line and value") {
  const std::vector<std::pair<std::string, std::string_view>> table{
      {"-a soon", "-a: expected a time such as 1830"},
      {"-j x", "-j: expected oe, eo or n, found 'x'"},
      {"-k x", "-k: expected letters of d, o and e, or n, found 'x'"},
      {"-p x", "-p: expected a whole number from -1024 to 1023, found 'x'"},
      {"-r x", "-r: expected y or n, found 'x'"},
      {"-S bash", "-S: expected the path of a shell"},
      {"-v =x", "-v: expected a list of variables"},
      {"-W =x", "-W: expected attributes"},
      {"-l walltime=HH:MM:SS", "expected walltime= in seconds, or as [[D:]HH:]MM:SS"},
      {"-l walltime=1:2:3:4:5", "expected walltime= in seconds"},
      {"-l =4", "-l: expected resources such as"},
      {"-l mem=lots", "expected mem=, a size such as 4gb, found 'lots'"},
      {"-l ncpus=x", "expected ncpus=, a whole number"},
      {"-l select=x:ncpus=1", "expected a whole number from 1 to 1000000, found 'x'"},
      {"-l select=1:ncpus=x", "expected a whole number from 0 to 1000000, found 'ncpus=x'"},
      {"-l select=1:mem=x", "expected a size such as 4gb, found 'mem=x'"},
      {"-l select=1::ncpus=1", "expected chunks such as 2:ncpus=8:mpiprocs=4"},
      {"-l nodes=ppn=4", "expected nodes such as 2:ppn=8"},
      {"-l nodes=1:ppn=x", "expected a whole number from 1 to 1000000, found 'ppn=x'"}};
  for (const auto& [options, part] : table) {
    INFO(options);
    const auto error = pbs_error_with(options);
    CHECK(error.starts_with("t.sh: line 2: '#PBS " + options + "': "));
    CHECK(error.contains(part));
  }
}

TEST_CASE("sizes and times of PBS") {
  CHECK(dialect::pbs_size("1000") == 1000);
  CHECK(dialect::pbs_size("2kb") == 2048);
  CHECK(dialect::pbs_size("2KW") == 16384);
  CHECK(dialect::pbs_size("3g") == 3 * submitted::gib);
  CHECK_FALSE(dialect::pbs_size("3gbb"));
  CHECK_FALSE(dialect::pbs_size("gb"));
  CHECK_FALSE(dialect::pbs_size("1.5gb"));
  CHECK_FALSE(dialect::pbs_size("999999999999pb"));
  CHECK(dialect::pbs_time("5400") == "01:30:00");
  CHECK(dialect::pbs_time("2:0:0:1") == "2-00:00:01");
  CHECK_FALSE(dialect::pbs_time(""));
  CHECK_FALSE(dialect::pbs_time("0"));
  CHECK_FALSE(dialect::pbs_time("1:-2"));
}

TEST_CASE("a job of PBS has its files, directory and variables") {
  const auto submission = pbs_with("-N x -q gpu -l nodes=1:ppn=2");
  CHECK(submission.spec.dialect == pbs);
  CHECK(submission.spec.work_dir == "/home/ann");
  CHECK(submission.spec.output == "/home/ann/run/%x.o%j");
  CHECK(submission.spec.error == "/home/ann/run/%x.e%j");
  const std::vector<std::pair<std::string, std::string>> table{{"PBS_ENVIRONMENT", "PBS_BATCH"},
                                                               {"PBS_JOBNAME", "x"},
                                                               {"PBS_O_HOME", "/home/ann"},
                                                               {"PBS_O_HOST", "login1"},
                                                               {"PBS_O_LOGNAME", "ann"},
                                                               {"PBS_O_PATH", "/bin"},
                                                               {"PBS_O_QUEUE", "gpu"},
                                                               {"PBS_O_SHELL", "/bin/bash"},
                                                               {"PBS_O_SYSTEM", "Linux"},
                                                               {"PBS_O_WORKDIR", "/home/ann/run"},
                                                               {"SLURM_SUBMIT_DIR", "(none)"},
                                                               {"HOME", "/home/ann"},
                                                               {"A", "(none)"}};
  for (const auto& [name, value] : table) CHECK(variable(submission, name) == value);
}

TEST_CASE("qsub reads #PBS lines alone, and its command line wins") {
  const std::string script = "#PBS -N a -l nodes=1:ppn=2\n#SBATCH -J b\necho\n";
  const auto submission =
      good(by_foreign(pbs, script, {"-N", "c", "-l", "walltime=60", "-joe", "-z"}));
  CHECK(submission.spec.name == "c");
  CHECK(submission.spec.shape.tasks_per_node == 2);
  CHECK(submission.spec.time_limit == 60s);
  CHECK(submission.spec.script == "#!/bin/bash -l\n" + script);
  CHECK(has_text(submission.notes, "#SBATCH lines have no effect: qsub reads #PBS lines alone"));
  auto line = options::parse(dialect::options_of(pbs),
                             std::vector<std::string>{"-N", "x", "--", "/bin/date", "-u"},
                             options::Operands::end_options);
  REQUIRE(line);
  const auto command = good(dialect::make_submission({pbs, *line}, std::nullopt, submitted::here));
  CHECK(command.spec.arguments == Nodes{"/bin/date", "-u"});
}
