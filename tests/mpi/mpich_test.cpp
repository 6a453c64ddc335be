// Steps of real MPICH programs, which speak PMI-1: they start and end like those of Open MPI.

#include <csignal>

#include "tests/mpi/contract.h"
#include "tests/mpi/step_harness.h"
#include "tests/support/catch.h"

namespace {

using launcher_test::check_success;
using launcher_test::failure_of;
using launcher_test::StepHarness;
using model::Cause;

}  // namespace

TEST_CASE("every MPICH rank knows how many they are, on any number of nodes") {
  launcher_test::check_hello(MPI_PROGRAM);
}

TEST_CASE("MPICH ranks talk to each other inside a node and between nodes") {
  launcher_test::check_messages(MPI_PROGRAM);
}

TEST_CASE("the first bad end of an MPICH rank ends the step, with rank, node and cause") {
  struct Case {
    std::string how;
    int rank;
    Cause cause;
    int code;
    int exit_code;
  };
  const std::vector<Case> cases{
      {"abort", 2, Cause::aborted, 42, 42},
      {"exit3", 1, Cause::exit_code, 3, 3},
      {"fail-after", 2, Cause::exit_code, 3, 3},
      {"segfault", 0, Cause::signal, SIGSEGV, 128 + SIGSEGV},
      {"no-finalize", 2, Cause::not_finalized, 0, 1},
      {"before-init", 1, Cause::before_init, 0, 1},
  };
  for (const auto& each : cases) {
    INFO(each.how << " " << each.rank);
    StepHarness step({3}, {MPI_PROGRAM, each.how, std::to_string(each.rank)});
    const auto failure = failure_of(step);
    CHECK(failure.cause == each.cause);
    CHECK(failure.code == each.code);
    CHECK(failure.rank == each.rank);
    CHECK(failure.node == "n1");
    CHECK(failure.step == model::StepId(0));
    CHECK(step.result->exit_code == each.exit_code);
  }
}

// Between nodes MPICH may notice the end of a rank before its launcher does, and aborts: then that
// is the first failure.
TEST_CASE("a bad end of an MPICH rank ends the step on all nodes") {
  for (const std::string how : {"abort", "exit3", "segfault", "no-finalize", "before-init"}) {
    INFO(how);
    StepHarness step({2, 1, 1}, {MPI_PROGRAM, how, "3"});
    const auto failure = failure_of(step);
    CHECK((failure.rank == 3 || failure.cause == Cause::aborted));
    CHECK(step.result->exit_code != 0);
  }
}

TEST_CASE("a whole node that ends before MPI_Init fails the MPICH ranks that wait in it") {
  StepHarness step({1, 1}, {MPI_PROGRAM, "before-init", "1"});
  const auto failure = failure_of(step);
  CHECK(failure.cause == Cause::before_init);
  CHECK(failure.rank == 1);
  CHECK(failure.node == "n2");
}

TEST_CASE("a step whose rank spawns ends with a failure that names MPI_Comm_spawn") {
  StepHarness step({1, 1},
                   {"/bin/bash", "-c",
                    "printf 'cmd=init pmi_version=1 pmi_subversion=1\\nmcmd=spawn\\n"
                    "nprocs=1\\nexecname=/bin/true\\nendcmd\\n' >&$PMI_FD; exec sleep 1000"});
  const auto failure = failure_of(step);
  CHECK(failure.cause == Cause::refused);
  CHECK(failure.text.find("MPI_Comm_spawn") != std::string::npos);
}

TEST_CASE("MPI_Comm_spawn of an MPICH that cannot spawn does not hang either") {
  StepHarness step({1, 1}, {MPI_PROGRAM, "spawn"});
  const auto failure = failure_of(step);
  CHECK((failure.cause == Cause::refused || failure.cause == Cause::aborted));
}

TEST_CASE("a name that one rank publishes is found by a rank on another node") {
  StepHarness step({1, 1}, {MPI_PROGRAM, "names"});
  step.run();
  check_success(step);
  CHECK(step.out[0] == "hello 0 of 2\ntwice 0\n");
  CHECK(step.out[1] == "hello 1 of 2\nsame 1\ngone 1\n");
}

TEST_CASE("MPICH ranks that do not find their launcher are told why") {
  StepHarness step({1, 1}, {"/bin/sh", "-c",
                            "env -u PMI_FD LD_PRELOAD=libmpich.so.12 sleep 0.5; "
                            "exec env -u PMI_FD " MPI_PROGRAM});
  step.run();
  check_success(step);
  CHECK(step.all_output() == "hello 0 of 1\nhello 0 of 1\n");
  CHECK(step.notes.starts_with("ranks 0-1: MPI (/"));
  CHECK(step.notes.find("PMI_FD is not in its environment") != std::string::npos);
}

TEST_CASE("an MPICH rank that ends before MPI_Init fails those of other nodes") {
  StepHarness step({1, 2},
                   {"/bin/sh", "-c",
                    "case $MUSTER_RANK in 0) exec " MPI_PROGRAM " ;; 1) exec sleep 1000 ;; esac"});
  const auto failure = failure_of(step);
  CHECK(failure.cause == Cause::before_init);
  CHECK(failure.rank == 2);
}

#ifdef OPEN_MPI_PROGRAM
TEST_CASE("a rank may run programs of both libraries: neither server disturbs the other") {
  for (const bool open_mpi_first : {true, false}) {
    const std::string first = open_mpi_first ? OPEN_MPI_PROGRAM : MPI_PROGRAM;
    const std::string second = open_mpi_first ? MPI_PROGRAM : OPEN_MPI_PROGRAM;
    StepHarness step({2, 1}, {"/bin/sh", "-c", first + " ring && " + second + " allreduce"});
    step.run();
    check_success(step);
    CHECK(step.out[0] == "hello 0 of 3\nring 3\nhello 0 of 3\nsum 6 local 2\n");
  }
}
#endif

TEST_CASE("what another launcher left in the environment is not believed") {
  StepHarness step({2}, {MPI_PROGRAM});
  auto spec = *step.order.step;
  spec.environment["PMI_FD"] = "0";
  spec.environment["PMI_PORT"] = "nowhere:1";
  spec.environment["PMI_ID"] = "7";
  spec.environment["PMI_RANK"] = "7";
  spec.environment["PMI_SIZE"] = "9";
  step.order.step = std::make_shared<model::StepSpec>(spec);
  step.run();
  check_success(step);
  CHECK(step.all_output() == "hello 0 of 2\nhello 1 of 2\n");
}

TEST_CASE("a rank that says nonsense ends the step with what it said") {
  StepHarness step({1}, {"/bin/bash", "-c", "echo cmd=dance >&$PMI_FD; exec sleep 1000"});
  const auto failure = failure_of(step);
  CHECK(failure.cause == Cause::refused);
  CHECK(failure.text.find("'dance'") != std::string::npos);
}
