#include "agent/daemon/containment.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "agent/core/hierarchies.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using agentd::Containment;
using agentd::ContainmentMode;

namespace fs = std::filesystem;

namespace {

/// A machine of a folder: what is mounted, and the agent's own groups.
void describe_machine(const support::TempFolder& root, const std::string& mounts,
                      const std::string& own) {
  fs::create_directories(root / "proc/self");
  std::ofstream(root / "proc/self/mountinfo") << mounts;
  std::ofstream(root / "proc/self/cgroup") << own;
}

void put(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path) << text;
}

/// A group of version 2 that has controllers to hand down to the node's, whose files are there.
void make_unified(const support::TempFolder& root, const std::string& parent) {
  put(root / (parent + "/cgroup.controllers"), "cpuset cpu io memory pids\n");
  put(root / (parent + "/cgroup.subtree_control"), "");
  const std::string group = parent + "/" + agent::node_group("n1", "/n1");
  put(root / (parent + "/muster/cgroup.subtree_control"), "");
  put(root / (group + "/cgroup.subtree_control"), "");
  put(root / (group + "/cgroup.procs"), "");
}

}  // namespace

TEST_CASE("in version 2 the controllers of use are handed down to the node's group") {
  const support::TempFolder root;
  describe_machine(root, "36 25 0:30 / /cg rw - cgroup2 cgroup rw\n", "0::/unit\n");
  make_unified(root, "cg/unit");
  const auto open = Containment::open(ContainmentMode::required, "n1", "/n1", root.path());
  REQUIRE(open);
  CHECK(open->description() == "v2 (kill, CPU time, memory, cores)");
  const auto group = root / ("cg/unit/" + agent::node_group("n1", "/n1"));
  CHECK(open->launcher_arguments() ==
        std::vector<std::string>{"--group", "v2:memory,cpuset:" + group, "--groups-required"});
}

TEST_CASE("where the agent's group hands nothing down, the top of the hierarchy is taken") {
  const support::TempFolder root;
  describe_machine(root, "36 25 0:30 / /cg rw - cgroup2 cgroup rw\n", "0::/session\n");
  fs::create_directories(root / "cg/session");
  make_unified(root, "cg");
  const auto open = Containment::open(ContainmentMode::automatic, "n1", "/n1", root.path());
  REQUIRE(open);
  CHECK(open->launcher_arguments().back() ==
        "v2:memory,cpuset:" + (root / ("cg/" + agent::node_group("n1", "/n1"))));
}

TEST_CASE("without control groups an agent goes on and says so, unless they are required") {
  const support::TempFolder root;
  describe_machine(root, "", "");
  const auto open = Containment::open(ContainmentMode::automatic, "n1", "/n1", root.path());
  REQUIRE(open);
  CHECK(open->description() == "none: no hierarchy of control groups is mounted");
  CHECK(open->launcher_arguments().empty());
  const auto required = Containment::open(ContainmentMode::required, "n1", "/n1", root.path());
  REQUIRE_FALSE(required);
  CHECK(
      required.error().text.starts_with("containment is required, and memory can not be limited"));
}

TEST_CASE("a hierarchy in which no group can be made is told with the reason") {
  const support::TempFolder root;
  describe_machine(root, "36 25 0:30 / /cg rw - cgroup2 cgroup rw\n", "0::/\n");
  const auto open = Containment::open(ContainmentMode::automatic, "n1", "/n1", root.path());
  REQUIRE(open);
  CHECK(open->description().starts_with("none: cannot make the control group"));
}

TEST_CASE("switched off, nothing is looked at") {
  const support::TempFolder root;
  const auto open = Containment::open(ContainmentMode::off, "n1", "/n1", root.path());
  REQUIRE(open);
  CHECK(open->description() == "none: off");
}

TEST_CASE("the modes have names that are read back") {
  for (const auto mode :
       {ContainmentMode::automatic, ContainmentMode::required, ContainmentMode::off}) {
    CHECK(agentd::containment_mode_from_text(to_text(mode)) == mode);
  }
  CHECK_FALSE(agentd::containment_mode_from_text("on").has_value());
}

TEST_CASE("an agent that starts removes the groups that no open launch uses") {
  const auto real = Containment::open(ContainmentMode::automatic, "sweep", "/nowhere/sweep");
  REQUIRE(real);
  const auto arguments = real->launcher_arguments();
  if (arguments.empty()) {
    WARN("skipped: no control group can be made here: " << real->description());
    return;
  }
  const auto hierarchy = model::hierarchy_from_text(arguments[1]);
  REQUIRE(hierarchy);
  for (const char* group : {"7.1", "7.1/7.1.batch", "7.1/7.1.0", "8.1", "8.1/8.1.batch"})
    fs::create_directory(hierarchy->folder + "/" + group);
  real->sweep({{model::JobId(7), 1, model::StepId(0)}});
  CHECK(fs::exists(hierarchy->folder + "/7.1/7.1.0"));
  CHECK_FALSE(fs::exists(hierarchy->folder + "/7.1/7.1.batch"));
  CHECK_FALSE(fs::exists(hierarchy->folder + "/8.1"));
  real->sweep({});
  real->close();
  CHECK_FALSE(fs::exists(hierarchy->folder));
}
