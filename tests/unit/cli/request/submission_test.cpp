#include "cli/request/submission.h"

#include <csignal>

#include "cli/dialect/submission.h"
#include "cli/request/environment.h"
#include "cli/request/table.h"
#include "cli/request/values.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

options::Parsed line_of(const Words& words) {
  auto line =
      options::parse(request::table(request::Place::submit), words, options::Operands::end_options);
  if (!line) FAIL(line.error().text);
  return *line;
}

const request::Surroundings here{"/home/ann",
                                 {{"HOME", "/home/ann"}, {"PATH", "/bin"}, {"A", "1"}}};

base::Result<request::Submission> try_script(const Words& words, std::string directives) {
  return dialect::make_submission(
      line_of(words), request::ScriptFile{"job/t.sh", "#!/bin/sh\n" + directives + "echo\n"}, here);
}

request::Submission with_script(Words words, std::string directives = "") {
  words.push_back("job/t.sh");
  auto submission = try_script(words, directives);
  if (!submission) FAIL(submission.error().text);
  return *submission;
}

std::string error_of(Words words, std::string directives = "") {
  words.push_back("job/t.sh");
  const auto submission = try_script(words, directives);
  return submission ? "" : submission.error().text;
}

}  // namespace

TEST_CASE("a script alone gets every default") {
  const auto spec = with_script({}).spec;
  CHECK(spec.name == "t.sh");
  CHECK(spec.script == "#!/bin/sh\necho\n");
  CHECK(spec.script_name == "job/t.sh");
  CHECK(spec.arguments.empty());
  CHECK(spec.shape == model::Shape{});
  CHECK(spec.work_dir == "/home/ann");
  CHECK(spec.output == "/home/ann/muster-%j.out");
  CHECK(spec.error.empty());
  CHECK(spec.environment == here.environment);
  CHECK_FALSE(spec.time_limit);
  CHECK(spec.priority == 0);
  CHECK_FALSE(spec.hold);
}

TEST_CASE("every option reaches its field") {
  const auto submission = with_script({"-N2",
                                       "-n",
                                       "8",
                                       "--ntasks-per-node=4",
                                       "-c3",
                                       "--gpus-per-node=2",
                                       "--gpus-per-task=1",
                                       "--mem=4G",
                                       "-t",
                                       "1-2:03",
                                       "-J",
                                       "name",
                                       "-o",
                                       "o/%x-%j",
                                       "-e/tmp/e",
                                       "-D",
                                       "sub",
                                       "--export=A,B=2",
                                       "--priority=-5",
                                       "-p",
                                       "gpu",
                                       "-H",
                                       "-W",
                                       "--parsable",
                                       "--class=low",
                                       "-A",
                                       "physics",
                                       "--signal=B:USR2@90",
                                       "--no-requeue",
                                       "--test-only",
                                       "--open-mode=append",
                                       "--comment=hi"});
  const auto& spec = submission.spec;
  CHECK(spec.shape == model::Shape{2, 8, 4, 3, 2, 1, base::Bytes(4ULL << 30), std::nullopt});
  CHECK(spec.time_limit == 24h + 2h + 3min);
  CHECK(spec.name == "name");
  CHECK(spec.output == "/home/ann/sub/o/%x-%j");
  CHECK(spec.error == "/tmp/e");
  CHECK(spec.work_dir == "/home/ann/sub");
  CHECK(spec.environment == model::Environment{{"A", "1"}, {"B", "2"}});
  CHECK(spec.priority == -5);
  CHECK(spec.pool == "gpu");
  CHECK(spec.hold);
  CHECK(spec.append_output);
  CHECK(spec.comment == "hi");
  CHECK(spec.class_name == "low");
  CHECK(spec.workspace == "physics");
  CHECK(spec.save_signal == model::SaveSignal{SIGUSR2, 90s, true});
  CHECK_FALSE(spec.requeue);
  CHECK(submission.test_only);
  CHECK(submission.wait);
  CHECK(submission.parsable);
}

TEST_CASE("the command line wins over #SUBMIT, and that over #SBATCH") {
  const std::string directives = "#SUBMIT -n 3\n#SBATCH -n 2 -N 1 -J a\n#SBATCH -J b\n";
  CHECK(with_script({}, directives).spec.shape.tasks == 3);
  CHECK(with_script({"-n4"}, directives).spec.shape.tasks == 4);
  CHECK(with_script({"-n4"}, directives).spec.shape.nodes == 1);
  CHECK(with_script({}, directives).spec.name == "b");
  CHECK(with_script({"--partition", "x"}, "#SBATCH -p y\n").spec.pool == "x");
}

