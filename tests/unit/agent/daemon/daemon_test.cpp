#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "lib/loop/process_table.h"
#include "lib/wire/launch.h"
#include "lib/wire/log_record.h"
#include "lib/wire/log_segments.h"
#include "tests/support/catch.h"
#include "tests/unit/agent/daemon/cluster.h"

using agentd_test::batch;
using agentd_test::Cluster;
using agentd_test::launch;
using model::Cause;

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// The launcher's process number, from its directory.
pid_t launcher_of(const Cluster& cluster, const model::LaunchKey& key) {
  pid_t pid = 0;
  std::istringstream(cluster.read(cluster.launch_dir(key) / "pid")) >> pid;
  REQUIRE(pid > 1);
  return pid;
}

bool is_gone(pid_t pid) {
  const auto process = loop::read_process(pid);
  return !process || process->is_zombie;
}

}  // namespace

TEST_CASE("an agent says hello with what the probe found, then sends heartbeats") {
  Cluster cluster;
  cluster.start_agent({"--slice-cores=1", "--pool=small"});
  const auto hello = cluster.expect_hello();
  CHECK(hello.info.name == "n1");
  CHECK(hello.info.pool == "small");
  CHECK(hello.info.topology.cores.size() == 1);
  CHECK(hello.launches.empty());
  CHECK(fs::exists(cluster.root / "n1/topology.xml"));
  cluster.expect<model::Heartbeat>([](const model::Heartbeat&) { return true; });
}

TEST_CASE("a launch runs once, is reported, acknowledged and then left alone") {
  Cluster cluster;
  cluster.start_agent();
  cluster.expect_hello();
  cluster.send(launch(batch(1), {"exit", "3"}));
  cluster.expect_started(batch(1));
  CHECK(cluster.expect_report(batch(1)).exit_code == 3);
  cluster.send(launch(batch(1), {"exit", "3"}));
  CHECK(cluster.expect_report(batch(1)).exit_code == 3);
  cluster.send(model::Acknowledge{batch(1)});
  cluster.send(launch(batch(1), {"exit", "3"}));
  cluster.send(launch(batch(2), {"exit", "0"}));
  cluster.expect_report(batch(2));
  CHECK(cluster.read(cluster.launch_dir(batch(1)) / "runs") == "x");
  CHECK(fs::exists(cluster.launch_dir(batch(1)) / "acknowledged"));
}

TEST_CASE("a second agent of the same node says who holds it") {
  Cluster cluster;
  cluster.start_agent();
  cluster.expect_hello();
  Cluster second;
  second.start_agent({"--dir=" + (cluster.root / "n1").string()});
  CHECK(second.wait_for_agent() == 1);
  const std::string said = second.read(second.root / "agent.out");
  CHECK(said.find("another agent serves this node") != std::string::npos);
  CHECK(said.find("holds it") != std::string::npos);
}

TEST_CASE("a launch runs on while its agent is dead and is taken up by the next") {
  Cluster cluster;
  cluster.start_agent();
  cluster.expect_hello();
  cluster.send(launch(batch(1), {"wait"}));
  cluster.send(launch(batch(2), {"wait"}));
  cluster.expect_log(batch(1), "ready");
  cluster.expect_log(batch(2), "ready");
  cluster.kill_agent();
  // One ends while no agent lives, the other after the next has come.
  const auto watch = launcher_of(cluster, batch(1));
  cluster.open_gate(batch(1));
  while (!is_gone(watch)) std::this_thread::yield();
  cluster.start_agent();
  const auto hello = cluster.expect_hello();
  REQUIRE(hello.launches.size() == 2);
  CHECK(hello.launches[0].key == batch(2));
  CHECK(!hello.launches[0].report);
  REQUIRE(hello.launches[1].report);
  CHECK(hello.launches[1].report->exit_code == 0);
  cluster.open_gate(batch(2));
  CHECK(cluster.expect_report(batch(2)).exit_code == 0);
  CHECK(cluster.read(cluster.launch_dir(batch(2)) / "runs") == "x");
}

