#include "cli/request/job_file.h"

#include <string>
#include <vector>

#include "cli/dialect/submission.h"
#include "cli/request/submission.h"
#include "cli/request/table.h"
#include "tests/support/catch.h"

namespace {

using Words = std::vector<std::string>;

const request::Surroundings surroundings_of_file{"/home/ann", {{"PATH", "/bin"}, {"A", "1"}}, {}};

base::Result<request::Submission> submitted_file(const std::string& text, Words words = {},
                                                 const Words& arguments = {}) {
  words.emplace_back("dir/job.toml");
  words.insert(words.end(), arguments.begin(), arguments.end());
  const auto line =
      options::parse(request::table(request::Place::submit), words, options::Operands::end_options);
  REQUIRE(line);
  return dialect::make_submission(*line, request::ScriptFile{"dir/job.toml", text},
                                  surroundings_of_file);
}

request::Submission made_of(const std::string& text, const Words& words = {},
                            const Words& arguments = {}) {
  auto submission = submitted_file(text, words, arguments);
  if (!submission) FAIL(submission.error().text);
  return *submission;
}

std::string file_error(const std::string& text, const Words& words = {},
                       const Words& arguments = {}) {
  const auto submission = submitted_file(text, words, arguments);
  return submission ? "" : submission.error().text;
}

const std::string runs_true = "command = ['true']\n";

}  // namespace

TEST_CASE("a job file has the options of the command line by their long names") {
  const auto spec = made_of(
                        "name = 'x'\nnodes = '2-4'\ntime = '1h'\ngpus-per-node = 'h100:1'\n"
                        "nodelist = ['n1', 'n[2-4]']\npriority = -5\nexclusive = true\n"
                        "hold = false\nrequeue = false\ncommand = ['python', 'train.py', 3]\n")
                        .spec;
  CHECK(spec.name == "x");
  CHECK(spec.shape.nodes == 2);
  CHECK(spec.shape.most_nodes == 4);
  CHECK(spec.shape.gpus_per_node == 1);
  CHECK(spec.choice.gpu_kind == "h100");
  CHECK(spec.choice.only == Words{"n1", "n2", "n3", "n4"});
  CHECK(spec.time_limit == std::chrono::hours(1));
  CHECK(spec.priority == -5);
  CHECK(spec.shape.whole_nodes);
  CHECK_FALSE(spec.hold);
  CHECK_FALSE(spec.requeue);
  CHECK(spec.arguments == Words{"python", "train.py", "3"});
  CHECK(spec.environment == surroundings_of_file.environment);
}

TEST_CASE("a job file has its script inside, whose directives count less than its keys") {
  const auto spec =
      made_of("ntasks = 3\nscript = '''\n#!/bin/sh\n#SUBMIT -n 2 --comment=c\necho $1\n'''\n", {},
              {"argument"})
          .spec;
  CHECK(spec.script == "#!/bin/sh\n#SUBMIT -n 2 --comment=c\necho $1\n");
  CHECK(spec.arguments == Words{"argument"});
  CHECK(spec.name == "job");
  CHECK(spec.shape.tasks == 3);
  CHECK(spec.comment == "c");
}

TEST_CASE("roles of a job file are tables, or texts as on the command line") {
  const auto spec = made_of(
                        "nodes = 2\ncommand = ['./train']\n"
                        "[[role]]\nname = 'ps'\ncores = 1\nmemory = '1G'\n"
                        "[[role]]\nname = 'worker'\ncount = 2\nper-node = true\nserves = false\n"
                        "cores = 3\ngpus = 1\ncommand = './work a=b:c'\n")
                        .spec;
  REQUIRE(spec.roles.size() == 2);
  CHECK(to_text(spec.roles[0]) == "ps:1:cores=1:gpus=0:memory=1G");
  CHECK(to_text(spec.roles[1]) == "worker:2:per-node:cores=3:gpus=1=./work a=b:c");
  CHECK(spec.shape.cpus_per_task == 7);
  CHECK(spec.arguments == Words{"muster", "run", "--", "./train"});
  CHECK(made_of("role = ['a:1=./a', 'b:2=./b']\n").spec.roles.size() == 2);
  CHECK(made_of("mode = 'ps'\nps = 2\nworkers = '3:cores=2'\n" + runs_true).spec.roles[1].cores ==
        2);
}

