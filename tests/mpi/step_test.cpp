// Steps of real MPI programs: started without mpirun, on one to four nodes of this machine.

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "lib/wire/log_record.h"

#include "tests/mpi/contract.h"
#include "tests/mpi/step_harness.h"
#include "tests/support/catch.h"

namespace {

using launcher_test::check_success;
using launcher_test::failure_of;
using launcher_test::StepHarness;

std::string stacks_in(const std::string& launch_dir) {
  wire::LogReader reader(wire::stacks_rank);
  reader.feed(launcher_test::read_text(launch_dir + "/log"));
  std::string text;
  for (;;) {
    const auto record = reader.next();
    REQUIRE(record);
    if (!*record) return text;
    text += (*record)->bytes;
  }
}

}  // namespace

TEST_CASE("every rank knows how many they are, on any number of nodes") {
  launcher_test::check_hello(MPI_PROGRAM);
}

TEST_CASE("ranks talk to each other inside a node and between nodes") {
  launcher_test::check_messages(MPI_PROGRAM);
}

TEST_CASE("a step whose rank spawns ends with a failure that names MPI_Comm_spawn") {
  StepHarness step({1, 1}, {MPI_PROGRAM, "spawn"});
  const auto failure = failure_of(step);
  CHECK(failure.cause == model::Cause::refused);
  CHECK(failure.text.find("MPI_Comm_spawn") != std::string::npos);
}

TEST_CASE("data is fetched from other nodes when it is not exchanged at the start") {
  StepHarness step({2, 2}, {MPI_PROGRAM, "ring"});
  auto spec = *step.order.step;
  spec.environment["OMPI_MCA_pmix_base_collect_data"] = "0";
  step.order.step = std::make_shared<model::StepSpec>(spec);
  step.run();
  check_success(step);
  CHECK(step.out[0] == "hello 0 of 4\nring 4\n");
}

TEST_CASE("ranks run where they were mapped, and the client is told") {
  StepHarness step({1, 1}, {MPI_PROGRAM, "cpus"});
  step.run();
  check_success(step);
  const auto cpus = launcher_test::usable_cpus();
  for (int rank = 0; rank < 2; ++rank) {
    const auto cpu = std::to_string(cpus[static_cast<std::size_t>(rank) % cpus.size()]);
    CHECK(step.placed[rank].node == "n" + std::to_string(rank + 1));
    CHECK(step.placed[rank].cpus == cpu);
    CHECK(step.out[rank].ends_with("cpus " + cpu + "\n"));
  }
}

TEST_CASE("more ranks than cores run unbound") {
  StepHarness step({3}, {MPI_PROGRAM, "cpus"}, 1);
  step.run();
  check_success(step);
  CHECK(step.placed[2].cpus.empty());
}

TEST_CASE("output of each rank is in its node's log") {
  StepHarness step({1, 2}, {MPI_PROGRAM});
  step.run();
  check_success(step);
  CHECK(launcher_test::logged(step.launch_dir(0), 0) == "hello 0 of 3\n");
  CHECK(launcher_test::logged(step.launch_dir(1), 2) == "hello 2 of 3\n");
}