TEST_CASE("a killed launcher's processes are gone before its launch is reported") {
  Cluster cluster;
  cluster.start_agent();
  cluster.expect_hello();
  cluster.send(launch(batch(1), {"child"}));
  cluster.expect_log(batch(1), "ready");
  const bool restart_between = GENERATE(false, true);
  if (restart_between) cluster.kill_agent();
  REQUIRE(kill(launcher_of(cluster, batch(1)), SIGKILL) == 0);
  std::optional<model::LaunchReport> report;
  if (restart_between) {
    cluster.start_agent();
    cluster.expect_hello();
  }
  report = cluster.expect_report(batch(1));
  CHECK(report->exit_code == 137);
  REQUIRE(report->failure);
  CHECK(report->failure->cause == Cause::launcher_lost);
  std::istringstream children(cluster.read(cluster.launch_dir(batch(1)) / "children"));
  int n_children = 0;
  for (pid_t child = 0; children >> child; ++n_children) CHECK(is_gone(child));
  CHECK(n_children == 2);
}

TEST_CASE("a launcher that ends without a report is lost, with its last words") {
  Cluster cluster;
  cluster.start_agent();
  cluster.expect_hello();
  cluster.send(launch(batch(1), {"die"}));
  const auto report = cluster.expect_report(batch(1));
  REQUIRE(report.failure);
  CHECK(report.failure->cause == Cause::launcher_lost);
  CHECK(report.failure->text == "it exited with code 1: the dog ate it");
}

TEST_CASE("stopping ends a running launch and forbids one that never ran") {
  Cluster cluster;
  cluster.start_agent();
  cluster.expect_hello();
  cluster.send(launch(batch(1), {"wait"}));
  cluster.expect_log(batch(1), "ready");
  cluster.send(model::Stop{batch(1)});
  CHECK(cluster.expect_report(batch(1)).exit_code == 143);
  cluster.send(model::Stop{batch(2)});
  const auto never = cluster.expect_report(batch(2));
  REQUIRE(never.failure);
  CHECK(never.failure->cause == Cause::cancelled);
  cluster.kill_agent();
  cluster.start_agent();
  cluster.expect_hello();
  cluster.send(launch(batch(2), {"exit", "0"}));
  REQUIRE(cluster.expect_report(batch(2)).failure);
  CHECK(!fs::exists(cluster.launch_dir(batch(2)) / "runs"));
}

TEST_CASE("what ends while the controller is away is told when it is back") {
  Cluster cluster;
  cluster.start_agent();
  cluster.expect_hello();
  cluster.send(launch(batch(1), {"wait"}));
  cluster.expect_log(batch(1), "ready");
  cluster.close();
  cluster.open_gate(batch(1));
  cluster.open();
  const auto hello = cluster.expect_hello();
  REQUIRE(hello.launches.size() == 1);
  if (!hello.launches[0].report) CHECK(cluster.expect_report(batch(1)).exit_code == 0);
}

TEST_CASE("a launch directory whose launcher never ran is no launch") {
  Cluster cluster;
  fs::create_directories(cluster.launch_dir(batch(1)));
  cluster.start_agent();
  CHECK(cluster.expect_hello().launches.empty());
  CHECK(!fs::exists(cluster.launch_dir(batch(1))));
  cluster.send(launch(batch(1), {"exit", "0"}));
  CHECK(cluster.expect_report(batch(1)).exit_code == 0);
}

TEST_CASE("a launcher that cannot be run is a failed launch") {
  Cluster cluster;
  cluster.start_agent({"--launcher=/nonexistent"});
  cluster.expect_hello();
  cluster.send(launch(batch(1), {"exit", "0"}));
  const auto report = cluster.expect_report(batch(1));
  REQUIRE(report.failure);
  CHECK(report.failure->cause == Cause::cannot_start);
  CHECK(report.failure->text.find("/nonexistent") != std::string::npos);
}

TEST_CASE("a shut-down ends the launches, waits for the acknowledgement and exits") {
  Cluster cluster;
  cluster.start_agent();
  cluster.expect_hello();
  cluster.send(launch(batch(1), {"wait"}));
  cluster.expect_log(batch(1), "ready");
  cluster.send(model::ShutDown{});
  CHECK(cluster.expect_report(batch(1)).exit_code == 143);
  cluster.send(model::Acknowledge{batch(1)});
  CHECK(cluster.wait_for_agent() == 0);
}

