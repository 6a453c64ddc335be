#include "doctor/judge/gpus.h"

#include <algorithm>
#include <string>

#include "tests/support/catch.h"

namespace {

model::GpuCheck sound_gpu(const std::string& uuid) {
  model::GpuCheck gpu{.uuid = uuid, .name = "NVIDIA H100 80GB HBM3"};
  gpu.product_by = "cuBLAS";
  gpu.flops_per_second = 50e12;
  gpu.to_device = gpu.from_device = 55e9;
  gpu.within = 2900e9;
  gpu.sums_in_node = 360e9;
  gpu.sums_between_nodes = 90e9;
  return gpu;
}

/// Nodes n1 ... with two GPUs each.
model::DoctorReport pool(int n_nodes) {
  model::DoctorReport report;
  for (int i = 1; i <= n_nodes; ++i) {
    model::NodeCheck node{.node = "n" + std::to_string(i)};
    node.facts.n_gpus = 2;
    node.gpu_checks.emplace();
    node.gpu_checks->n_given = 2;
    for (int gpu = 0; gpu < 2; ++gpu) {
      node.gpu_checks->gpus.push_back(sound_gpu("GPU-" + std::to_string(i) + std::to_string(gpu)));
    }
    report.nodes.push_back(node);
  }
  return report;
}

model::GpuCheck& gpu_of(model::DoctorReport& report, std::size_t node, std::size_t gpu = 0) {
  return report.nodes.at(node).gpu_checks->gpus.at(gpu);
}

/// The only finding.
model::Finding gpu_finding(model::DoctorReport report) {
  doctor::judge_gpu_checks(report);
  REQUIRE(report.findings.size() == 1);
  return report.findings.front();
}

}  // namespace

TEST_CASE("of GPUs that are all well nothing is found, nor of nodes without checks") {
  auto report = pool(4);
  report.nodes.push_back({.node = "n5"});
  doctor::judge_gpu_checks(report);
  CHECK(report.findings.empty());
  CHECK(report.notes.empty());
}

TEST_CASE("a GPU with half the bandwidth of the others is named with their median") {
  auto report = pool(4);
  gpu_of(report, 2, 1).from_device = 27e9;
  const auto finding = gpu_finding(report);
  CHECK(finding.where == "n3, GPU-31");
  CHECK(finding.found == "copies from the GPU: 27.0 GB/s");
  CHECK(finding.expected == "about 55.0 GB/s, the median of NVIDIA H100 80GB HBM3");
}

TEST_CASE("one that is slower by a tenth is not named") {
  auto report = pool(4);
  gpu_of(report, 2).within = 2600e9;
  doctor::judge_gpu_checks(report);
  CHECK(report.findings.empty());
}

TEST_CASE("a slow allreduce between nodes is that of its node") {
  auto report = pool(3);
  gpu_of(report, 1).sums_between_nodes = gpu_of(report, 1, 1).sums_between_nodes = 40e9;
  doctor::judge_gpu_checks(report);
  REQUIRE(report.findings.size() == 2);
  CHECK(report.findings[0].where == "n2, GPU-20");
  CHECK(report.findings[0].found == "allreduce between nodes: 40.0 GB/s");
}

TEST_CASE("wrong results are findings, however fast they came") {
  auto report = pool(3);
  gpu_of(report, 0).wrong_sums = 3;
  const auto finding = gpu_finding(report);
  CHECK(finding.where == "n1, GPU-10");
  CHECK(finding.found == "3 numbers of an allreduce are wrong");
  CHECK(finding.advice.starts_with("take the GPU out of service"));
}

TEST_CASE("where all GPUs are slow, what the card can do says so") {
  auto report = pool(1);
  for (std::size_t i = 0; i < 2; ++i) gpu_of(report, 0, i).to_device = 12e9;
  doctor::judge_gpu_checks(report);
  REQUIRE(report.findings.size() == 2);
  CHECK(report.findings[0].expected == "at least 25.6 GB/s of a NVIDIA H100 80GB HBM3");
}

TEST_CASE("products by cuBLAS are not compared with those by our own kernel") {
  auto report = pool(4);
  gpu_of(report, 3).product_by = "kernel";
  gpu_of(report, 3).flops_per_second = 5e12;
  doctor::judge_gpu_checks(report);
  CHECK(report.findings.empty());
}

TEST_CASE("a node with a GPU less than its rank was given is named, whatever others have") {
  auto report = pool(1);
  report.nodes[0].gpu_checks->gpus.pop_back();
  const auto finding = gpu_finding(report);
  CHECK(finding.where == "n1");
  CHECK(finding.found == "1 GPU was checked");
  CHECK(finding.expected == "2, as the job was given there");
}

TEST_CASE("nodes may have fewer GPUs than others, and a part of their machine's") {
  auto report = pool(3);
  report.nodes[1].gpu_checks->gpus.pop_back();
  report.nodes[1].gpu_checks->n_given = 1;
  report.nodes[2].facts.n_gpus = 8;
  doctor::judge_gpu_checks(report);
  CHECK(report.findings.empty());
}

TEST_CASE("sums in a node are compared with those of as many GPUs") {
  auto report = pool(4);
  auto& many = *report.nodes[3].gpu_checks;
  for (int i = 2; i < 8; ++i) many.gpus.push_back(sound_gpu("GPU-4" + std::to_string(i)));
  for (auto& gpu : many.gpus) gpu.sums_in_node = 480e9;
  many.n_given = 8;
  for (std::size_t i = 0; i < 3; ++i) {
    for (auto& gpu : report.nodes[i].gpu_checks->gpus) gpu.sums_in_node = 280e9;
  }
  doctor::judge_gpu_checks(report);
  CHECK(report.findings.empty());
}

TEST_CASE("a node whose program said nothing is named with why") {
  auto report = pool(3);
  report.nodes[2].gpu_checks = model::GpuChecks{.problem = "cannot start muster-gpucheck"};
  const auto finding = gpu_finding(report);
  CHECK(finding.where == "n3");
  CHECK(finding.found == "cannot start muster-gpucheck");
}
