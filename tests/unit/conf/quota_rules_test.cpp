// What a [[quota]] may say, and what it is told when it says something else.

#include "conf/quota_rules.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;

namespace {

constexpr std::string_view pool = "[[pool]]\nname = \"gpu\"\ncpus_per_node = 2\n";

base::Result<conf::Config> read(std::string_view quotas) {
  return conf::read_text(std::string(pool) + std::string(quotas), "m.toml");
}

std::string quota_error(std::string_view quotas) {
  const auto config = read(quotas);
  return config ? "" : config.error().text;
}

}  // namespace

TEST_CASE("a quota says whom it is for and what they may have") {
  const auto config = read(R"(
[[quota]]
user = "*"
pool = "gpu"
cores = 8
gpus = 0
[[quota]]
workspace = "ml"
nodes = 3
running_jobs = 4
queued_jobs = 5
gpu_hours = 6
core_hours = 7
period = "30d"
lend = true
borrow = true
[[quota]]
class = "low"
cores = 1
)");
  REQUIRE(config.has_value());
  REQUIRE(config->quotas.size() == 3);
  const auto& each = config->quotas[0];
  CHECK(each.user == "*");
  CHECK(each.workspace.empty());
  CHECK(each.pool == "gpu");
  CHECK(each.cores == 8);
  CHECK(each.gpus == 0);
  CHECK_FALSE(each.nodes.has_value());
  CHECK_FALSE(each.lend);
  const auto& ml = config->quotas[1];
  CHECK(ml.nodes == 3);
  CHECK(ml.running_jobs == 4);
  CHECK(ml.queued_jobs == 5);
  CHECK(ml.gpu_hours == 6);
  CHECK(ml.core_hours == 7);
  CHECK(ml.period == 720h);
  CHECK(ml.lend);
  CHECK(ml.borrow);
  CHECK(config->quotas[2].class_name == "low");
}

TEST_CASE("a quota for what is not there names what is") {
  CHECK(quota_error("[[quota]]\npool = 'gpus'\ncores = 1\n") ==
        "m.toml: line 5: 'quota.pool': there is no pool 'gpus'; did you mean 'gpu'?");
  CHECK(quota_error("[[quota]]\nclass = 'fast'\ncores = 1\n") ==
        "m.toml: line 5: 'quota.class': there is no class 'fast'; known are low, normal, urgent");
  CHECK(quota_error("[[quota]]\nworkspace = 'any'\ncores = 1\n").empty());
  CHECK(
      quota_error(
          "[[workspace]]\nname = 'physics'\n[[quota]]\nworkspace = 'phsics'\ncores = 1\n") ==
      "m.toml: line 7: 'quota.workspace': there is no workspace 'phsics'; did you mean 'physics'?");
}

TEST_CASE("keys of a quota that make no sense together are refused with their line") {
  const auto refuses = [](std::string_view keys, std::string_view error) {
    CAPTURE(keys);
    const auto text = quota_error("[[quota]]\n" + std::string(keys));
    CHECK(text == "m.toml: line " + std::string(error));
  };
  refuses("user = '*'\n",
          "4: 'quota': there is no limit in it; expected one or more such as cores = 8");
  refuses("gpu_hours = 5\n",
          "5: 'quota.gpu_hours': expected a period beside it such as period = \"7d\"");
  refuses("cores = 5\nperiod = '7d'\n",
          "6: 'quota.period': expected gpu_hours or core_hours beside it, found neither");
  refuses("core_hours = 5\nperiod = '36h'\n",
          "6: 'quota.period': expected whole days such as \"7d\", found \"1d12h\"");
  refuses("pool = 'gpu'\ncore_hours = 5\nperiod = '7d'\n",
          "6: 'quota.core_hours': expected neither class nor pool beside it: past use is known by "
          "user and workspace only");
  refuses("user = 'ann'\ncores = 5\nborrow = true\n",
          "7: 'quota.borrow': expected a quota for workspace, without user and class");
  refuses("workspace = '*'\ncores = 5\nlend = true\n",
          "5: 'quota.lend': expected a quota of one workspace by its name, found \"*\"");
  refuses("workspace = 'a'\npool = '*'\ncores = 5\nlend = true\n",
          "8: 'quota.lend': expected one pool by its name, or none, found \"*\"");
  refuses("workspace = 'a'\nrunning_jobs = 5\nlend = true\n",
          "7: 'quota.lend': expected cores, gpus or nodes beside it, found none");
  refuses(
      "user = 'ann'\ncores = 5\n[[quota]]\nuser = 'ann'\ngpus = 5\n",
      "7: 'quota': number 2 is for the same as number 1; expected one [[quota]] with all limits");
  refuses("cores = -1\n",
          "5: 'quota.cores': expected a whole number, from 0 to 1000000000, found -1");
  refuses("cores = 1\nlend = 'yes'\n", "6: 'quota.lend': expected true or false, found \"yes\"");
  refuses("user = 'a b'\ncores = 1\n",
          "5: 'quota.user': expected a name, or \"*\" for each one, found \"a b\"");
}
