#include "doctor/judge/gpus.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/text.h"
#include "lib/model/gpu_card.h"

namespace doctor {

namespace {

using model::DoctorReport;
using model::GpuCheck;

struct GpuRate {
  const char* what;
  double GpuCheck::* value;
  const char* unit;
  const char* advice;
};

constexpr const char* bus_advice =
    "look at the slot's width and speed (nvidia-smi -q -d PCIE, lspci -vv), at the power state of "
    "the bus, and at what else uses it";
constexpr const char* heat_advice =
    "look at clocks, temperature and limits (nvidia-smi -q -d CLOCK,PERFORMANCE,TEMPERATURE), and "
    "at what else runs there";

constexpr std::array gpu_rates{
    GpuRate{"products of matrices", &GpuCheck::flops_per_second, "FLOP/s", heat_advice},
    GpuRate{"copies to the GPU", &GpuCheck::to_device, "B/s", bus_advice},
    GpuRate{"copies from the GPU", &GpuCheck::from_device, "B/s", bus_advice},
    GpuRate{"copies within the GPU", &GpuCheck::within, "B/s", heat_advice},
    GpuRate{"allreduce in the node", &GpuCheck::sums_in_node, "B/s",
            "look at the links between the GPUs (nvidia-smi topo -m, nvidia-smi nvlink -s)"},
    GpuRate{
        "allreduce between nodes", &GpuCheck::sums_between_nodes, "B/s",
        "look at the network cards beside the GPUs, their links, and what NCCL says of its ways "
        "(NCCL_DEBUG=INFO)"},
};

/// "52.1 GB/s".
std::string gpu_rate_text(double rate, std::string_view unit) {
  constexpr std::array prefixes{"", "k", "M", "G", "T"};
  std::size_t power = 0;
  while (rate >= 1000 && power + 1 < prefixes.size()) {
    rate /= 1000;
    ++power;
  }
  const auto tenths = static_cast<std::int64_t>(rate * 10 + 0.5);
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + ' ' + prefixes[power] +
         std::string(unit);
}

/// Of one kind of GPU and way to compute, which alone can be compared.
std::string kind_of(const model::GpuChecks& checks, const GpuCheck& gpu, const GpuRate& rate) {
  if (rate.value == &GpuCheck::flops_per_second) return gpu.name + " by " + gpu.product_by;
  if (rate.value != &GpuCheck::sums_in_node) return gpu.name;
  return gpu.name + ", one of " + std::to_string(checks.gpus.size());
}

struct Usuals {
  std::map<std::string, double> medians;  // by kind
};

Usuals usuals_of(const DoctorReport& report, const GpuRate& rate) {
  std::map<std::string, std::vector<double>> values;
  for (const auto& node : report.nodes) {
    if (!node.gpu_checks) continue;
    for (const auto& gpu : node.gpu_checks->gpus) {
      if (gpu.*rate.value > 0)
        values[kind_of(*node.gpu_checks, gpu, rate)].push_back(gpu.*rate.value);
    }
  }
  Usuals usuals;
  for (auto& [kind, all] : values) {
    if (all.size() < gpu_thresholds.least_peers) continue;
    std::ranges::sort(all);
    const auto middle = all.size() / 2;
    usuals.medians[kind] = all.size() % 2 == 1 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
  }
  return usuals;
}

std::string place_of(const model::NodeCheck& node, const GpuCheck& gpu) {
  return gpu.uuid.empty() ? node.node : node.node + ", " + gpu.uuid;
}

void judge_faults(const model::NodeCheck& node, const GpuCheck& gpu, DoctorReport& report) {
  const bool is_damage =
      gpu.wrong_words + gpu.wrong_products + gpu.wrong_copies + gpu.wrong_sums > 0;
  for (auto& fault : model::faults_of(gpu)) {
    report.findings.push_back(
        {place_of(node, gpu), std::move(fault),
         is_damage ? "right results, always" : "a GPU on which every call succeeds",
         is_damage ? "take the GPU out of service: results of jobs are damaged (nvidia-smi -q -d "
                     "ECC,PAGE_RETIREMENT, dcgmi diag)"
                   : "look at the kernel's log for Xid, and at muster-gpucheck on the node"});
  }
}

void judge_rates(const model::NodeCheck& node, const GpuCheck& gpu,
                 const std::array<Usuals, gpu_rates.size()>& usuals, DoctorReport& report) {
  std::vector<std::string> told;
  for (std::size_t i = 0; i < gpu_rates.size(); ++i) {
    const auto& rate = gpu_rates[i];
    const auto usual = usuals[i].medians.find(kind_of(*node.gpu_checks, gpu, rate));
    const double found = gpu.*rate.value;
    if (found <= 0 || usual == usuals[i].medians.end()) continue;
    if (found >= usual->second * gpu_thresholds.median_part) continue;
    told.emplace_back(rate.what);
    report.findings.push_back(
        {place_of(node, gpu), std::string(rate.what) + ": " + gpu_rate_text(found, rate.unit),
         "about " + gpu_rate_text(usual->second, rate.unit) + ", the median of " + gpu.name,
         rate.advice});
  }
  for (const auto& less : model::below_card(gpu, gpu_thresholds.card_part)) {
    if (std::ranges::count(told, less.what) > 0) continue;
    const auto* rate = std::ranges::find(gpu_rates, less.what, &GpuRate::what);
    report.findings.push_back(
        {place_of(node, gpu), less.what + ": " + gpu_rate_text(less.found, less.unit),
         "at least " + gpu_rate_text(less.expected, less.unit) + " of a " + gpu.name,
         rate == gpu_rates.end() ? heat_advice : rate->advice});
  }
}

/// A GPU that has fallen off its bus is not among those that the program sees. Nodes may have fewer
/// than others: those that a rank was given are the measure.
void judge_missing(DoctorReport& report) {
  for (const auto& node : report.nodes) {
    if (!node.gpu_checks || !node.gpu_checks->problem.empty()) continue;
    const auto n_checked = static_cast<int>(node.gpu_checks->gpus.size());
    if (n_checked >= node.gpu_checks->n_given) continue;
    report.findings.push_back(
        {node.node,
         base::plural(n_checked, "GPU") + (n_checked == 1 ? " was" : " were") + " checked",
         std::to_string(node.gpu_checks->n_given) + ", as the job was given there",
         "look whether one has fallen off its bus (lspci, the kernel's log for Xid 79)"});
  }
}

}  // namespace

void judge_gpu_checks(DoctorReport& report) {
  std::array<Usuals, gpu_rates.size()> usuals;
  for (std::size_t i = 0; i < gpu_rates.size(); ++i) usuals[i] = usuals_of(report, gpu_rates[i]);
  for (const auto& node : report.nodes) {
    if (!node.gpu_checks) continue;
    const auto& checks = *node.gpu_checks;
    if (!checks.problem.empty()) {
      report.findings.push_back({node.node, checks.problem, "GPUs that can be checked",
                                 "see nvidia-smi there, and muster-gpucheck(1)"});
    }
    for (const auto& gpu : checks.gpus) {
      judge_faults(node, gpu, report);
      judge_rates(node, gpu, usuals, report);
    }
  }
  judge_missing(report);
}

}  // namespace doctor
