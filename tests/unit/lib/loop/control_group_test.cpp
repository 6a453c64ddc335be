#include "lib/loop/control_group.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;

namespace {

/// A made-up group: a folder with the files that the kernel would have put there.
void make_group(const std::string& folder, const std::string& processes) {
  fs::create_directories(folder);
  std::ofstream(folder + "/cgroup.procs") << processes;
}

pid_t start_sleeper() {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    execl("/bin/sleep", "sleep", "1000", nullptr);
    _exit(127);
  }
  return pid;
}

/// The signal that ended it.
int signal_that_ended(pid_t pid) {
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace

TEST_CASE(
    "the processes of a group are those of the groups below too, without what cannot be seen") {
  const support::TempFolder folder;
  make_group(folder / "a", "12\n0\n");
  make_group(folder / "a/b", "13\n");
  make_group(folder / "c", "14\n");
  CHECK(loop::processes_in(folder / "a") == std::vector<pid_t>{12, 13});
  CHECK(loop::processes_in(folder / "none").empty());
}

TEST_CASE("without cgroup.kill every process of the group is killed") {
  const support::TempFolder folder;
  const pid_t above = start_sleeper();
  const pid_t below = start_sleeper();
  make_group(folder / "a", std::to_string(above) + "\n");
  make_group(folder / "a/b", std::to_string(below) + "\n");
  CHECK(loop::kill_groups({folder / "a"}));
  CHECK(signal_that_ended(above) == SIGKILL);
  CHECK(signal_that_ended(below) == SIGKILL);
}

TEST_CASE("where the freezer is, a group is frozen while it is killed") {
  const support::TempFolder folder;
  const pid_t pid = start_sleeper();
  make_group(folder / "a", std::to_string(pid) + "\n");
  std::ofstream(folder / "a/freezer.state") << "";
  CHECK(loop::kill_groups({folder / "a"}));
  CHECK(loop::read_group_file(folder / "a/freezer.state") == "THAWED");
  CHECK(signal_that_ended(pid) == SIGKILL);
}

TEST_CASE("with cgroup.kill the kernel does it") {
  const support::TempFolder folder;
  const pid_t pid = start_sleeper();
  make_group(folder / "a", std::to_string(pid) + "\n");
  std::ofstream(folder / "a/cgroup.kill") << "";
  CHECK(loop::kill_groups({folder / "a"}));
  CHECK(loop::read_group_file(folder / "a/cgroup.kill") == "1");
  CHECK(kill(pid, SIGKILL) == 0);
  CHECK(signal_that_ended(pid) == SIGKILL);
}

TEST_CASE("an empty group has nothing to kill, and one that is not there neither") {
  const support::TempFolder folder;
  make_group(folder / "a", "");
  CHECK_FALSE(loop::kill_groups({folder / "a", folder / "none"}));
}

TEST_CASE(
    "a launch's groups are removed, the shared ones only when nobody else has a part in them") {
  const support::TempFolder folder;
  fs::create_directories(folder / "7.1/7.1.0/inner");
  fs::create_directories(folder / "7.1/7.1.1");
  CHECK(loop::remove_groups({.own = {folder / "7.1/7.1.0"}, .shared = {folder / "7.1"}}));
  CHECK_FALSE(fs::exists(folder / "7.1/7.1.0"));
  CHECK(fs::exists(folder / "7.1/7.1.1"));
  CHECK(loop::remove_groups({.own = {folder / "7.1/7.1.1"}, .shared = {folder / "7.1"}}));
  CHECK_FALSE(fs::exists(folder / "7.1"));
  CHECK(loop::remove_groups({.own = {folder / "7.1/7.1.1"}, .shared = {folder / "7.1"}}));
}

TEST_CASE("values are written to files that are there, and no file is made") {
  const support::TempFolder folder;
  make_group(folder / "a", "");
  std::ofstream(folder / "a/memory.max") << "max\n";
  CHECK(loop::write_group_file(folder / "a/memory.max", "100"));
  const auto missing = loop::write_group_file(folder / "a/memory.peak", "1");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == base::Code::not_found);
  CHECK_FALSE(fs::exists(folder / "a/memory.peak"));
}