TEST_CASE("of --mem and --mem-per-cpu the last one given counts") {
  const auto shape = with_script({"--mem-per-cpu=1G"}, "#SBATCH --mem=8G\n").spec.shape;
  CHECK_FALSE(shape.memory_per_node);
  CHECK(shape.memory_per_cpu == base::Bytes(1ULL << 30));
}

TEST_CASE("time limits that are none") {
  for (const auto* text : {"UNLIMITED", "0", "infinite"}) {
    CHECK_FALSE(with_script({"-t", text}, "#SBATCH -t 10\n").spec.time_limit);
  }
}

TEST_CASE("what follows the script are its arguments") {
  const auto line = line_of({"-n2", "t.sh", "-n", "--", "x"});
  const auto submission =
      dialect::make_submission(line, request::ScriptFile{"t.sh", "#!/bin/sh\n"}, here);
  REQUIRE(submission.has_value());
  CHECK(submission->spec.arguments == Words{"-n", "--", "x"});
  CHECK(submission->spec.shape.tasks == 2);
}

TEST_CASE("a command needs no script") {
  const auto line = line_of({"-n2", "--", "/opt/bin/prog", "-x"});
  CHECK(request::source_of(line, true) == request::Source::command);
  const auto submission = dialect::make_submission(line, std::nullopt, here);
  REQUIRE(submission.has_value());
  CHECK(submission->spec.script.empty());
  CHECK(submission->spec.arguments == Words{"/opt/bin/prog", "-x"});
  CHECK(submission->spec.name == "prog");
}

TEST_CASE("--wrap makes a script of a line") {
  const auto line = line_of({"--wrap=hostname; date"});
  CHECK(request::source_of(line, true) == request::Source::wrapped);
  const auto spec = dialect::make_submission(line, std::nullopt, here)->spec;
  CHECK(spec.script == "#!/bin/sh\nhostname; date\n");
  CHECK(spec.name == "wrap");
  CHECK(request::source_of(line_of({"--wrap=x", "t.sh"}), true).error().text ==
        "give either --wrap or a script, found both: 't.sh'");
}

TEST_CASE("without a file the script comes from standard input") {
  CHECK(request::source_of(line_of({}), false) == request::Source::standard_input);
  CHECK(request::source_of(line_of({"-"}), true) == request::Source::standard_input);
  CHECK(request::source_of(line_of({"t.sh"}), false) == request::Source::file);
  CHECK_FALSE(request::source_of(line_of({}), true).has_value());
  CHECK_FALSE(request::source_of(line_of({"--"}), false).has_value());
  const auto submission =
      dialect::make_submission(line_of({"-", "x"}), request::ScriptFile{"-", "#!/bin/sh\n"}, here);
  CHECK(submission->spec.name == "stdin");
  CHECK(submission->spec.arguments == Words{"x"});
}

TEST_CASE("a signal is named as for sbatch") {
  const auto signal = [](const std::string& text) {
    return with_script({"--signal=" + text}).spec.save_signal;
  };
  CHECK(signal("USR1") == model::SaveSignal{SIGUSR1, 1min, false});
  CHECK(signal("SIGTERM@2m") == model::SaveSignal{SIGTERM, 2min, false});
  CHECK(signal("12@0") == model::SaveSignal{SIGUSR2, 0s, false});
  for (const auto* text : {"KILL", "9", "STOP", "USR3", "0", "32", "R:USR1"})
    CHECK(error_of({"--signal", text}).find("a signal that a program can handle") !=
          std::string::npos);
  CHECK(error_of({"--signal=USR1@soon"}).find("after the @") != std::string::npos);
}

TEST_CASE("messages name standard input as such") {
  const auto submission = dialect::make_submission(
      line_of({}), request::ScriptFile{"-", "#!/bin/sh\n#SBATCH --ndoes\n"}, here);
  CHECK(submission.error().text.starts_with("standard input: line 2: "));
}

