#include "doctor/judge/judge.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "doctor/judge/plan.h"
#include "tests/support/catch.h"

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t gigabyte = 1'000'000'000;

model::NodeCheck well(int number) {
  model::NodeCheck node;
  node.node = "n" + std::to_string(number);
  node.machine = "machine " + std::to_string(number);
  node.facts.host_name = node.node;
  node.facts.folders = {{"/tmp", base::Bytes(std::uint64_t{20} << 30), ""}};
  node.facts.memlock = base::Bytes(std::uint64_t{8} << 20);
  node.facts.stack_tool = "gdb";
  node.facts.cpus = model::CpuSet::range(0, 4);
  node.facts.wanted_cpus = model::CpuSet::range(0, 4);
  node.facts.libraries = {{"PMIx", "OpenPMIx 4.2.2"}};
  return node;
}

/// A ring of four nodes where all is well.
model::DoctorReport ring() {
  model::DoctorReport report;
  for (int i = 1; i <= 4; ++i) {
    report.nodes.push_back(well(i));
    report.hops.push_back({"n" + std::to_string(i), "n" + std::to_string(i % 4 + 1), "",
                           100us + base::Duration(i), gigabyte});
  }
  report.allreduce.emplace();
  report.start_up.emplace();
  return report;
}

model::DoctorReport judged(model::DoctorReport report) {
  doctor::judge(report);
  return report;
}

bool has_note(const model::DoctorReport& report, std::string_view part) {
  return std::ranges::any_of(
      report.notes, [&](const auto& note) { return note.find(part) != std::string::npos; });
}

/// The only finding.
model::Finding found_in(model::DoctorReport report) {
  doctor::judge(report);
  REQUIRE(report.findings.size() == 1);
  return report.findings.front();
}

}  // namespace

TEST_CASE("where all is well nothing is found, and nothing noted") {
  const auto report = judged(ring());
  CHECK(report.findings.empty());
  CHECK(report.notes.empty());
}

TEST_CASE("a link with three times the median latency is slow") {
  auto report = ring();
  report.hops[1].latency = 900us;
  const auto finding = found_in(report);
  CHECK(finding.where == "n2 -> n3");
  CHECK(finding.found == "a message and its answer take 900 us");
  CHECK(finding.expected == "about 103 us, the median of all links");
  CHECK(finding.advice.find("route") != std::string::npos);
  CHECK(doctor::slow_hops(report) == std::vector<std::size_t>{1});
}

TEST_CASE("latency below the floor is never slow") {
  auto report = ring();
  for (auto& hop : report.hops) hop.latency = 10us;
  report.hops[1].latency = 300us;
  CHECK(judged(report).findings.empty());
  CHECK(doctor::slow_hops(report).empty());
}

TEST_CASE("a link with less than half of the median bandwidth is slow") {
  auto report = ring();
  report.hops[3].bytes_per_second = gigabyte / 2;
  CHECK(judged(report).findings.empty());
  report.hops[3].bytes_per_second = gigabyte / 2 - 1;
  const auto finding = found_in(report);
  CHECK(finding.where == "n4 -> n1");
  CHECK(finding.found.ends_with("/s"));
}

TEST_CASE("speeds inside a machine are not compared, nor do they count") {
  auto report = ring();
  for (auto& node : report.nodes) node.machine = "one";
  report.hops[0].bytes_per_second = 1;
  report = judged(report);
  CHECK(report.findings.empty());
  CHECK(has_note(report, "on one machine"));
}

TEST_CASE("two nodes are compared in both directions") {
  auto report = ring();
  report.nodes.resize(2);
  report.hops.resize(2);
  report.hops[1] = {"n2", "n1", "", 100us, gigabyte / 10};
  CHECK(found_in(report).where == "n2 -> n1");
}

TEST_CASE("a link that is not there is found, and left out of the median") {
  auto report = ring();
  report.hops[2] = {"n3", "n4", "cannot be reached: no answer within 5s", {}, 0};
  report.allreduce->problem = "n3 -> n4 is not there";
  const auto finding = found_in(report);
  CHECK(finding.where == "n3 -> n4");
  CHECK(finding.found == "cannot be reached: no answer within 5s");
  CHECK(finding.advice.find("firewall") != std::string::npos);
  CHECK(has_note(judged(report), "no allreduce was done: n3 -> n4 is not there"));
}

TEST_CASE("a node that did not come is found, and nothing else said of it") {
  auto report = ring();
  report.nodes[2] = {};
  report.nodes[2].node = "n3";
  report.nodes[2].problem = "it did not reach n1 within 15s";
  report.hops.clear();
  const auto finding = found_in(report);
  CHECK(finding.where == "n3");
  CHECK(finding.found == "it did not reach n1 within 15s");
}

TEST_CASE("a wrong sum is found") {
  auto report = ring();
  report.allreduce->wrong = {"n2"};
  CHECK(found_in(report).where == "n2");
}

