#include "cli/render/doctor.h"

#include "tests/support/catch.h"

namespace {

using namespace std::chrono_literals;

model::NodeCheck node(const std::string& name) {
  model::NodeCheck check;
  check.node = name;
  check.facts.folders = {{"/tmp", base::Bytes(std::uint64_t{3} << 30), ""}};
  check.facts.cpus = model::CpuSet::range(0, 2);
  check.facts.libraries = {{"PMIx", "OpenPMIx 4.2.2"}};
  return check;
}

}  // namespace

TEST_CASE("a report shows nodes, links and the sum, and ends with the verdict") {
  model::DoctorReport report;
  report.nodes = {node("n1"), node("n2")};
  report.nodes[1].clock_offset = -1500us;
  report.hops = {{"n1", "n2", "", 120us, std::uint64_t{1} << 30},
                 {"n2", "n1", "cannot be reached: no answer within 5s", {}, 0}};
  report.allreduce = {
      .problem = {}, .wrong = {}, .token = 1ms, .size = base::Bytes(1 << 20), .took = 1s};
  report.start_up = {"", 2ms};
  CHECK(render::doctor_report(report) ==
        "NODE     CLOCK  BOUND  GPUS  FREE     LIBRARIES\n"
        "n1    +0.000 s  0-1       0  /tmp 3G  OpenPMIx 4.2.2\n"
        "n2    -0.002 s  0-1       0  /tmp 3G  OpenPMIx 4.2.2\n"
        "\n"
        "LINK      LATENCY  BANDWIDTH\n"
        "n1 -> n2  0.12 ms  1G/s\n"
        "n2 -> n1        -  cannot be reached: no answer within 5s\n"
        "\n"
        "A token went round all nodes in 1.00 ms; an allreduce of 1M took 1000.00 ms, 1M/s.\n"
        "\n"
        "All ranks met through their launchers, as MPI programs do, in 2.00 ms.\n"
        "\n"
        "All is well: 2 nodes, 2 links.\n");
}

TEST_CASE("what is found is said with what was expected and what to do") {
  model::DoctorReport report;
  report.nodes = {node("n1")};
  report.nodes[0].problem = "it stopped answering";
  report.notes = {"one node has no links"};
  report.left_out = {{"n2", "busy"}};
  report.findings = {{"n1", "it stopped answering", "an answer", "look at it"}};
  CHECK(render::doctor_report(report) ==
        "NODE  CLOCK  BOUND  GPUS  FREE  LIBRARIES\n"
        "n1        -  -         -  -     it stopped answering\n"
        "\n"
        "left out: n2: busy\n"
        "note: one node has no links\n"
        "\n"
        "n1: it stopped answering\n"
        "  expected: an answer\n"
        "  to do: look at it\n"
        "\n"
        "Found: 1 problem on 1 node, 0 links.\n");
}