TEST_CASE("values that make no sense are refused with what was expected") {
  const std::vector<std::pair<Words, std::string_view>> table{
      {{"-N0"}, "-N: expected a whole number from 1 to 1000000, or two such as 2-8, found '0'"},
      {{"--nodes=two"},
       "--nodes: expected a whole number from 1 to 1000000, or two such as 2-8, found 'two'"},
      {{"--gpus-per-task=-1"},
       "--gpus-per-task: expected a whole number from 0 to 1000000, or a kind of GPU and a number "
       "such as h100:2, found '-1'"},
      {{"--mem=0"}, "--mem: expected a size above 0, such as 4G, found '0'"},
      {{"--priority=1001"},
       "--priority: expected low, normal, high or a whole number from -1000 to 1000, found '1001'"},
      {{"-J", ""}, "-J: expected a value that is not empty, found ''"},
      {{"-J", "a\nb"}, "-J: expected one line, found 'a\\x0ab'"},
      {{"-o", "x-%q"},
       "-o: expected %j, %J, %A, %a, %b, %x, %u, %N, %n, %t, %s, %r or %% in a file name, with "
       "a width up to 10 such as %4t, found '%q' in 'x-%q'"},
      {{"-e", "x%"},
       "-e: expected %j, %J, %A, %a, %b, %x, %u, %N, %n, %t, %s, %r or %% in a file name, with "
       "a width up to 10 such as %4t, found '%' in 'x%'"},
      {{"-o", "x-%999t"},
       "-o: expected %j, %J, %A, %a, %b, %x, %u, %N, %n, %t, %s, %r or %% in a file name, with "
       "a width up to 10 such as %4t, found '%999t' in 'x-%999t'"},
      {{"--export=A,,B"},
       "--export: expected ALL, NONE, NIL or a list such as A,B=x, found 'A,,B'"},
  };
  for (const auto& [words, text] : table) CHECK(error_of(words) == text);
  CHECK(error_of({"--mem=lots"}).starts_with("--mem: 'lots' is not an amount of memory"));
  CHECK(error_of({"-t", "soon"}).starts_with("-t: "));
  CHECK(error_of({}, "#SBATCH -N 0\n") ==
        "job/t.sh: line 2: '#SBATCH -N 0': -N: expected a whole number from 1 to 1000000, or two "
        "such as 2-8, found '0'");
}

TEST_CASE("--export chooses the variables of the job") {
  const model::Environment present{{"HOME", "/h"}, {"USER", "u"}, {"A", "1"}, {"B", "2"}};
  const auto exported = [&](std::string_view what) { return *request::exported(what, present); };
  using Environment = model::Environment;
  CHECK(exported("ALL") == present);
  CHECK(exported("NIL").empty());
  CHECK(exported("NONE") == Environment{{"HOME", "/h"}, {"USER", "u"}});
  CHECK(exported("A") == Environment{{"A", "1"}});
  CHECK(exported("A,MISSING") == Environment{{"A", "1"}});
  CHECK(exported("C=x=y,D=") == Environment{{"C", "x=y"}, {"D", ""}});
  auto changed = present;
  changed["A"] = "9";
  CHECK(exported("ALL,A=9") == changed);
  CHECK(exported("A=9,ALL") == changed);
  CHECK_FALSE(request::exported("=x", present).has_value());
  CHECK_FALSE(request::exported("", present).has_value());
}

TEST_CASE("a job submitted by a job does not get the variables of the first") {
  const model::Environment in_job{
      {"A", "1"}, {"MUSTER_JOB_ID", "4"}, {"MUSTER_RANK", "0"}, {"MUSTER_DIR", "/d"}};
  CHECK(*request::exported("ALL", in_job) == model::Environment{{"A", "1"}, {"MUSTER_DIR", "/d"}});
  auto with_added = in_job;
  with_added["MUSTER_ADDED"] = "MASTER_PORT HYDRA_HOST_FILE";
  with_added["MASTER_PORT"] = "1";
  with_added["HYDRA_HOST_FILE"] = "/launches/4/hosts.hydra";
  with_added["OMPI_MCA_plm"] = "mine";
  CHECK(*request::exported("ALL", with_added) ==
        model::Environment{{"A", "1"}, {"MUSTER_DIR", "/d"}, {"OMPI_MCA_plm", "mine"}});
  auto with_others = in_job;
  with_others["SLURM_CPUS_PER_TASK"] = "4";
  with_others["PBS_O_WORKDIR"] = "/x";
  with_others["SBATCH_ACCOUNT"] = "bio";
  CHECK(*request::exported("ALL", with_others) ==
        model::Environment{{"A", "1"}, {"MUSTER_DIR", "/d"}, {"SBATCH_ACCOUNT", "bio"}});
  const model::Environment outside{{"MUSTER_COLOR", "red"}, {"SLURM_CONF", "/etc/slurm.conf"}};
  CHECK(*request::exported("ALL", outside) == outside);
}

