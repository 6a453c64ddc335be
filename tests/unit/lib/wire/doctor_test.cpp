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
  const model::GpuCheck gpu{"GPU-1",   "card",   "failed", 1,    2,   3,   4,
                            "address", "cuBLAS", 5.5,      6,    7e9, 8e9, 9e9,
                            10,        "none",   11e9,     12e9, 13};
  report.nodes = {
      {"n1", "silent", "machine", -1500001us, facts, model::GpuChecks{"late", {gpu}, 8}},
      {.node = "n2"}};
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
  const auto checks = full().nodes.front().gpu_checks.value();
  CHECK(wire::gpu_checks_from_json(wire::to_json(checks)).value() == checks);
}

TEST_CASE("a line of muster-gpucheck is read, with numbers as they are") {
  const auto gpu = wire::gpu_check_from_json(
      R"({"uuid":"GPU-1","wrong_words":9007199254740993,"to_device_bytes_per_second":5.5e+10})");
  REQUIRE(gpu);
  CHECK(gpu->wrong_words == 9007199254740993u);
  CHECK(gpu->to_device == 5.5e10);
  CHECK_FALSE(wire::gpu_check_from_json("{}"));
  CHECK_FALSE(wire::gpu_check_from_json(R"({"uuid":"a","flops_per_second":-1})"));
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
