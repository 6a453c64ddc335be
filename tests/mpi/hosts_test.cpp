// Steps whose nodes are hosts with addresses of their own: what ranks say to each other must go
// over the network between them.

#include "tests/mpi/hosts.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <optional>
#include <utility>

#include "tests/mpi/contract.h"
#include "tests/mpi/step_harness.h"
#include "tests/support/catch.h"

namespace {

using launcher_test::check_success;
using launcher_test::CutLink;
using launcher_test::has_hosts;
using launcher_test::n_hosts;
using launcher_test::on_host;
using launcher_test::StepHarness;
using launcher_test::Traffic;
using Tasks = std::vector<int>;
using Programs = std::vector<std::string>;

constexpr std::uint64_t payload_bytes = 4 << 20;  // of each rank in program.c

bool all_say(const StepHarness& step, const std::string& end) {
  const auto says = [&end](const auto& rank) { return rank.second.ends_with(end); };
  const auto n_ranks = std::accumulate(step.order.tasks.begin(), step.order.tasks.end(), 0);
  return std::count_if(step.out.begin(), step.out.end(), says) == n_ranks;
}

std::vector<Traffic> traffic_of_all() {
  std::vector<Traffic> traffic;
  for (int host = 0; host < n_hosts; ++host) traffic.push_back(launcher_test::traffic_of(host));
  return traffic;
}

/// Each rank sends to the next one: of each host, one rank sends to another host.
void check_traffic(const std::string& program, const Tasks& tasks) {
  StepHarness step(tasks, {program, "carry"});
  step.prefix = on_host;
  const auto end = "carried " + std::to_string(payload_bytes) + "\n";
  step.on_output = [&] {
    if (all_say(step, end)) step.drop_client();
  };
  const auto before = traffic_of_all();
  step.run();
  const auto after = traffic_of_all();
  CHECK(all_say(step, end));
  CHECK(step.leftovers() == "");
  for (std::size_t host = 0; host < tasks.size(); ++host) {
    const auto sent_bytes = after[host].sent_bytes - before[host].sent_bytes;
    const auto received_bytes = after[host].received_bytes - before[host].received_bytes;
    INFO("host " << host << " sent " << sent_bytes << ", received " << received_bytes);
    CHECK(std::min(sent_bytes, received_bytes) >= payload_bytes);
    CHECK(std::max(sent_bytes, received_bytes) < 2 * payload_bytes);
  }
}

/// The host's launcher is killed while all ranks send and receive, and perhaps its link cut before;
/// returns how the others say that the step ended.
std::vector<model::Failure> failures_without(int host, StepHarness& step, bool with_link) {
  std::optional<CutLink> cut;
  bool is_killed = false;
  step.prefix = on_host;
  step.on_output = [&] {
    if (!all_say(step, "\n") || std::exchange(is_killed, true)) return;
    if (!with_link) cut.emplace(host);
    step.kill_launcher(static_cast<std::size_t>(host), SIGKILL);
  };
  step.run();
  CHECK(step.took < std::chrono::seconds(5));
  CHECK(step.leftovers() == "");
  std::vector<model::Failure> failures;
  for (std::size_t node = 0; node < step.order.tasks.size(); ++node) {
    const auto report = step.report(node);
    CHECK(report.has_value() == (static_cast<int>(node) != host));
    if (report && report->failure) failures.push_back(*report->failure);
  }
  return failures;
}

}  // namespace

TEST_CASE("every rank knows how many they are, on one host and on several") {
  if (!has_hosts()) return;
  for (const auto& program : Programs{MPI_PROGRAMS}) {
    INFO(program);
    launcher_test::check_hello(program, on_host);
  }
}

TEST_CASE("ranks talk to each other inside a host and between hosts") {
  if (!has_hosts()) return;
  for (const auto& program : Programs{FINALIZING_PROGRAMS}) {
    INFO(program);
    launcher_test::check_messages(program, on_host);
  }
}

TEST_CASE("what ranks send to another host goes over its link, and nothing else does") {
  if (!has_hosts()) return;
  for (const auto& program : Programs{MPI_PROGRAMS}) {
    for (const auto& tasks : {Tasks{2, 2}, Tasks{1, 1, 1, 1}}) {
      INFO(program << " on " << tasks.size() << " hosts");
      check_traffic(program, tasks);
    }
  }
}

TEST_CASE("launchers of a step and its client meet over the network") {
  if (!has_hosts()) return;
  StepHarness step({1, 1}, {"/bin/sh", "-c", "echo $MUSTER_RANK"});
  step.prefix = on_host;
  step.order.head_tls = {"tls:" + launcher_test::address_of(0) + ":12000"};
  step.run();
  check_success(step);
  CHECK(step.all_output() == "0\n1\n");
}

TEST_CASE("a head that has no address for other machines says so") {
  if (!has_hosts()) return;
  StepHarness step({1, 1}, {"/bin/true"});
  step.prefix = on_host;
  step.with_client = false;
  step.order.head_tls = {"tls:" + launcher_test::address_of(1) + ":12000"};  // another host's
  step.run();
  const auto report = step.report(0);
  REQUIRE(report);
  REQUIRE(report->failure);
  CHECK(report->failure->cause == model::Cause::cannot_start);
  CHECK_THAT(report->failure->text,
             Catch::Matchers::Contains("cannot be reached by other machines"));
}

TEST_CASE("a launcher that is killed on one host ends the step on the others") {
  if (!has_hosts()) return;
  for (const auto& program : Programs{MPI_PROGRAMS}) {
    for (const int host : {0, 1}) {
      INFO(program << " loses host " << host);
      StepHarness step({2, 2}, {program, "carry-on"});
      CHECK(failures_without(host, step, true).size() == 1);
    }
  }
}

TEST_CASE("a host whose link is cut and whose launcher dies is named by all others") {
  if (!has_hosts()) return;
  for (const auto& program : Programs{MPI_PROGRAMS}) {
    for (const int host : {0, 3}) {
      INFO(program << " loses host " << host);
      StepHarness step({1, 1, 1, 1}, {program, "carry-on"});
      const auto failures = failures_without(host, step, false);
      CHECK(failures.size() == 3);
      for (const auto& failure : failures) {
        INFO(describe(failure));
        CHECK(failure.cause == model::Cause::peer_lost);
        CHECK(failure.node == "n" + std::to_string(host + 1));
      }
    }
  }
}

TEST_CASE("Python's ranks talk to each other between hosts") {
  if (!has_hosts()) return;
  if (!std::filesystem::exists("/usr/lib/python3/dist-packages/mpi4py")) {
    std::printf("Python is left out: python3-mpi4py is not installed\n");
    return;
  }
  StepHarness step({2, 2}, {"/usr/bin/python3", "-c",
                            "from mpi4py import MPI\n"
                            "all = MPI.COMM_WORLD\n"
                            "next, last = (all.rank + 1) % all.size, (all.rank - 1) % all.size\n"
                            "print(all.sendrecv(all.rank, next, source=last), all.allreduce(1))"});
  step.prefix = on_host;
  step.run();
  check_success(step);
  CHECK(step.all_output() == "3 4\n0 4\n1 4\n2 4\n");
}
