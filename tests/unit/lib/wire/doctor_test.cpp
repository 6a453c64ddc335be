#include "lib/wire/doctor.h"

#include "tests/support/catch.h"

namespace {

using namespace std::chrono_literals;

/// With every field set.
model::DoctorReport full() {
  model::DoctorReport report;
  model::NodeFacts facts;
  facts.host_name = "host";
  facts.unresolved = "no such name";
  facts.is_loopback = true;
  facts.folders = {{"/tmp", base::Bytes(std::uint64_t{1} << 60), "full"}};
  facts.memlock = base::Bytes(65536);
  facts.fabric = {"mlx5_0"};
  facts.stack_tool = "gdb";
  facts.cpus = model::CpuSet::range(3, 4);
  facts.wanted_cpus = model::CpuSet::range(0, 2);
  facts.libraries = {{"Open MPI", "4.1.4"}, {"PMIx", "4.2.2"}};
  facts.n_gpus = 8;
  report.nodes = {{"n1", "silent", "machine", -1500001us, facts}, {.node = "n2"}};
  report.hops = {{"n1", "n2", "cut", 17us, std::uint64_t{1} << 40}};
  report.allreduce = {"problem", {"n2"}, 3us, base::Bytes(4096), 12345678us};
  report.start_up = {"late", 7us};
  report.findings = {{"n1", "found", "expected", "advice"}};
  report.notes = {"a note"};
  report.left_out = {{"n3", "busy"}};
  return report;
}

}  // namespace

TEST_CASE("a doctor's report comes back from its JSON as it was") {
  for (const auto& report : {full(), model::DoctorReport{}}) {
    const auto text = wire::to_json(report);
    CHECK(text.find('\n') == std::string::npos);
    const auto back = wire::doctor_report_from_json(text);
    REQUIRE(back);
    CHECK(*back == report);
  }
  const auto facts = full().nodes.front().facts;
  CHECK(wire::node_facts_from_json(wire::to_json(facts)).value() == facts);
}

TEST_CASE("a doctor's report with impossible values is refused, naming the field") {
  const auto error_of = [](std::string_view json) {
    const auto report = wire::doctor_report_from_json(json);
    REQUIRE_FALSE(report);
    CHECK(report.error().code == base::Code::corrupt);
    return report.error().text;
  };
  CHECK(error_of(R"({"nodes":[{}]})").find("node") != std::string::npos);
  CHECK(error_of(R"({"hops":[{"from":"a","to":"b","latency_seconds":1e300}]})")
            .find("latency_seconds is no time") != std::string::npos);
  CHECK(error_of(R"({"hops":[{"from":"a","to":"b","bytes_per_second":-1}]})")
            .find("bytes_per_second is no rate") != std::string::npos);
  CHECK(error_of(R"({"nodes":[{"node":"a","facts":{"cpus":"x"}}]})").find("cpus") !=
        std::string::npos);
}