TEST_CASE("paths are made absolute from the given folder") {
  CHECK(request::absolute("a/b", "/x") == "/x/a/b");
  CHECK(request::absolute("./a", "/x") == "/x/a");
  CHECK(request::absolute("/a", "/x") == "/a");
  CHECK(request::absolute(".", "/x") == "/x");
  CHECK(request::absolute("", "/x") == "/x");
  CHECK(request::absolute("a", "/") == "/a");
  CHECK(request::absolute("../a", "/x") == "/x/../a");
}

TEST_CASE("a step takes the options that describe it") {
  const Words words{"-n4", "-N", "2", "--gpus-per-task=0", "-D", "/tmp", "-l", "prog", "-n"};
  const auto line =
      options::parse(request::table(request::Place::run), words, options::Operands::end_options);
  REQUIRE(line.has_value());
  model::StepSpec step;
  REQUIRE(request::apply(line->given, step).has_value());
  CHECK(step.nodes == 2);
  CHECK(step.tasks == 4);
  CHECK_FALSE(step.tasks_per_node);
  CHECK(step.gpus_per_task == 0);
  CHECK(step.work_dir == "/tmp");
  CHECK_FALSE(step.map_only);
  const std::vector<options::Given> map{{static_cast<int>(request::OptionId::map), "", "--map"}};
  REQUIRE(request::apply(map, step).has_value());
  CHECK(step.map_only);
  CHECK(request::has(line->given, request::OptionId::label));
  CHECK(line->rest == Words{"prog", "-n"});
  const std::vector<options::Given> files{
      {static_cast<int>(request::OptionId::output), "out-%4t", "-o"},
      {static_cast<int>(request::OptionId::error), "%J.err", "-e"}};
  REQUIRE(request::apply(files, step).has_value());
  CHECK(step.output == "out-%4t");
  CHECK(step.error == "%J.err");
  const std::vector<options::Given> pattern{
      {static_cast<int>(request::OptionId::output), "%4q", "-o"}};
  CHECK_FALSE(request::apply(pattern, step).has_value());
  const std::vector<options::Given> wrong{{static_cast<int>(request::OptionId::ntasks), "x", "-n"}};
  CHECK_FALSE(request::apply(wrong, step).has_value());
}

TEST_CASE("each place has its own options") {
  const auto knows = [](request::Place place, std::string_view name) {
    for (const auto& option : request::table(place)) {
      if (option.name == name) return true;
    }
    return false;
  };
  CHECK(knows(request::Place::submit, "wrap"));
  CHECK_FALSE(knows(request::Place::directive, "wrap"));
  CHECK_FALSE(knows(request::Place::run, "mem"));
  CHECK(knows(request::Place::run, "label"));
  CHECK(knows(request::Place::directive, "partition"));
  CHECK_FALSE(knows(request::Place::submit, "map"));
}

TEST_CASE("an array has a file for each task, and a dependency and times are read") {
  const auto spec = with_script({"-a", "1-9:2%3", "-d", "afterok:7?afterany:8", "--begin",
                                 "1970-01-02T00:00Z", "--deadline", "1970-01-03T00:00Z"})
                        .spec;
  REQUIRE(spec.array);
  CHECK(to_text(*spec.array) == "1-9:2%3");
  CHECK(spec.output == "/home/ann/muster-%A_%a.out");
  CHECK(to_text(spec.dependency) == "afterok:7?afterany:8");
  CHECK(spec.begin == base::time_from_us(86'400'000'000));
  CHECK(spec.deadline == base::time_from_us(172'800'000'000));
  CHECK(error_of({"-a", "5-1"}) == "-a: '5-1' goes backwards; expected 1-5");
  CHECK(error_of({"-d", "afterokay:1"}).find("did you mean 'afterok'") != std::string::npos);
  CHECK(error_of({"--begin", "later"}).find("--begin: 'later' is not a moment") == 0);
}
