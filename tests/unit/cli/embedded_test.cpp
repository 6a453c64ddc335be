#include "cli/embedded.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "lib/loop/files.h"
#include "lib/loop/process_table.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// The folder of a cluster, with one node.
class ClusterFolder {
 public:
  ClusterFolder() { fs::create_directories(folder_ / "nodes/n1/launches/1.1.batch"); }
  cli::ClusterPaths paths() const { return {folder_.path()}; }
  void record(const std::string& text) const {
    std::ofstream(folder_ / "nodes/n1/launches/1.1.batch/pid") << text;
  }

 private:
  support::TempFolder folder_;
};

/// A child that waits for a signal; with `stubborn`, TERM is not one.
cli::RecordedProcess sleeper(bool stubborn) {
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGTERM, stubborn ? SIG_IGN : SIG_DFL);
    (void)!::write(ready[1], "x", 1);
    for (;;) ::pause();
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  ::close(ready[0]);
  ::close(ready[1]);
  return {pid, *loop::process_start_time(pid)};
}

}  // namespace

TEST_CASE("recorded launchers that live are found, others are not") {
  const ClusterFolder folder;
  const auto process = sleeper(false);
  CHECK(cli::living_launchers(folder.paths()).empty());
  folder.record(std::to_string(process.pid) + " " + std::to_string(process.start_time) + "\n");
  CHECK(cli::living_launchers(folder.paths()) == std::vector{process});
  // The same number, given to another process since.
  folder.record(std::to_string(process.pid) + " " + std::to_string(process.start_time + 1) + "\n");
  CHECK(cli::living_launchers(folder.paths()).empty());
  for (const auto* text : {"", "1 2", "x y", "12", "0 0"}) {
    folder.record(text);
    CHECK(cli::living_launchers(folder.paths()).empty());
  }
  CHECK(cli::end_processes({process}, 5s).empty());
  CHECK(::waitpid(process.pid, nullptr, 0) == process.pid);
}

TEST_CASE("a process that ignores TERM gets KILL") {
  const auto process = sleeper(true);
  CHECK(cli::end_processes({process}, 50ms).empty());
  int status = 0;
  CHECK(::waitpid(process.pid, &status, 0) == process.pid);
  CHECK(WTERMSIG(status) == SIGKILL);
}

TEST_CASE("an agent is known by the lock that it holds") {
  const ClusterFolder folder;
  CHECK(cli::living_agents(folder.paths()).empty());
  CHECK(*cli::controller_of(folder.paths()) == 0);
  const auto lock = loop::FileLock::take(folder.paths().nodes_dir() + "/n1/agent.lock");
  REQUIRE(lock.has_value());
  const auto agents = cli::living_agents(folder.paths());
  REQUIRE(agents.size() == 1);
  CHECK(agents[0].pid == ::getpid());
}

TEST_CASE("the last lines of a log") {
  const ClusterFolder folder;
  const auto path = folder.paths().dir + "/log";
  const auto last = [&](const std::string& text, std::size_t n) {
    std::ofstream(path) << text;
    return cli::last_lines(path, n);
  };
  CHECK(last("a\nb\nc\n", 2) == "b\nc\n");
  CHECK(last("a\nb\nc", 2) == "b\nc");
  CHECK(last("a\n", 5) == "a\n");
  CHECK(last("", 5).empty());
  CHECK(cli::last_lines("/nonexistent", 3).ends_with("No such file or directory\n"));
}

TEST_CASE("this machine has a core at least") {
  CHECK(cli::usable_cores() >= 1);
}
