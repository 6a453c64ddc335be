#include "launcher/map/rank_roles.h"

#include <memory>

#include "tests/support/catch.h"

namespace {

struct Case {
  model::LaunchOrder order{.key = {.job = model::JobId(1), .attempt = 1, .step = model::StepId(0)}};

  explicit Case(model::Roles roles, std::vector<int> tasks = {2, 2}) {
    auto step = std::make_shared<model::StepSpec>();
    step->roles = std::move(roles);
    order.job = std::make_shared<model::JobSpec>();
    order.step = step;
    order.tasks = std::move(tasks);
  }
  model::Environment environment(int rank, model::Environment given = {}) const {
    mapping::RankRoles(order).describe(rank, {"n1:10", "n1:11", "n2:10", "n2:11"}, given);
    return given;
  }
};

const Case parameter_servers({{.name = "ps", .count = 1, .serves = true},
                              {.name = "worker", .count = 3}});

}  // namespace

TEST_CASE("without roles every rank works and has no name") {
  const Case none({});
  const mapping::RankRoles roles(none.order);
  CHECK_FALSE(roles.are_there());
  CHECK_FALSE(roles.serves(2));
  CHECK(roles.has_worker({0, 1, 2, 3}));
  CHECK_FALSE(roles.has_server());
  CHECK(roles.name_of(1).empty());
}

TEST_CASE("the job's roles are those of steps that say nothing of ranks") {
  auto job = std::make_shared<model::JobSpec>();
  job->roles = {{.name = "worker", .count = 4}};
  const auto with = [&](const model::StepSpec& step) { return roles_of(*job, step).size(); };
  CHECK(with({}) == 1);
  CHECK(with({.tasks = 4}) == 0);
  CHECK(with({.nodes = 1}) == 0);
  CHECK(with({.tasks_per_node = 1}) == 0);
  CHECK(with({.roles = model::Roles()}) == 0);
}

TEST_CASE("ranks know their role, its size and where everybody listens") {
  const mapping::RankRoles roles(parameter_servers.order);
  CHECK(roles.name_of(0) == "ps 0");
  CHECK(roles.name_of(3) == "worker 2");
  CHECK(roles.has_server());
  CHECK_FALSE(roles.has_worker({0}));
  CHECK(roles.has_worker({2, 3}));
  const auto environment = parameter_servers.environment(2);
  CHECK(environment.at("MUSTER_ROLE") == "worker");
  CHECK(environment.at("MUSTER_ROLE_INDEX") == "1");
  CHECK(environment.at("MUSTER_ROLE_SIZE") == "3");
  CHECK(environment.at("MUSTER_ADDRESS") == "n2:10");
  CHECK(environment.at("MUSTER_HOSTS_PS") == "n1:10");
  CHECK(environment.at("MUSTER_HOSTS_WORKER") == "n1:11,n2:10,n2:11");
  CHECK(environment.at("AZ_BATCHAI_PS_HOSTS") == "n1:10");
  CHECK(environment.at("AZ_BATCHAI_WORKER_HOSTS") == "n1:11,n2:10,n2:11");
  CHECK(environment.at("AZ_BATCHAI_TASK_INDEX") == "1");
  CHECK(environment.at("TF_CONFIG") ==
        R"({"cluster": {"ps": ["n1:10"], "worker": ["n1:11", "n2:10", "n2:11"]}, )"
        R"("task": {"type": "worker", "index": 1}, "environment": "cloud"})");
  CHECK_FALSE(environment.contains("DMLC_ROLE"));
}

TEST_CASE("what the user set of another system's names stays") {
  const auto environment = parameter_servers.environment(0, {{"TF_CONFIG", "mine"}});
  CHECK(environment.at("TF_CONFIG") == "mine");
}

TEST_CASE(
    "TensorFlow's evaluator is no member of its cluster, and other roles are none of its "
    "business") {
  const Case made({{.name = "chief"},
                   {.name = "worker"},
                   {.name = "evaluator"},
                   {.name = "data-loader", .serves = true}});
  CHECK(made.environment(2).at("TF_CONFIG") ==
        R"({"cluster": {"chief": ["n1:10"], "worker": ["n1:11"]}, )"
        R"("task": {"type": "evaluator", "index": 0}, "environment": "cloud"})");
  CHECK_FALSE(made.environment(3).contains("TF_CONFIG"));
  CHECK(made.environment(0).at("MUSTER_HOSTS_DATA_LOADER") == "n2:11");
}

TEST_CASE("ps-lite is told of its scheduler where there is one") {
  const Case made({{.name = "scheduler"}, {.name = "server"}, {.name = "worker", .count = 2}});
  const auto environment = made.environment(1);
  CHECK(environment.at("DMLC_ROLE") == "server");
  CHECK(environment.at("DMLC_PS_ROOT_URI") == "n1");
  CHECK(environment.at("DMLC_PS_ROOT_PORT") == "10");
  CHECK(environment.at("DMLC_NUM_SERVER") == "1");
  CHECK(environment.at("DMLC_NUM_WORKER") == "2");
}
