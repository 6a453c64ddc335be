#include "lib/model/condition.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "lib/base/text.h"

namespace model {

namespace {

constexpr std::array<std::pair<Fitness, std::string_view>, 3> fitnesses{
    {{Fitness::ready, "ready"},
     {Fitness::preparing, "preparing"},
     {Fitness::unusable, "unusable"}}};

}  // namespace

std::string_view to_text(Fitness fitness) {
  return fitnesses[static_cast<std::size_t>(fitness)].second;
}

std::optional<Fitness> fitness_from_text(std::string_view text) {
  for (const auto& [fitness, name] : fitnesses) {
    if (name == text) return fitness;
  }
  return std::nullopt;
}

std::string basis_of(const NodeCare& care) {
  if (care.setup.empty() && !care.has_checks()) return {};
  const auto mounts = care.mounts.empty() ? "" : "\nmounts " + base::join(care.mounts, " ");
  return fmt::format("setup {}\nchecks {} {} {}{}\nhealth {}{}", care.setup, care.checks,
                     care.free_disk.count(), care.free_memory.count(),
                     care.gpu_full_link ? " gpu_full_link" : "", care.health, mounts);
}

GpuSet gpus_of(const std::vector<FailingGpu>& failing) {
  GpuSet gpus;
  for (const auto& each : failing) gpus |= GpuSet::range(each.gpu, 1);
  return gpus;
}

std::string describe(const FailingGpu& failing) {
  return fmt::format("GPU {} is out of service: {}", failing.gpu,
                     base::printable(failing.reason, 300));
}

std::string last_lines(std::string_view output, std::size_t limit) {
  output = base::trim(output);
  if (output.size() <= limit) return std::string(output);
  output.remove_prefix(output.size() - limit);
  const auto line = output.find('\n');
  if (line != std::string_view::npos) output.remove_prefix(line + 1);
  return std::string(output);
}

std::string describe(std::string_view node, const NodeCondition& condition) {
  switch (condition.fitness) {
    case Fitness::ready:
      return {};
    case Fitness::preparing:
      return fmt::format("node {} is being prepared: {}", node,
                         base::printable(condition.reason, 300));
    case Fitness::unusable:
      return fmt::format("node {} is unusable: {}", node, base::printable(condition.reason, 300));
  }
  return {};
}

}  // namespace model