TEST_CASE("old launch directories go, but their launches are remembered") {
  Cluster cluster;
  cluster.start_agent({"--keep-launches=1"});
  cluster.expect_hello();
  for (std::uint32_t job = 1; job <= 3; ++job) {
    cluster.send(launch(batch(job), {"exit", "0"}));
    cluster.expect_report(batch(job));
    cluster.send(model::Acknowledge{batch(job)});
  }
  for (int life = 0; life < 2; ++life) {
    cluster.send(launch(batch(1), {"exit", "0"}));
    cluster.send(model::Stop{batch(9)});
    cluster.expect_report(batch(9));
    CHECK(!fs::exists(cluster.launch_dir(batch(1))));
    CHECK(fs::exists(cluster.launch_dir(batch(3))));
    cluster.kill_agent();
    cluster.start_agent({"--keep-launches=1"});
    cluster.expect_hello();
  }
}

TEST_CASE("a log is read from an offset, by rank, and has an end") {
  Cluster cluster;
  cluster.start_agent();
  cluster.expect_hello();
  cluster.send(launch(batch(1), {"wait"}));
  cluster.expect_log(batch(1), "ready");
  cluster.open_gate(batch(1));
  cluster.expect_report(batch(1));
  const auto read = [&](std::optional<int> rank, std::uint64_t offset) {
    cluster.send(model::LogRead{
        .request = 77, .key = batch(1), .rank = rank, .offset = offset, .follow = true});
    std::string bytes;
    const auto end = cluster.expect<model::LogChunk>(
        [&](const model::LogChunk& chunk) { return chunk.request == 77 && chunk.end; });
    for (const auto& message : cluster.heard) {
      const auto* chunk = std::get_if<model::LogChunk>(&message);
      if (chunk != nullptr && chunk->request == 77) bytes += chunk->bytes;
    }
    cluster.heard.clear();
    CHECK(end.error.empty());
    return std::pair(bytes, end.next_offset);
  };
  const auto [all, size] = read(std::nullopt, 0);
  CHECK(all == "ready\ndone\n");
  CHECK(read(0, 0).first == all);
  CHECK(read(1, 0).first.empty());
  CHECK(read(std::nullopt, size) == std::pair(std::string(), size));
  cluster.send(
      model::LogRead{.request = 78, .key = batch(2), .rank = {}, .offset = 0, .follow = false});
  const auto none = cluster.expect<model::LogChunk>(
      [](const model::LogChunk& chunk) { return chunk.request == 78; });
  CHECK(none.error == "no log of 2.1.batch on this node");
  cluster.send(model::LogRead{.request = 79, .key = batch(2), .rank = {}, .stacks = true});
  const auto no_stacks = cluster.expect<model::LogChunk>(
      [](const model::LogChunk& chunk) { return chunk.request == 79; });
  CHECK(no_stacks.end);
  CHECK(no_stacks.error.empty());
}

TEST_CASE("what a launch uses is read while it runs, and believed if it can be true") {
  Cluster cluster;
  cluster.start_agent();
  cluster.expect_hello();
  cluster.send(launch(batch(1), {"wait"}));
  cluster.expect_log(batch(1), "ready");
  const auto file = cluster.launch_dir(batch(1)) / "usage";
  const auto read = [&] {
    cluster.heard.clear();
    cluster.send(model::LogRead{.request = 80, .key = batch(1), .rank = {}, .usage = true});
    const auto chunk = cluster.expect<model::LogChunk>(
        [](const model::LogChunk& each) { return each.request == 80; });
    CHECK(chunk.end);
    CHECK(chunk.error.empty());
    return chunk.bytes;
  };
  CHECK(read().empty());
  model::LaunchReport said{.key = batch(1), .exit_code = 3};
  said.series = {.since = {}, .interval = 1s, .points = {{.cpu = 1s}}};
  const auto say = [&](const model::LaunchReport& report) {
    std::ofstream(file) << wire::encode_report(report);
  };
  say(said);
  const auto told = wire::decode_report(read());
  REQUIRE(told.has_value());
  CHECK(told->series == said.series);
  CHECK(told->exit_code == 0);
  SECTION("not that of another") {
    said.key = batch(2);
    say(said);
    CHECK(read().empty());
  }
  SECTION("nor what is no report, or too long") {
    std::ofstream(file) << "words";
    CHECK(read().empty());
    said.series.points.resize(100);
    say(said);
    CHECK(read().empty());
  }
  // Once it has ended its report says it.
  cluster.open_gate(batch(1));
  cluster.expect_report(batch(1));
  CHECK(read().empty());
}