TEST_CASE("the command line wins over a job file, and roles of it replace all of the file's") {
  const std::string file =
      "time = '1h'\nname = 'x'\n" + runs_true + "[[role]]\nname = 'a'\n[[role]]\nname = 'b'\n";
  const auto spec = made_of(file, {"--time=5", "--role=c:3"}, {"-v"}).spec;
  CHECK(spec.time_limit == std::chrono::minutes(5));
  CHECK(spec.name == "x");
  REQUIRE(spec.roles.size() == 1);
  CHECK(spec.roles[0].name == "c");
  CHECK(spec.arguments == Words{"muster", "run", "--", "true", "-v"});
}

TEST_CASE("variables of a job file come on top of the environment, below those of --export") {
  const std::string file = runs_true + "[env]\nA = '2'\nB = 3\n";
  CHECK(made_of(file).spec.environment ==
        model::Environment{{"A", "2"}, {"B", "3"}, {"PATH", "/bin"}});
  CHECK(made_of(file, {"--export=ALL,B=x"}).spec.environment.at("B") == "x");
  CHECK(made_of("export = 'NIL'\n" + file).spec.environment ==
        model::Environment{{"A", "2"}, {"B", "3"}});
}

TEST_CASE("it is known where each option was said") {
  const auto submission = made_of(
      "time = '1h'\nntasks = 2\nscript = '''\n#!/bin/sh\n#SUBMIT --comment=c\n'''\n"
      "role = ['a:2']\n",
      {"--time=5", "--hold"});
  CHECK(submission.origins ==
        std::vector<request::Origin>{
            {"--ntasks", "2", "dir/job.toml:2:10"},
            {"--time", "5", "command line"},
            {"--hold", "", "command line"},
            {"--comment", "c", "dir/job.toml: script: line 2: '#SUBMIT --comment=c'"},
            {"--role", "a:2", "dir/job.toml:7:9"}});
  const auto replaced = made_of(runs_true + "role = ['a:2', 'b:1']\n", {"--role=c:1"});
  CHECK(replaced.origins == std::vector<request::Origin>{{"--role", "c:1", "command line"}});
}

TEST_CASE("mistakes in a job file are refused with their place") {
  CHECK(file_error("command = ['true'\n").starts_with("dir/job.toml:1:19: "));
  CHECK(file_error(runs_true + "tmie = 1\n") ==
        "dir/job.toml:2:1: unknown key 'tmie'; did you mean 'time'?");
  CHECK(file_error(runs_true + "scripts = 1\n").ends_with("did you mean 'script'?"));
  CHECK(file_error(runs_true + "time = '1x'\n").starts_with("dir/job.toml:2:8: time: "));
  CHECK(file_error(runs_true + "nodes = true\n") ==
        "dir/job.toml:2:9: nodes: expected text or a number, found true");
  CHECK(
      file_error(runs_true + "nodes = [1]\n").ends_with("expected text or a number, found a list"));
  CHECK(file_error(runs_true + "nodelist = [[]]\n")
            .starts_with("dir/job.toml:2:13: nodelist: expected"));
  CHECK(file_error(runs_true + "hold = 'yes'\n") ==
        "dir/job.toml:2:8: hold: expected true or false, found \"yes\"");
  CHECK(file_error(runs_true + "env = 1\n").find("[env]") != std::string::npos);
  CHECK(file_error(runs_true + "[env]\nA = true\n") ==
        "dir/job.toml:3:5: env: A: expected text or a whole number, found true");
  CHECK(file_error(runs_true + "[env]\n'A=B' = 1\n").starts_with("dir/job.toml:3:1: env: 'A=B'"));
}