TEST_CASE("rank 0 reads the client's input") {
  StepHarness step({1, 1}, {MPI_PROGRAM, "cat"});
  bool is_sent = false;
  const std::string text(3'000'000, 'x');
  step.on_output = [&] {
    if (std::exchange(is_sent, true)) return;
    for (std::size_t at = 0; at < text.size(); at += 100'000) {
      step.send(model::RankInput{text.substr(at, 100'000)});
    }
    step.send(model::RankInput{});
  };
  step.run();
  check_success(step);
  CHECK(step.out[0].size() == text.size() + std::string("hello 0 of 2\n").size());
}

TEST_CASE("the first bad end of a rank ends the step on all nodes, with rank, node and cause") {
  struct Case {
    std::string how;
    int rank;
    model::Cause cause;
    int code;
    int exit_code;
  };
  using model::Cause;
  const std::vector<Case> cases{
      {"abort", 2, Cause::aborted, 42, 42},
      {"exit3", 1, Cause::exit_code, 3, 3},
      {"exit3", 3, Cause::exit_code, 3, 3},
      {"fail-after", 2, Cause::exit_code, 3, 3},
      {"segfault", 0, Cause::signal, SIGSEGV, 128 + SIGSEGV},
      {"no-finalize", 3, Cause::not_finalized, 0, 1},
      {"before-init", 1, Cause::before_init, 0, 1},
  };
  for (const auto& each : cases) {
    INFO(each.how << " " << each.rank);
    StepHarness step({2, 2}, {MPI_PROGRAM, each.how, std::to_string(each.rank)});
    const auto failure = failure_of(step);
    CHECK(failure.cause == each.cause);
    CHECK(failure.code == each.code);
    CHECK(failure.rank == each.rank);
    CHECK(failure.node == (each.rank < 2 ? "n1" : "n2"));
    CHECK(failure.step == model::StepId(0));
    CHECK(step.result->exit_code == each.exit_code);
  }
}

TEST_CASE("a whole node that ends before MPI_Init fails the others that wait in it") {
  StepHarness step({1, 1}, {MPI_PROGRAM, "before-init", "1"});
  const auto failure = failure_of(step);
  CHECK(failure.cause == model::Cause::before_init);
  CHECK(failure.rank == 1);
  CHECK(failure.node == "n2");
}

TEST_CASE(
    "a rank that ends before MPI_Init fails those of other nodes, though its own node lives") {
  StepHarness step({1, 2},
                   {"/bin/sh", "-c",
                    "case $MUSTER_RANK in 0) exec " MPI_PROGRAM " ;; 1) exec sleep 1000 ;; esac"});
  const auto failure = failure_of(step);
  CHECK(failure.cause == model::Cause::before_init);
  CHECK(failure.rank == 2);
  CHECK(failure.node == "n2");
}

TEST_CASE(
    "who waits in MPI_Init for a rank that does not call it is told so, and the step goes on") {
  StepHarness step(
      {1, 2}, {"/bin/sh", "-c", "[ $MUSTER_RANK != 2 ] && exec " MPI_PROGRAM "; exec sleep 1000"});
  step.on_output = [&] {
    if (step.notes.empty()) return;
    model::Failure enough;
    enough.cause = model::Cause::cancelled;
    step.send(model::EndStep{enough});
  };
  step.run();
  CHECK(step.notes.starts_with(
      "2 ranks wait in MPI_Init for rank 2, which after 5s did not call it:\n"
      "  rank 2 on n2: process "));
  CHECK(step.notes.find(", sleep (") != std::string::npos);
  CHECK(step.notes.ends_with("), which has loaded no MPI library\n"));
  REQUIRE(step.result);
  REQUIRE(step.result->failure);
  CHECK(step.result->failure->cause == model::Cause::cancelled);
  CHECK(step.leftovers() == "");
}

TEST_CASE("ranks that do not find their launcher are told why") {
  for (const std::string clear : {"env -u PMIX_NAMESPACE", "env -i"}) {
    INFO(clear);
    // A shell around it, so that the first look finds the program however slow the machine is.
    StepHarness step({1, 1}, {"/bin/sh", "-c",
                              clear + " LD_PRELOAD=libmpi.so.40 sleep 0.5; " + clear +
                                  " " MPI_PROGRAM " || exit 7"});
    step.run();
    REQUIRE(step.result);
    CHECK(step.notes.starts_with("ranks 0-1: MPI (/"));
    CHECK(step.notes.find("PMIX_NAMESPACE is not in its environment: something between 'muster "
                          "run' and the program clears it") != std::string::npos);
    CHECK(std::ranges::count(step.notes, '\n') == 1);
    CHECK(step.leftovers() == "");
  }
}

TEST_CASE("an Open MPI that is told to start alone is found by its daemon") {
  StepHarness step({2}, {"/bin/sh", "-c", "unset OMPI_MCA_schizo; exec " MPI_PROGRAM " sleep"});
  step.on_output = [&] {
    if (step.notes.empty()) return;
    model::Failure enough;
    enough.cause = model::Cause::cancelled;
    step.send(model::EndStep{enough});
  };
  step.run();
  CHECK(step.notes.starts_with("ranks 0-1: MPI (/"));
  CHECK(step.notes.find("it has started an orted of its own") != std::string::npos);
  CHECK(step.out[1] == "hello 0 of 1\n");
  CHECK(step.leftovers() == "");
}

TEST_CASE("of a step whose ranks come up as they should nothing is said") {
  StepHarness step({2, 1}, {"/bin/sh", "-c", "sleep 0.5; " MPI_PROGRAM "; sleep 2"});
  step.run();
  check_success(step);
  CHECK(step.notes.empty());
}

TEST_CASE("ranks that wait in MPI for ever hang, and the function is in their stacks") {
  if (std::system("command -v gdb >/dev/null || command -v eu-stack >/dev/null") != 0) {
    WARN("skipped: neither gdb nor eu-stack is installed");
    return;
  }
  StepHarness step({1, 1}, {MPI_PROGRAM, "deadlock"});
  auto spec = *step.order.step;
  spec.hang_timeout = model::HangLimit{.after = std::chrono::seconds(1), .output_only = true};
  step.order.step = std::make_shared<model::StepSpec>(spec);
  step.run();
  REQUIRE(step.result);
  REQUIRE(step.result->failure);
  CHECK(step.result->failure->cause == model::Cause::hang);
  CHECK(step.result->failure->text.starts_with("no output for "));
  for (const int rank : {0, 1}) {
    const auto node = static_cast<std::size_t>(rank);
    const auto report = step.report(node);
    REQUIRE(report);
    CHECK(report->failure == step.result->failure);
    const auto stacks = stacks_in(step.launch_dir(node));
    const auto name = std::to_string(rank) + " on n" + std::to_string(rank + 1);
    CHECK(stacks.starts_with("node n" + std::to_string(rank + 1) + "\nrank " + name + ": "));
    CHECK(stacks.find("in MPI ") != std::string::npos);
    CHECK(stacks.find("MPI_Recv ") != std::string::npos);
  }
  CHECK(step.leftovers() == "");
}

TEST_CASE("a rank that is killed ends the step") {
  StepHarness step({1, 1}, {MPI_PROGRAM, "sleep"});
  step.on_output = [&] {
    if (!step.out.contains(1)) return;
    for (const pid_t pid : launcher_test::living(step.launch_dir(1))) kill(pid, SIGKILL);
  };
  const auto failure = failure_of(step);
  CHECK(failure.cause == model::Cause::signal);
  CHECK(failure.code == SIGKILL);
  CHECK(failure.rank == 1);
}

TEST_CASE("a program that is not there fails the step with its path") {
  StepHarness step({1, 1}, {"/no/such/program"});
  const auto failure = failure_of(step);
  CHECK(failure.cause == model::Cause::cannot_start);
  CHECK(failure.text.find("/no/such/program") != std::string::npos);
  CHECK(failure.rank);
}

TEST_CASE("programs without MPI run as well, and their exit code counts") {
  StepHarness good({2, 1}, {"/bin/sh", "-c", "echo $MUSTER_RANK/$MUSTER_STEP_NTASKS"});
  good.run();
  check_success(good);
  CHECK(good.all_output() == "0/3\n1/3\n2/3\n");

  StepHarness bad({2, 1}, {"/bin/sh", "-c", "[ $MUSTER_RANK = 2 ] && exit 9; exec sleep 1000"});
  const auto failure = failure_of(bad);
  CHECK(failure.rank == 2);
  CHECK(bad.result->exit_code == 9);
}

TEST_CASE("much output of several nodes reaches a slow client whole") {
  StepHarness step({1, 2}, {"/bin/sh", "-c", "head -c 8000000 /dev/zero"});
  step.on_output = [] { launcher_test::pause_briefly(); };
  step.run();
  check_success(step);
  for (int rank = 0; rank < 3; ++rank) CHECK(step.out[rank].size() == 8'000'000);
}

TEST_CASE("a killed peer launcher fails the step and names its node") {
  StepHarness step({1, 1}, {MPI_PROGRAM, "sleep"});
  step.on_output = [&] {
    if (step.out.size() == 2) step.kill_launcher(1, SIGKILL);
  };
  step.run();
  REQUIRE(step.result);
  REQUIRE(step.result->failure);
  CHECK(step.result->failure->cause == model::Cause::peer_lost);
  CHECK(step.result->failure->node == "n2");
  CHECK(step.report(0)->failure == step.result->failure);
  CHECK_FALSE(step.report(1));
  CHECK(step.took < std::chrono::seconds(5));
  CHECK(step.leftovers() == "");
}

TEST_CASE("a killed head fails the step and is named by the others") {
  StepHarness step({1, 1}, {MPI_PROGRAM, "sleep"});
  step.on_output = [&] {
    if (step.out.size() == 2) step.kill_launcher(0, SIGKILL);
  };
  step.run();
  CHECK_FALSE(step.result);
  CHECK_FALSE(step.report(0));
  const auto report = step.report(1);
  REQUIRE(report);
  REQUIRE(report->failure);
  CHECK(report->failure->cause == model::Cause::peer_lost);
  CHECK(report->failure->node == "n1");
  CHECK(step.took < std::chrono::seconds(5));
  CHECK(step.leftovers() == "");
}

TEST_CASE("a step whose client goes away ends") {
  StepHarness step({1, 1}, {MPI_PROGRAM, "sleep"});
  step.on_output = [&] {
    if (step.out.size() == 2) step.drop_client();
  };
  step.run();
  for (const std::size_t node : {0U, 1U}) {
    const auto report = step.report(node);
    REQUIRE(report);
    REQUIRE(report->failure);
    CHECK(report->failure->cause == model::Cause::cancelled);
  }
  CHECK(step.took < std::chrono::seconds(5));
  CHECK(step.leftovers() == "");
}

TEST_CASE("SIGTERM to a launcher ends the step, as the agent does when a job is cancelled") {
  for (const std::size_t node : {0U, 1U}) {
    StepHarness step({1, 1}, {MPI_PROGRAM, "sleep"});
    step.on_output = [&] {
      if (step.out.size() == 2) step.kill_launcher(node, SIGTERM);
    };
    const auto failure = failure_of(step);
    CHECK(failure.cause == model::Cause::told_to_end);
  }
}

TEST_CASE("the client's signals reach all ranks") {
  StepHarness step({1, 1}, {"/bin/sh", "-c",
                            "trap 'echo caught; exit 0' USR1; echo ready; "
                            "while :; do sleep 0.05; done"});
  bool is_sent = false;
  step.on_output = [&] {
    if (step.out.size() == 2 && !std::exchange(is_sent, true)) {
      step.send(model::StepSignal{SIGUSR1});
    }
  };
  step.run();
  check_success(step);
  CHECK(step.all_output() == "ready\ncaught\nready\ncaught\n");
}

TEST_CASE("who does not know the step's secret is turned away, and the step goes on") {
  StepHarness step({1}, {"/bin/sh", "-c", "echo hello; sleep 0.2"});
  step.wrong_secret = std::string(64, '0');
  step.run();
  check_success(step);
  CHECK(step.n_turned_away == 1);
  CHECK(step.out[0] == "hello\n");
}

TEST_CASE("a step that asks for the map only is told it, and nothing is started") {
  StepHarness step({2, 1}, {}, 2);
  auto spec = *step.order.step;
  spec.map_only = true;
  step.order.step = std::make_shared<model::StepSpec>(spec);
  step.run();
  check_success(step);
  CHECK(step.all_output().empty());
  REQUIRE(step.placed.size() == 3);
  const auto cpus = launcher_test::usable_cpus();
  CHECK(step.placed[0].cpus == std::to_string(cpus[0]));
  CHECK(step.placed[0].numa == "0");
  CHECK(step.placed[2].node == "n2");
  CHECK(step.placed[2].unbound.empty());
}

TEST_CASE("a rank that is not bound as it was mapped ends the step") {
  StepHarness step({1, 1}, {"/bin/sleep", "30"});
  step.box().pretend_thread(1, 1000);  // the kernel leaves it out, as what a cpuset forbids
  step.run();
  REQUIRE(step.result);
  REQUIRE(step.result->failure);
  CHECK(step.result->failure->cause == model::Cause::cannot_start);
  CHECK(step.result->failure->rank == 1);
  const auto cpus = launcher_test::usable_cpus();
  const auto cpu = std::to_string(cpus[1 % cpus.size()]);
  CHECK(step.result->failure->text.starts_with("was to be bound to the hardware threads " + cpu +
                                               ",1000, and found itself bound to " + cpu + ";"));
  CHECK(step.leftovers().empty());
}
