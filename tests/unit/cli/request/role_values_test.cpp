#include "cli/request/role_values.h"

#include "cli/dialect/submission.h"
#include "cli/request/submission.h"
#include "cli/request/table.h"
#include "cli/request/values.h"
#include "tests/support/catch.h"

namespace {

using Words = std::vector<std::string>;

base::Result<request::Submission> submitted_as(const Words& words,
                                               const std::string& directives = "") {
  const auto line =
      options::parse(request::table(request::Place::submit), words, options::Operands::end_options);
  REQUIRE(line);
  const bool has_script = !line->rest.empty() && !line->after_dashes;
  const request::ScriptFile script{"t.sh", "#!/bin/sh\n" + directives + "echo\n"};
  return dialect::make_submission(*line, has_script ? std::optional(script) : std::nullopt,
                                  {"/home/ann", {}, {}});
}

std::string role_error(const Words& words) {
  const auto submission = submitted_as(words);
  return submission ? "" : submission.error().text;
}

base::Result<model::StepSpec> step_with(const Words& words) {
  const auto line =
      options::parse(request::table(request::Place::run), words, options::Operands::end_options);
  REQUIRE(line);
  model::StepSpec step;
  if (const auto applied = request::apply(line->given, step); !applied)
    return std::unexpected(applied.error());
  return step;
}

}  // namespace

TEST_CASE("a mode with a command makes tasks of it that muster run starts") {
  const auto ps = submitted_as({"--mode=ps", "--ps", "2", "--workers=4", "--", "./train", "-v"});
  REQUIRE(ps);
  CHECK(ps->spec.arguments == Words{"muster", "run", "--", "./train", "-v"});
  CHECK(ps->spec.name == "train");
  CHECK(ps->spec.shape.tasks == 6);
  CHECK(ps->spec.roles ==
        model::Roles{{.name = "ps", .count = 2, .serves = true}, {.name = "worker", .count = 4}});
  const auto equal = submitted_as({"--mode=allreduce", "-n", "4", "--", "./train"});
  REQUIRE(equal);
  CHECK(equal->spec.arguments == Words{"muster", "run", "--", "./train"});
  CHECK(equal->spec.roles.empty());
}

TEST_CASE("roles with commands of their own need no other") {
  const auto made =
      submitted_as({"--role=ps:1:per-node=./serve", "--role", "worker:3=./work", "-N2"});
  REQUIRE(made);
  CHECK(made->spec.arguments == Words{"muster", "run", "--"});
  CHECK(made->spec.name == "ps");
  CHECK(made->spec.shape.tasks == 5);
}

TEST_CASE("roles of the command line replace those of the script") {
  const auto of_script = submitted_as({"t.sh"}, "#SUBMIT --role=a:1\n#SUBMIT --role=b:2\n");
  REQUIRE(of_script);
  CHECK(of_script->spec.roles.size() == 2);
  CHECK(of_script->spec.shape.tasks == 3);
  const auto replaced =
      submitted_as({"--role=c:4", "t.sh"}, "#SUBMIT --role=a:1\n#SUBMIT --role=b:2\n");
  REQUIRE(replaced);
  REQUIRE(replaced->spec.roles.size() == 1);
  CHECK(replaced->spec.roles.front().name == "c");
}

TEST_CASE("the command line wins over what the script says of roles") {
  const std::string of_script = "#SUBMIT --mode=ps\n#SUBMIT --ps=2\n#SUBMIT --workers=3\n";
  CHECK(submitted_as({"--role=c:4", "t.sh"}, of_script)->spec.shape.tasks == 4);
  CHECK(submitted_as({"--mode=allreduce", "t.sh"}, of_script)->spec.roles.empty());
  CHECK(submitted_as({"--workers=6", "t.sh"}, of_script)->spec.shape.tasks == 8);
  CHECK(submitted_as({"--mode=ps", "--workers=1", "t.sh"}, "#SUBMIT --role=a:5\n")
            ->spec.shape.tasks == 2);
}