TEST_CASE("a job file runs one thing, which is there") {
  CHECK(file_error(runs_true + "script = '#!/bin/sh'\n") ==
        "dir/job.toml:2:1: script: there is a command too; give one of them");
  CHECK(
      file_error("script = '#!/bin/sh'\n" + runs_true).starts_with("dir/job.toml:2:1: command: "));
  CHECK(file_error("nodes = 1\n").starts_with("dir/job.toml:1:1: there is nothing to run; "));
  CHECK(file_error("role = ['a:1=./a', 'b:1']\n").find("role b has no command") !=
        std::string::npos);
  CHECK(file_error("role = ['a:1=./a']\n", {}, {"x"}).find("take no arguments") !=
        std::string::npos);
  CHECK(file_error("script = 'train.sh'\n").find("begins with '#!'") != std::string::npos);
  CHECK(
      file_error("command = 'ls'\n").starts_with("dir/job.toml:1:11: command: expected a program"));
  CHECK(file_error("command = ['']\n").ends_with("found \"\""));
  CHECK(file_error("command = [true]\n").starts_with("dir/job.toml:1:12: command: "));
}

TEST_CASE("mistakes in a role are refused with the place of their key") {
  const auto of_role = [](const std::string& text) {
    return file_error(runs_true + "[[role]]\n" + text);
  };
  CHECK(of_role("count = 1\n") == "dir/job.toml:2:1: role: it has no name; say name = \"worker\"");
  CHECK(of_role("name = 'w'\ncroes = 1\n") ==
        "dir/job.toml:4:1: role: unknown key 'croes'; did you mean 'cores'?");
  CHECK(of_role("name = 'w'\ncores = 0\n").starts_with("dir/job.toml:4:9: role: cores: "));
  CHECK(of_role("name = 'W'\n").starts_with("dir/job.toml:3:8: role: name: 'W' is no name"));
  CHECK(of_role("name = 'w:3'\n").find("without ':' and '='") != std::string::npos);
  CHECK(of_role("name = 'w'\nserves = 1\n") ==
        "dir/job.toml:4:10: role: serves: expected true or false, found 1");
  CHECK(of_role("name = 'w'\ncount = 0\n").starts_with("dir/job.toml:4:9: role: count: "));
  CHECK(of_role("name = 'w'\ncommand = ' '\n").find("is empty") != std::string::npos);
  CHECK(file_error(runs_true + "role = 'a:1'\n").find("[[role]]") != std::string::npos);
  CHECK(file_error(runs_true + "role = [1]\n")
            .starts_with("dir/job.toml:2:9: role: expected a table"));
  CHECK(file_error(runs_true + "role = ['a']\n").starts_with("dir/job.toml:2:9: role: "));
}

TEST_CASE("a job file that is cut off anywhere is read or refused with its place") {
  const std::string text =
      "name = 'x'\nnodes = 2\nnodelist = ['n1', 'n2']\nbegin = 2026-12-24T18:00:00\n"
      "script = '''\n#!/bin/sh\necho\n'''\n[env]\nA = '2'\n[[role]]\nname = 'w'\ncount = 3\n"
      "per-node = true\ncores = 2\nmemory = '1G'\ncommand = './w'\n";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    CAPTURE(n);
    const auto file = request::read_job_file(text.substr(0, n), "f.toml");
    CHECK((file || file.error().text.starts_with("f.toml:")));
  }
  CHECK(request::read_job_file(text, "f.toml")->options.size() == 5);
  CHECK_FALSE(request::read_job_file(std::string(1000, '['), "f.toml"));
  CHECK_FALSE(request::read_job_file("nodes = " + std::string(10'000, '['), "f.toml"));
}