TEST_CASE("ranks that do not meet through their launchers are found, no try is noted") {
  auto report = ring();
  report.start_up->problem = "n2: no answer within 10s";
  const auto finding = found_in(report);
  CHECK(finding.where == "launchers");
  CHECK(finding.found == "ranks do not meet by PMI-1: n2: no answer within 10s");
  report.start_up.reset();
  report = judged(report);
  CHECK(report.findings.empty());
  CHECK(has_note(report, "the start of MPI programs was not tried"));
}

TEST_CASE("a clock may be off by a second, in either direction") {
  for (const auto offset : {base::Duration(1s), base::Duration(-1s)}) {
    auto report = ring();
    report.nodes[1].clock_offset = offset;
    CHECK(judged(report).findings.empty());
  }
  auto report = ring();
  report.nodes[1].clock_offset = -90s;
  const auto finding = found_in(report);
  CHECK(finding.where == "n2");
  CHECK(finding.found == "its clock is 1m30s behind");
  CHECK(finding.expected == "at most 1s from n1");
}

TEST_CASE("a folder that is nearly full, or cannot be written, is found") {
  auto report = ring();
  report.nodes[0].facts.folders[0].free = base::Bytes((std::uint64_t{1} << 30) - 1);
  CHECK(found_in(report).expected == "at least 1G");
  report.nodes[0].facts.folders[0].problem = "Read-only file system";
  CHECK(found_in(report).found == "/tmp: Read-only file system");
}

TEST_CASE("locked memory matters beside a fabric only") {
  auto report = ring();
  report.nodes[1].facts.fabric = {"mlx5_0"};
  const auto finding = found_in(report);
  CHECK(finding.where == "n2");
  CHECK(finding.found == "ranks may lock 8M of memory, beside mlx5_0");
  report.nodes[1].facts.memlock.reset();
  CHECK(judged(report).findings.empty());
}

TEST_CASE("a rank that is bound elsewhere is found, one that is to be free is not") {
  auto report = ring();
  report.nodes[3].facts.cpus = model::CpuSet::range(0, 8);
  const auto finding = found_in(report);
  CHECK(finding.where == "n4");
  CHECK(finding.found == "the rank may use the hardware threads 0-7");
  report.nodes[3].facts.wanted_cpus = {};
  CHECK(judged(report).findings.empty());
}

TEST_CASE("a host name without an address is found, one of loopback noted") {
  auto report = ring();
  report.nodes[1].facts.unresolved = "Name or service not known";
  CHECK(found_in(report).found == "its host name 'n2' has no address: Name or service not known");
  report.nodes[1].facts.unresolved.clear();
  report.nodes[1].facts.is_loopback = true;
  report.nodes[2].facts.is_loopback = true;
  report = judged(report);
  CHECK(report.findings.empty());
  CHECK(has_note(report, "n[2-3]: the host name resolves to a loopback address only"));
}

TEST_CASE("a version that differs from most is found, a missing library noted") {
  auto report = ring();
  report.nodes[2].facts.libraries["PMIx"] = "OpenPMIx 5.0.0";
  const auto finding = found_in(report);
  CHECK(finding.where == "n3");
  CHECK(finding.found == "PMIx OpenPMIx 5.0.0");
  CHECK(finding.expected == "OpenPMIx 4.2.2, as on n[1-2,4]");
  report.nodes[2].facts.libraries.clear();
  report.nodes[2].facts.n_gpus = 2;
  report.nodes[2].facts.stack_tool.clear();
  report = judged(report);
  CHECK(report.findings.empty());
  CHECK(has_note(report, "n3: no PMIx is found"));
  CHECK(has_note(report, "GPUs seen differ: 0 on n[1-2,4], 2 on n3"));
  CHECK(has_note(report, "n3: neither gdb nor eu-stack"));
}

TEST_CASE("one node is judged alone") {
  auto report = ring();
  report.nodes.resize(1);
  report.hops.clear();
  report.allreduce.reset();
  report = judged(report);
  CHECK(report.findings.empty());
  CHECK(has_note(report, "one node has no links"));
}

TEST_CASE("in a round each place has one hop at most, and all hops are in one round") {
  for (std::size_t n = 2; n < 9; ++n) {
    CAPTURE(n);
    std::vector<int> times(n, 0);
    const auto rounds = doctor::rounds_of(n);
    CHECK(rounds.size() == (n % 2 == 0 ? 2U : 3U));
    for (const auto& round : rounds) {
      std::vector<int> busy(n, 0);
      for (const auto hop : round) {
        ++times[hop];
        ++busy[hop];
        ++busy[(hop + 1) % n];
      }
      CHECK(std::ranges::max(busy) == 1);
    }
    CHECK(times == std::vector<int>(n, 1));
  }
  CHECK(doctor::rounds_of(0).empty());
}