TEST_CASE("a reader of a log that has left out something is told where and how much") {
  Cluster cluster;
  cluster.start_agent();
  cluster.expect_hello();
  cluster.send(launch(batch(1), {"wait"}));
  cluster.expect_log(batch(1), "ready");
  cluster.open_gate(batch(1));
  cluster.expect_report(batch(1));
  const auto dir = cluster.launch_dir(batch(1));
  const auto size = fs::file_size(dir / "log");
  const auto begin = [&](std::uint64_t start, const std::string& text) {
    std::ofstream(dir / wire::log_segment_name(start)) << wire::encode(
        wire::LogRecord{.time = {}, .rank = 0, .stream = model::OutputStream::out, .bytes = text});
  };
  const std::uint64_t first = size + 1000;
  begin(first, "nearly\n");
  begin(first + wire::log_header_bytes + 7, "last\n");
  const auto read = [&](std::uint64_t offset, bool map) {
    cluster.send(model::LogRead{
        .request = 79, .key = batch(1), .rank = {}, .offset = offset, .follow = false, .map = map});
    std::string bytes;
    cluster.expect<model::LogChunk>(
        [&](const model::LogChunk& chunk) { return chunk.request == 79 && chunk.end; });
    for (const auto& message : cluster.heard) {
      const auto* chunk = std::get_if<model::LogChunk>(&message);
      if (chunk != nullptr && chunk->request == 79) bytes += chunk->bytes;
    }
    cluster.heard.clear();
    return bytes;
  };
  CHECK(read(0, false) == "ready\ndone\n" + wire::left_out_line(1000) + "nearly\nlast\n");
  CHECK(read(size + 10, false) == wire::left_out_line(990) + "nearly\nlast\n");
  CHECK(read(first, false) == "nearly\nlast\n");
  CHECK(read(0, true).empty());
}

TEST_CASE("an agent whose probe refuses the node says why and exits") {
  Cluster cluster;
  cluster.start_agent({"--slice-cores=1", "--slice-gpus=999"});
  CHECK(cluster.wait_for_agent() == 1);
  CHECK(cluster.read(cluster.root / "agent.out").find("GPU 999 does not exist") !=
        std::string::npos);
}

TEST_CASE("a disk that takes no launch directory fails the launch, not the agent") {
  Cluster cluster;
  cluster.start_agent();
  cluster.expect_hello();
  std::ofstream(cluster.launch_dir(batch(1))) << "in the way";
  cluster.send(launch(batch(1), {"exit", "0"}));
  const auto report = cluster.expect_report(batch(1));
  REQUIRE(report.failure);
  CHECK(report.failure->cause == Cause::cannot_start);
  CHECK(report.failure->text.find("File exists") != std::string::npos);
  cluster.send(model::Acknowledge{batch(1)});
  cluster.send(launch(batch(2), {"exit", "0"}));
  CHECK(cluster.expect_report(batch(2)).exit_code == 0);
}

TEST_CASE("what ran in an earlier boot of the machine is lost with the node") {
  Cluster cluster;
  fs::create_directories(cluster.launch_dir(batch(1)));
  std::ofstream(cluster.root / "n1/boot") << "another boot\n";
  std::ofstream(cluster.launch_dir(batch(1)) / "pid") << "1 1\n";
  cluster.start_agent();
  const auto hello = cluster.expect_hello();
  REQUIRE(hello.launches.size() == 1);
  REQUIRE(hello.launches[0].report);
  REQUIRE(hello.launches[0].report->failure);
  CHECK(hello.launches[0].report->failure->cause == Cause::node_lost);
}

TEST_CASE("a launcher that has its lock but not written its number yet is taken for alive") {
  Cluster cluster;
  fs::create_directories(cluster.launch_dir(batch(1)));
  const std::string path = cluster.launch_dir(batch(1)) / "launcher.err";
  const int lock = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(flock(lock, LOCK_EX) == 0);
  cluster.start_agent();
  const auto hello = cluster.expect_hello();
  REQUIRE(hello.launches.size() == 1);
  CHECK(!hello.launches[0].report);
  close(lock);
  const auto report = cluster.expect_report(batch(1));
  REQUIRE(report.failure);
  CHECK(report.failure->cause == Cause::launcher_lost);
}
