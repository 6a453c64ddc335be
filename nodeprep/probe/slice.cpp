#include "nodeprep/probe/slice.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "lib/base/text.h"

namespace probe {

namespace {

/// Gives the domains of the machine that a slice touches numbers of their own.
class Domains {
 public:
  explicit Domains(const model::Topology& machine) : machine_(machine) {}

  void touch(int machine_index) { numbers_.try_emplace(machine_index, 0); }

  std::vector<model::NumaDomain> number() {
    std::vector<model::NumaDomain> domains;
    for (auto& [machine_index, slice_index] : numbers_) {
      slice_index = static_cast<int>(domains.size());
      domains.push_back(machine_.numa[static_cast<std::size_t>(machine_index)]);
    }
    return domains;
  }

  int of(int machine_index) const { return numbers_.at(machine_index); }
  std::optional<int> find(int machine_index) const {
    const auto at = numbers_.find(machine_index);
    return at == numbers_.end() ? std::nullopt : std::optional(at->second);
  }

 private:
  const model::Topology& machine_;
  std::map<int, int> numbers_;  // of the machine, of the slice
};

std::vector<model::Core> cores_of(const model::Topology& machine, int first, int count) {
  std::vector<model::Core> cores;
  cores.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(first + i) % machine.cores.size();
    cores.push_back(machine.cores[at]);
  }
  return cores;
}

base::Result<std::vector<model::Gpu>> gpus_of(const model::Topology& machine,
                                              const model::GpuSet& wanted) {
  std::vector<model::Gpu> gpus;
  for (const int index : wanted.members()) {
    if (static_cast<std::size_t>(index) >= machine.gpus.size()) {
      return base::fail(
          base::Code::invalid,
          fmt::format("GPU {} does not exist: the machine has {}", index,
                      base::plural(static_cast<std::int64_t>(machine.gpus.size()), "GPU")));
    }
    gpus.push_back(machine.gpus[static_cast<std::size_t>(index)]);
  }
  return gpus;
}

base::Bytes memory_of(const model::Topology& machine, const Slice& slice, std::size_t n_cores) {
  if (slice.memory) return std::min(*slice.memory, machine.memory);
  const std::size_t share = std::min(n_cores, machine.cores.size());
  return base::Bytes(machine.memory.count() / machine.cores.size() * share);
}

}  // namespace

base::Result<model::Topology> cut(const model::Topology& machine, const Slice& slice) {
  if (machine.cores.empty()) return base::fail(base::Code::invalid, "no core was found");
  const int n_machine = static_cast<int>(machine.cores.size());
  const int count = slice.n_cores.value_or(n_machine);
  const model::GpuSet none_or_all =
      slice.n_cores ? model::GpuSet()
                    : model::GpuSet::range(0, static_cast<int>(machine.gpus.size()));

  auto gpus = gpus_of(machine, slice.gpus.value_or(none_or_all));
  if (!gpus) return std::unexpected(std::move(gpus).error());

  model::Topology node;
  node.cores = cores_of(machine, slice.first_core, count);
  node.gpus = *std::move(gpus);
  node.memory = memory_of(machine, slice, static_cast<std::size_t>(count));
  node.oversubscribed = slice.shared || count > n_machine;

  Domains domains(machine);
  for (const model::Core& core : node.cores) domains.touch(core.numa);
  for (const model::Gpu& gpu : node.gpus) domains.touch(gpu.numa);
  node.numa = domains.number();
  for (model::Core& core : node.cores) core.numa = domains.of(core.numa);
  for (model::Gpu& gpu : node.gpus) gpu.numa = domains.of(gpu.numa);
  node.nics = machine.nics;
  for (model::Nic& nic : node.nics) nic.numa = nic.numa ? domains.find(*nic.numa) : std::nullopt;
  return node;
}

}  // namespace probe
