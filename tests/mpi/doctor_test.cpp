// muster-doctor between hosts with links of their own: which one is bad is said.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "lib/wire/doctor.h"
#include "tests/mpi/hosts.h"
#include "tests/mpi/step_harness.h"
#include "tests/support/catch.h"

namespace {

using launcher_test::StepHarness;

struct Examined {
  std::optional<model::DoctorReport> report;
  base::Duration took{};
};

/// One rank on each host.
Examined examine() {
  StepHarness step({1, 1, 1, 1}, {MUSTER_DOCTOR});
  step.prefix = launcher_test::on_host;
  auto spec = std::make_shared<model::StepSpec>(*step.order.step);
  spec->environment["MASTER_ADDR"] = launcher_test::address_of(0);
  spec->environment["MASTER_PORT"] = "7321";
  step.order.step = spec;
  step.run();
  REQUIRE(step.result);
  for (const auto& [rank, text] : step.err) UNSCOPED_INFO("rank " << rank << " said: " << text);
  UNSCOPED_INFO("rank 0 said: " << step.out[0]);
  const auto report = wire::doctor_report_from_json(step.out[0]);
  REQUIRE(report);
  CHECK(step.result->exit_code == 0);  // whatever it found
  return {*report, step.took};
}

std::vector<std::string> places_of(const model::DoctorReport& report) {
  std::vector<std::string> places;
  for (const auto& finding : report.findings) places.push_back(finding.where);
  return places;
}

}  // namespace

TEST_CASE("the doctor measures each link of a ring of hosts, and sums are right") {
  if (!launcher_test::has_hosts()) return;
  const auto examined = examine();
  const auto& report = *examined.report;
  CHECK(report.nodes.size() == 4);
  REQUIRE(report.hops.size() == 4);
  for (const auto& hop : report.hops) {
    INFO(hop.from << " -> " << hop.to << " " << hop.problem);
    CHECK(hop.problem.empty());
    CHECK(hop.latency < std::chrono::milliseconds(100));
    CHECK(hop.bytes_per_second > 10'000'000);
  }
  REQUIRE(report.allreduce);
  CHECK(report.allreduce->problem.empty());
  CHECK(report.allreduce->wrong.empty());
  REQUIRE(report.start_up);
  CHECK(report.start_up->problem.empty());
}

TEST_CASE("the doctor names a link that is slower than the others") {
  if (!launcher_test::has_hosts()) return;
  const launcher_test::NarrowLink narrow(2);
  const auto examined = examine();
  const auto places = places_of(*examined.report);
  INFO("found: " << wire::to_json(*examined.report));
  CHECK(std::ranges::count(places, "n2 -> n3") >= 1);
  const auto& hop = examined.report->hops.at(1);
  CHECK(hop.bytes_per_second < 20'000'000);
}

TEST_CASE("the doctor names two hosts that do not reach each other, within its limit") {
  if (!launcher_test::has_hosts()) return;
  const launcher_test::DeafPair deaf(1, 2);
  const auto examined = examine();
  const auto places = places_of(*examined.report);
  REQUIRE(std::ranges::count(places, "n2 -> n3") == 1);
  CHECK(examined.report->hops.at(1).problem == "cannot be reached: no answer within 5s");
  CHECK(examined.report->allreduce->problem == "n2 -> n3 is not there");
  CHECK(examined.took < std::chrono::seconds(15));
}
