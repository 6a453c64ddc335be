#include "lib/model/role.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace {

using model::Role;
using model::role_from_text;
using model::Roles;

std::string role_error(std::string_view text) {
  const auto role = role_from_text(text);
  return role ? "" : role.error().text;
}

/// "ps0 worker0 | ps1 worker1": who is on which node.
std::string placed(const Roles& roles, const std::vector<int>& tasks) {
  const auto places = model::place_roles(roles, tasks);
  std::string text;
  std::size_t rank = 0;
  for (const int n : tasks) {
    if (!text.empty()) text += "| ";
    for (int i = 0; i < n; ++i, ++rank) {
      text += roles[places[rank].role].name + std::to_string(places[rank].index) + " ";
    }
  }
  return text;
}

const Roles servers_and_workers{{.name = "ps", .count = 2, .serves = true},
                                {.name = "worker", .count = 4}};

}  // namespace

TEST_CASE("roles are written and read in one form") {
  for (const char* text : {"worker:4", "ps:1:per-node", "cache:2:serves",
                           "data-loader:1:per-node:serves=./load --from=a:b", "w2:1=x=y"}) {
    const auto role = role_from_text(text);
    REQUIRE(role);
    CHECK(to_text(*role) == text);
  }
  CHECK(role_from_text("ps:3")->serves);
  CHECK(role_from_text("ps:3:serves") == role_from_text("ps:3"));
  CHECK(role_from_text("w2:1=x=y")->command == "x=y");
}

TEST_CASE("what is no role is refused with what was expected") {
  CHECK(role_error("").find("no name of a role") != std::string::npos);
  CHECK(role_error("Worker:1").find("lower-case") != std::string::npos);
  CHECK(role_error("worker").find("such as worker:4") != std::string::npos);
  CHECK(role_error("worker:0").find("how many ranks") != std::string::npos);
  CHECK(role_error("worker:2:often").find("per-node, serves") != std::string::npos);
  CHECK(role_error("worker:2= ").find("empty") != std::string::npos);
  CHECK_FALSE(role_from_text(std::string(33, 'a') + ":1"));
}

TEST_CASE("roles differ in name, and the step waits for one of them") {
  CHECK(model::check_roles({}));
  CHECK(model::check_roles(servers_and_workers));
  CHECK_FALSE(model::check_roles({{.name = "a"}, {.name = "a"}}));
  CHECK_FALSE(model::check_roles({{.name = "ps", .serves = true}}));
}

TEST_CASE("ranks of roles per node need a number of nodes") {
  CHECK(model::n_ranks(servers_and_workers, std::nullopt) == 6);
  const Roles per_node{{.name = "ps", .per_node = true, .serves = true},
                       {.name = "worker", .count = 3}};
  CHECK(model::n_ranks(per_node, 4) == 7);
  CHECK_FALSE(model::n_ranks(per_node, std::nullopt));
  CHECK_FALSE(model::n_ranks({{.name = "a", .count = 1'000'000}, {.name = "b"}}, 1));
}

TEST_CASE("each role is spread over the nodes, earlier ones first") {
  CHECK(placed(servers_and_workers, {3, 3}) == "ps0 worker0 worker1 | ps1 worker2 worker3 ");
  CHECK(placed(servers_and_workers, {6}) == "ps0 ps1 worker0 worker1 worker2 worker3 ");
  CHECK(placed({{.name = "ps", .count = 1}, {.name = "worker", .count = 2}}, {1, 0, 1, 1}) ==
        "ps0 | | worker0 | worker1 ");
  CHECK(placed({{.name = "worker", .count = 5}, {.name = "ps", .per_node = true}}, {3, 3, 2}) ==
        "worker0 worker1 ps0 | worker2 worker3 ps1 | worker4 ps2 ");
}

TEST_CASE("every rank has one role, and every role its number of ranks") {
  std::mt19937 random(7);
  const auto upto = [&](int most) { return static_cast<int>(random() % (most + 1U)); };
  for (int round = 0; round < 500; ++round) {
    Roles roles;
    for (int i = upto(3); i >= 0; --i) {
      roles.push_back({.name = std::string(1, static_cast<char>('a' + i)),
                       .count = 1 + upto(4),
                       .per_node = upto(2) == 0});
    }
    const int n_nodes = 1 + upto(4);
    int wanted = 0;  // of every node
    for (const auto& role : roles) wanted += role.per_node ? role.count : 0;
    int left = *model::n_ranks(roles, n_nodes) - wanted * n_nodes;
    if (wanted == 0 && left < n_nodes) continue;
    const int least = std::max(wanted, 1);
    left -= (least - wanted) * n_nodes;
    std::vector<int> tasks(static_cast<std::size_t>(n_nodes), least);
    for (; left > 0; --left) ++tasks[static_cast<std::size_t>(upto(n_nodes - 1))];

    std::map<std::size_t, int> seen;
    for (const auto& place : model::place_roles(roles, tasks))
      CHECK(place.index == seen[place.role]++);
    for (std::size_t i = 0; i < roles.size(); ++i)
      CHECK(seen[i] == roles[i].count * (roles[i].per_node ? n_nodes : 1));
  }
}

TEST_CASE("a role says what each of its ranks has, before its command") {
  for (const char* text : {"worker:4:cores=4:gpus=1:memory=8G",
                           "ps:1:per-node:gpus=0=./serve a=b:c", "w:2:serves:memory=1537K=x"}) {
    const auto role = role_from_text(text);
    REQUIRE(role);
    CHECK(to_text(*role) == text);
  }
  const auto role = role_from_text("w:2:memory=512:cores=3=cores=4 ./x");
  REQUIRE(role);
  CHECK(role->memory == base::Bytes(std::uint64_t{512} << 20));
  CHECK(role->cores == 3);
  CHECK(role->gpus == std::nullopt);
  CHECK(role->command == "cores=4 ./x");
  CHECK(role_from_text("w:1:memory=1.5K")->memory == base::Bytes(2048));
  CHECK(model::have_resources({*role}));
  CHECK_FALSE(model::have_resources(servers_and_workers));
}

TEST_CASE("resources of a role that make no sense are refused by their name") {
  CHECK(role_error("w:1:cores=0").find("cores: expected a number from 1") != std::string::npos);
  CHECK(role_error("w:1:gpus=-1").find("gpus: expected a number from 0") != std::string::npos);
  CHECK(role_error("w:1:memory=much").find("such as 4G") != std::string::npos);
  CHECK(role_error("w:1:memory=0").find("from 1K") != std::string::npos);
  CHECK(role_error("w:1:cores").find("cores=1") != std::string::npos);
  CHECK(role_error("w:1:core=2").find("per-node, serves, cores=COUNT") != std::string::npos);
}
