// A step must not take longer than mpirun takes for the same program; both are run in turn.

#include <algorithm>
#include <cstdio>
#include <vector>

#include "lib/loop/clock.h"
#include "tests/mpi/step_harness.h"
#include "tests/support/catch.h"

namespace {

using launcher_test::StepHarness;

double milliseconds(base::Duration duration) {
  return static_cast<double>(duration.count()) / 1000;
}

double time_ours(int n_ranks) {
  StepHarness step({n_ranks}, {MPI_PROGRAM, "quiet"},
                   static_cast<int>(launcher_test::usable_cpus().size()));
  step.launcher_options = TOPOLOGY_XML;
  step.run();
  REQUIRE(step.result);
  CHECK_FALSE(step.result->failure);
  return milliseconds(step.took);
}

double time_mpirun(int n_ranks) {
  loop::Loop loop;
  const loop::Elapsed since;
  std::vector<std::string> environment{"PATH=/usr/bin:/bin", "HOME=/tmp"};
  loop::SpawnOptions options{.program = MPIRUN,
                             .arguments = {"mpirun", "--oversubscribe", "--allow-run-as-root", "-n",
                                           std::to_string(n_ranks), MPI_PROGRAM, "quiet"},
                             .environment = std::move(environment)};
  int code = -1;
  const auto process = loop::Process::spawn(
      loop, options, [&code](const loop::ExitStatus& status) { code = status.code; });
  REQUIRE(process);
  loop.run();
  CHECK(code == 0);
  return milliseconds(since.so_far());
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

TEST_CASE("launching an MPI program takes less time than with mpirun", "[time]") {
  constexpr int n_rounds = 5;
  for (const int n_ranks : {2, 4, 8, 16}) {
    std::vector<double> ours;
    std::vector<double> theirs;
    for (int round = 0; round < n_rounds; ++round) {
      ours.push_back(time_ours(n_ranks));
      theirs.push_back(time_mpirun(n_ranks));
    }
    const double ratio = median(ours) / median(theirs);
    std::printf("%2d ranks: muster-launch %.0f ms, mpirun %.0f ms, ratio %.2f\n", n_ranks,
                median(ours), median(theirs), ratio);
    CHECK(ratio < 1);
  }
}
