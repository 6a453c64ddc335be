#include "agent/daemon/containment.h"

#include <filesystem>
#include <fstream>

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

}  // namespace

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
