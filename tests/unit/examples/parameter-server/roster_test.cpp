#include "examples/parameter-server/roster.h"

#include <map>

#include "tests/support/catch.h"

namespace {

using parameter_server::Role;
using Variables = std::map<std::string, std::string>;

const Variables second_worker{{"MUSTER_ROLE", "worker"},
                              {"MUSTER_ROLE_INDEX", "1"},
                              {"MUSTER_ROLE_SIZE", "2"},
                              {"MUSTER_HOSTS_PS", "n1:7000"},
                              {"MUSTER_HOSTS_WORKER", "n1:7001,[fe80::2]:65535"}};

base::Result<parameter_server::Roster> read(const Variables& variables) {
  return parameter_server::read_roster([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string refusal(const std::string& name, const std::string& value) {
  auto variables = second_worker;
  variables[name] = value;
  const auto roster = read(variables);
  REQUIRE(!roster);
  CHECK(roster.error().code == base::Code::invalid);
  return roster.error().text;
}

}  // namespace

TEST_CASE("a process reads its role and the addresses of all") {
  const auto roster = read(second_worker);
  REQUIRE(roster);
  CHECK(roster->role == Role::worker);
  CHECK(roster->index == 1);
  CHECK(!roster->is_first_worker());
  REQUIRE(roster->n_servers() == 1);
  CHECK(to_text(roster->servers[0]) == "n1:7000");
  REQUIRE(roster->n_workers() == 2);
  CHECK(roster->workers[1] == parameter_server::Address{.host = "fe80::2", .port = 65535});
  CHECK(to_text(roster->workers[1]) == "[fe80::2]:65535");
}

TEST_CASE("every variable is needed, and a missing one says how to start the program") {
  for (const auto& [name, value] : second_worker) {
    auto variables = second_worker;
    variables.erase(name);
    const auto roster = read(variables);
    REQUIRE(!roster);
    CHECK_THAT(roster.error().text, Catch::StartsWith(name + " is not set, expected "));
    CHECK_THAT(roster.error().text, Catch::Contains("'muster run' in a job"));
    CHECK_THAT(refusal(name, ""), Catch::StartsWith(name + " is empty, expected "));
  }
}

TEST_CASE("wrong variables are refused with what was found and expected") {
  CHECK(refusal("MUSTER_ROLE", "chief") == "MUSTER_ROLE: expected 'ps' or 'worker', got 'chief'");
  CHECK(refusal("MUSTER_ROLE_SIZE", "two") ==
        "MUSTER_ROLE_SIZE: expected a whole number from 1 to 65536, got 'two'");
  CHECK(refusal("MUSTER_ROLE_INDEX", "2") ==
        "MUSTER_ROLE_INDEX: expected a whole number from 0 to 1, got '2'");
  CHECK(refusal("MUSTER_HOSTS_WORKER", "n1:1") ==
        "MUSTER_HOSTS_WORKER: expected 2 hosts, as MUSTER_ROLE_SIZE says, got 1");
  for (const std::string entry : {"n1", "n1:", ":1", "n1:0", "n1:65536", "fe80::2:1", "[]:1", ""}) {
    CHECK(refusal("MUSTER_HOSTS_PS", "n1:1," + entry) ==
          "MUSTER_HOSTS_PS: expected entries like 'host:port', got '" + entry + "'");
  }
}

TEST_CASE("every role has a name of its own") {
  for (const Role role : {Role::ps, Role::worker}) {
    CHECK(parameter_server::role_from_text(to_text(role)) == role);
  }
}