TEST_CASE("a list of nodes says how many ranks roles per node have") {
  const auto made = submitted_as({"--nodelist=n[1-3]", "--role=a:2:per-node", "t.sh"});
  REQUIRE(made);
  CHECK(made->spec.shape.tasks == 6);
}

TEST_CASE("what contradicts itself about roles is refused") {
  CHECK(role_error({"--mode=mesh", "t.sh"}).find("allreduce or ps") != std::string::npos);
  CHECK(role_error({"--mode=ps", "t.sh"}).find("--workers") != std::string::npos);
  CHECK(role_error({"--workers=2", "t.sh"}).find("--mode=ps") != std::string::npos);
  CHECK(role_error({"--mode=allreduce", "--ps=1", "t.sh"}).find("--mode=ps") != std::string::npos);
  CHECK(role_error({"--mode=ps", "--workers=0", "t.sh"}).find("from 1") != std::string::npos);
  CHECK(role_error({"--role=a:1", "--workers=2", "t.sh"}).find("leave out") != std::string::npos);
  CHECK(role_error({"--role=a:1", "--role=a:1", "t.sh"}).find("two roles") != std::string::npos);
  CHECK(role_error({"--role=a", "t.sh"}).find("--role") != std::string::npos);
  CHECK(role_error({"--role=a:2", "-n5", "t.sh"}).find("2 ranks") != std::string::npos);
  CHECK(role_error({"--role=a:2:per-node", "t.sh"}).find("--nodes") != std::string::npos);
}

TEST_CASE("roles with resources make the request, by --role and by --mode=ps") {
  const auto made =
      submitted_as({"-N2", "--role=ps:2:cores=1", "--role", "worker:2:cores=3", "t.sh"});
  REQUIRE(made);
  CHECK(made->spec.shape == model::Shape{.nodes = 2, .tasks = 2, .cpus_per_task = 4});
  const auto mode = submitted_as({"--mode=ps", "--ps=1:memory=1G", "--workers=2:cores=4:gpus=1",
                                  "--gpus-per-node=h100:2", "--", "./train"});
  REQUIRE(mode);
  CHECK(mode->spec.shape.cpus_per_task == 9);
  CHECK(mode->spec.shape.gpus_per_node == 2);
  CHECK(mode->spec.choice.gpu_kind == "h100");
  CHECK(mode->spec.shape.memory_per_node == base::Bytes(std::uint64_t{1} << 30));
  CHECK(mode->spec.roles.front().serves);
  CHECK(role_error({"-n4", "--role=a:2:cores=2", "t.sh"}).find("--ntasks is 4") !=
        std::string::npos);
  CHECK(role_error({"--mode=ps", "--workers=2:serves", "t.sh"}).find("--role says the rest") !=
        std::string::npos);
  CHECK(role_error({"--mode=ps", "--workers=2=./x", "t.sh"}).find("from 1") != std::string::npos);
  CHECK(role_error({"--mode=ps", "--workers=2:cores=0", "t.sh"}).find("--workers: cores") !=
        std::string::npos);
}

TEST_CASE("a role's resources are no command of its own") {
  const std::vector<options::Given> given{
      {static_cast<int>(request::OptionId::role), "a:1:cores=2", "--role"}};
  CHECK_FALSE(request::all_roles_have_commands(given));
  CHECK(submitted_as({"--role=a:1:cores=2=./x"})->spec.arguments == Words{"muster", "run", "--"});
}

TEST_CASE("a step has the roles that it names, none by allreduce, or leaves them to the job") {
  CHECK(step_with({"x"})->roles == std::nullopt);
  CHECK(step_with({"--mode=allreduce", "x"})->roles == model::Roles());
  CHECK(step_with({"--role=a:1", "--role=b:2=./b", "x"})->roles->size() == 2);
  CHECK_FALSE(step_with({"--role=a", "x"}));
}
