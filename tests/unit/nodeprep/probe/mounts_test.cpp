// What is mounted, by the kernel's own list.

#include "nodeprep/probe/mounts.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace {

constexpr std::string_view mountinfo =
    "23 29 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
    "31 29 0:28 / /mnt/my\\040data rw - nfs fs1:/data rw\n"
    "32 29 0:29 / /mnt/back\\134slash rw - tmpfs tmpfs rw\n";

}  // namespace

TEST_CASE("a folder is a mount point when the kernel lists it as one") {
  CHECK(probe::is_mounted("/sys", mountinfo));
  CHECK(probe::is_mounted("/mnt/my data", mountinfo));
  CHECK(probe::is_mounted("/mnt/back\\slash", mountinfo));
  CHECK_FALSE(probe::is_mounted("/mnt", mountinfo));
  CHECK_FALSE(probe::is_mounted("/", mountinfo));
  CHECK_FALSE(probe::is_mounted("", mountinfo));
}

TEST_CASE("what is mounted already is not mounted again") {
  std::vector<std::string> said;
  const auto seen = probe::see_to_mount(
      {.kind = model::MountKind::command, .source = "false", .target = "/proc", .options = {}},
      [&said](std::string_view line) { said.emplace_back(line); });
  CHECK(seen.has_value());
  CHECK(said == std::vector<std::string>{"looking at /proc"});
}
