#include "tests/mpi/contract.h"

#include <memory>
#include <numeric>
#include <vector>

#include "tests/support/catch.h"

namespace launcher_test {

void check_hello(const std::string& program, const Prefix& prefix) {
  using Tasks = std::vector<int>;
  for (const Tasks& tasks : {Tasks{1}, Tasks{2}, Tasks{1, 1}, Tasks{2, 2}, Tasks{1, 2, 1, 1}}) {
    StepHarness step(tasks, {program});
    step.prefix = prefix;
    step.run();
    check_success(step);
    const int n = std::accumulate(tasks.begin(), tasks.end(), 0);
    REQUIRE(step.out.size() == static_cast<std::size_t>(n));
    for (int rank = 0; rank < n; ++rank)
      CHECK(step.out[rank] == "hello " + std::to_string(rank) + " of " + std::to_string(n) + "\n");
  }
}

void check_messages(const std::string& program, const Prefix& prefix) {
  StepHarness ring({2, 2}, {program, "ring"});
  ring.prefix = prefix;
  ring.run();
  check_success(ring);
  CHECK(ring.out[0] == "hello 0 of 4\nring 4\n");

  // Round the nodes: the ranks of one share memory, and no others do.
  StepHarness round({3, 1}, {program, "allreduce"});
  auto spec = *round.order.step;
  spec.binding.by_node = true;
  round.order.step = std::make_shared<model::StepSpec>(spec);
  round.prefix = prefix;
  round.run();
  check_success(round);
  CHECK(round.out[1] == "hello 1 of 4\nsum 10 local 1\n");
  CHECK(round.out[3] == "hello 3 of 4\nsum 10 local 3\n");
  CHECK(round.placed.at(1).node == round.order.allocation.nodes[1].name);

  StepHarness sum({2, 1, 1}, {program, "allreduce"});
  sum.prefix = prefix;
  sum.run();
  check_success(sum);
  CHECK(sum.out[0] == "hello 0 of 4\nsum 10 local 2\n");
  CHECK(sum.out[3] == "hello 3 of 4\nsum 10 local 1\n");
}

}  // namespace launcher_test
