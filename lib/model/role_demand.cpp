#include "lib/model/role_demand.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/base/text.h"

namespace model {

namespace {

using base::Code;
using base::fail;

constexpr std::int64_t most_on_node = 1'000'000;  // cores or GPUs
constexpr std::uint64_t most_bytes_on_node = std::uint64_t{1} << 50;

/// In whole KiB, as of a role; more than any node has where it is more than a number holds.
base::Bytes memory_of_cores(base::Bytes of_each, int cores) {
  constexpr std::uint64_t step = 1024;
  const auto n = static_cast<std::uint64_t>(cores);
  if (of_each.count() > most_bytes_on_node / n) return base::Bytes(most_bytes_on_node + step);
  return base::Bytes((of_each.count() * n + step - 1) / step * step);
}

/// Sums that cannot overflow: each is refused when it passes its limit.
struct Sum {
  std::int64_t tasks = 0;
  std::int64_t cores = 0;
  std::int64_t gpus = 0;
  std::uint64_t memory = 0;

  void add(const Role& role) {
    ++tasks;
    cores += role.cores.value_or(1);
    gpus += role.gpus.value_or(0);
    memory += role.memory.value_or(base::Bytes()).count();
  }
  bool is_too_much() const {
    return cores > most_on_node || gpus > most_on_node || memory > most_bytes_on_node;
  }
};

base::Result<Demand> demand_of(const Roles& roles, const RolePlace* first, int n_tasks) {
  Sum sum;
  for (int i = 0; i < n_tasks && !sum.is_too_much(); ++i) sum.add(roles[first[i].role]);
  if (sum.is_too_much()) {
    return fail(Code::invalid,
                fmt::format("the roles need more than {} cores, {} GPUs or {} of memory on a node; "
                            "ask for more nodes or smaller ranks",
                            most_on_node, most_on_node, to_text(base::Bytes(most_bytes_on_node))));
  }
  return Demand{.tasks = static_cast<int>(sum.tasks),
                .cores = static_cast<int>(sum.cores),
                .gpus = static_cast<int>(sum.gpus),
                .memory = base::Bytes(sum.memory)};
}

/// What the fullest node needs of each.
base::Result<Demand> largest_demand(const Roles& roles, const std::vector<int>& n_tasks) {
  const auto demands = demand_by_node(roles, n_tasks);
  if (!demands) return std::unexpected(demands.error());
  Demand largest;
  for (const auto& one : *demands) {
    largest.tasks = std::max(largest.tasks, one.tasks);
    largest.cores = std::max(largest.cores, one.cores);
    largest.gpus = std::max(largest.gpus, one.gpus);
    largest.memory = std::max(largest.memory, one.memory);
  }
  return largest;
}

/// How many nodes the ranks are spread over.
base::Result<int> nodes_for(const Shape& shape, const Roles& roles) {
  if (shape.most_nodes && shape.most_nodes != shape.nodes) {
    return fail(Code::invalid,
                fmt::format("--nodes is {}-{}, and roles with cores, GPUs or memory of their own "
                            "need one number of nodes",
                            shape.nodes.value_or(1), *shape.most_nodes));
  }
  if (shape.nodes) return *shape.nodes;
  if (!shape.tasks_per_node) return 1;
  const auto ranks = n_ranks(roles, std::nullopt);
  if (!ranks) return ranks;
  return (*ranks + *shape.tasks_per_node - 1) / *shape.tasks_per_node;
}

std::unexpected<base::Error> too_little(std::string_view option, std::string_view given,
                                        std::string_view needed, std::string_view where) {
  return fail(Code::invalid, fmt::format("{} is {}, and the roles need {} {}; leave out {}", option,
                                         given, needed, where, option));
}

/// What the request says itself of a node has to be enough.
base::Result<void> check_enough(const Shape& shape, const Demand& needed) {
  constexpr std::string_view fullest = "on the fullest node";
  if (shape.tasks_per_node && *shape.tasks_per_node < needed.tasks) {
    return too_little("--ntasks-per-node", fmt::format("{}", *shape.tasks_per_node),
                      base::plural(needed.tasks, "rank"), fullest);
  }
  if (shape.gpus_per_node > 0 && shape.gpus_per_node < needed.gpus) {
    return too_little("--gpus-per-node", fmt::format("{}", shape.gpus_per_node),
                      base::plural(needed.gpus, "GPU"), fullest);
  }
  if (shape.memory_per_node && *shape.memory_per_node < needed.memory) {
    return too_little("--mem", to_text(*shape.memory_per_node), to_text(needed.memory), fullest);
  }
  return {};
}

}  // namespace

Roles with_defaults(Roles roles, const RankDefaults& defaults) {
  const bool have_gpus = defaults.gpus > 0 || std::ranges::any_of(roles, [](const Role& role) {
                           return role.gpus.has_value();
                         });
  for (auto& role : roles) {
    if (!role.cores) role.cores = defaults.cores;
    if (!role.gpus && have_gpus) role.gpus = role.serves ? 0 : defaults.gpus;
    if (!role.memory && defaults.memory_per_core > base::Bytes())
      role.memory = memory_of_cores(defaults.memory_per_core, *role.cores);
  }
  return roles;
}

base::Result<std::vector<Demand>> demand_by_node(const Roles& roles,
                                                 const std::vector<int>& n_tasks) {
  const auto places = place_roles(roles, n_tasks);
  std::vector<Demand> demands;
  std::size_t first = 0;
  for (const int n : n_tasks) {
    auto demand = demand_of(roles, places.data() + first, n);
    if (!demand) return std::unexpected(demand.error());
    demands.push_back(*demand);
    first += static_cast<std::size_t>(n);
  }
  return demands;
}

base::Result<void> size_for_roles(Shape& shape, Roles& roles) {
  const auto nodes = nodes_for(shape, roles);
  if (!nodes) return std::unexpected(nodes.error());
  for (const auto& result :
       {in_range("--nodes", *nodes, 1), in_range("--cpus-per-task", shape.cpus_per_task, 1),
        in_range("--gpus-per-task", shape.gpus_per_task, 0)}) {
    if (!result) return result;
  }
  const auto ranks = n_ranks(roles, *nodes);
  if (!ranks) return std::unexpected(ranks.error());
  if (*ranks < *nodes) {
    return fail(Code::invalid,
                fmt::format("--nodes is {}, and the roles have {}: every node needs "
                            "one; ask for at most {}",
                            *nodes, base::plural(*ranks, "rank"), base::plural(*ranks, "node")));
  }
  if (shape.tasks && *shape.tasks != *ranks) {
    return fail(Code::invalid, fmt::format("--ntasks is {}, and the roles have {}; leave out "
                                           "--ntasks",
                                           *shape.tasks, base::plural(*ranks, "rank")));
  }
  auto sized =
      with_defaults(roles, {.cores = shape.cpus_per_task,
                            .gpus = shape.gpus_per_task,
                            .memory_per_core = shape.memory_per_cpu.value_or(base::Bytes())});
  const auto needed = largest_demand(sized, even_blocks(*ranks, *nodes));
  if (!needed) return std::unexpected(needed.error());
  if (auto enough = check_enough(shape, *needed); !enough) return enough;
  roles = std::move(sized);
  shape.nodes = *nodes;
  shape.most_nodes.reset();
  shape.tasks = *nodes;
  shape.tasks_per_node.reset();
  shape.cpus_per_task = needed->cores;
  shape.gpus_per_task = 0;
  shape.gpus_per_node = std::max(shape.gpus_per_node, needed->gpus);
  shape.memory_per_cpu.reset();
  if (needed->memory > shape.memory_per_node.value_or(base::Bytes()))
    shape.memory_per_node = needed->memory;
  return {};
}

}  // namespace model
