#include "lib/model/layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/check.h"

namespace model {

namespace {

constexpr int most = 1'000'000;  // of anything countable in one request

base::Result<void> check_numbers(const Shape& shape) {
  for (const auto& result :
       {in_range("--nodes", shape.nodes, 1), in_range("--nodes", shape.most_nodes, 1),
        in_range("--ntasks", shape.tasks, 1),
        in_range("--ntasks-per-node", shape.tasks_per_node, 1),
        in_range("--cpus-per-task", shape.cpus_per_task, 1),
        in_range("--gpus-per-node", shape.gpus_per_node, 0),
        in_range("--gpus-per-task", shape.gpus_per_task, 0)}) {
    if (!result) return result;
  }
  if (shape.memory_per_node && shape.memory_per_cpu) {
    return base::fail(base::Code::invalid,
                      "--mem and --mem-per-cpu exclude each other; give one of them");
  }
  if (shape.most_nodes && *shape.most_nodes < shape.nodes.value_or(1)) {
    return base::fail(base::Code::invalid,
                      fmt::format("--nodes={}-{} ends below its beginning; give the fewest first",
                                  shape.nodes.value_or(1), *shape.most_nodes));
  }
  if (shape.gpus_per_node > 0 && shape.gpus_per_task > 0) {
    return base::fail(base::Code::invalid,
                      "--gpus-per-node and --gpus-per-task exclude each other; give one of them");
  }
  return {};
}

/// A job whose number of nodes is open has as many tasks on each, or shares the same out.
base::Result<void> set_range(const Shape& shape, Layout& layout) {
  if (!shape.most_nodes || *shape.most_nodes == *layout.nodes) return {};
  layout.most_nodes = *shape.most_nodes;
  if (!shape.tasks) {
    layout.tasks_per_further = shape.tasks_per_node.value_or(1);
  } else if (layout.most_nodes > layout.tasks) {
    return base::fail(base::Code::invalid,
                      fmt::format("up to {} nodes for {} tasks: every node needs a task; ask "
                                  "for at most {} nodes or more tasks",
                                  layout.most_nodes, layout.tasks, layout.tasks));
  }
  return {};
}

/// So that no product below overflows, on one node or on all.
base::Result<void> check_totals(const Layout& layout) {
  constexpr std::uint64_t most_memory = std::uint64_t{1} << 50;
  const auto tasks =
      layout.most_nodes > 0 ? with_nodes(layout, layout.most_nodes).tasks : layout.tasks;
  const auto total = [&](std::int64_t per_task) { return per_task * tasks; };
  if (total(layout.cpus_per_task) > most || total(layout.gpus_per_task) > most) {
    return base::fail(base::Code::invalid,
                      fmt::format("{} tasks with {} cores and {} GPUs each are more than {}", tasks,
                                  layout.cpus_per_task, layout.gpus_per_task, most));
  }
  const auto cores = static_cast<std::uint64_t>(total(layout.cpus_per_task));
  if (layout.memory_per_node.count() > most_memory ||
      layout.memory_per_cpu.count() > most_memory / cores) {
    return base::fail(base::Code::invalid, fmt::format("the request is for more than {} of memory",
                                                       to_text(base::Bytes(most_memory))));
  }
  return {};
}

}  // namespace

base::Result<void> in_range(std::string_view option, std::optional<int> value, int least) {
  if (!value || (*value >= least && *value <= most)) return {};
  return base::fail(base::Code::invalid,
                    fmt::format("{} is {}; expected {} to {}", option, *value, least, most));
}

base::Result<Layout> resolve(const Shape& shape) {
  if (auto numbers = check_numbers(shape); !numbers) return std::unexpected(numbers.error());

  Layout layout;
  layout.nodes = shape.most_nodes ? shape.nodes.value_or(1) : shape.nodes;
  layout.whole_nodes = shape.whole_nodes;
  layout.most_tasks_per_node = shape.tasks_per_node;
  layout.cpus_per_task = shape.cpus_per_task;
  layout.gpus_per_task = shape.gpus_per_task;
  layout.gpus_per_node = shape.gpus_per_node;
  layout.memory_per_node = shape.memory_per_node.value_or(base::Bytes());
  layout.memory_per_cpu = shape.memory_per_cpu.value_or(base::Bytes());

  const std::int64_t per_node = shape.tasks_per_node.value_or(1);
  const std::int64_t tasks = shape.tasks.value_or(
      static_cast<int>(std::min<std::int64_t>(most + 1, per_node * shape.nodes.value_or(1))));
  if (tasks > most) {
    return base::fail(base::Code::invalid,
                      fmt::format("the request is for more than {} tasks", most));
  }
  layout.tasks = static_cast<int>(tasks);
  if (!layout.nodes && shape.tasks_per_node) {
    layout.nodes = static_cast<int>((tasks + per_node - 1) / per_node);
  }
  if (layout.nodes && *layout.nodes > layout.tasks) {
    return base::fail(base::Code::invalid,
                      fmt::format("{} nodes for {} tasks: every node needs a task; ask "
                                  "for at most {} nodes or more tasks",
                                  *layout.nodes, layout.tasks, layout.tasks));
  }
  if (layout.nodes && shape.tasks_per_node && tasks > per_node * *layout.nodes) {
    return base::fail(
        base::Code::invalid,
        fmt::format("{} tasks do not fit on {} nodes with at most {} tasks each; ask for at "
                    "least {} nodes",
                    tasks, *layout.nodes, per_node, (tasks + per_node - 1) / per_node));
  }
  if (auto range = set_range(shape, layout); !range) return std::unexpected(range.error());
  if (auto totals = check_totals(layout); !totals) return std::unexpected(totals.error());
  return layout;
}

Layout with_nodes(const Layout& layout, int nodes) {
  base::check(layout.nodes.has_value(), "the least number of nodes is known");
  auto sized = layout;
  sized.tasks += (nodes - *layout.nodes) * layout.tasks_per_further;
  sized.nodes = nodes;
  sized.most_nodes = 0;
  sized.tasks_per_further = 0;
  return sized;
}

Demand demand_of(const Layout& layout, int tasks) {
  Demand demand;
  demand.tasks = tasks;
  demand.cores = tasks * layout.cpus_per_task;
  demand.gpus = layout.gpus_per_node + tasks * layout.gpus_per_task;
  demand.memory =
      layout.memory_per_node + layout.memory_per_cpu * static_cast<std::uint64_t>(demand.cores);
  return demand;
}

std::vector<int> even_blocks(int tasks, int nodes) {
  std::vector<int> blocks(static_cast<std::size_t>(nodes), tasks / nodes);
  for (int i = 0; i < tasks % nodes; ++i) ++blocks[static_cast<std::size_t>(i)];
  return blocks;
}

std::vector<int> tasks_by_node(const Layout& layout) {
  base::check(layout.nodes.has_value(), "the number of nodes is known");
  return even_blocks(layout.tasks, *layout.nodes);
}

int n_cores(const Allocation& allocation) {
  int n = 0;
  for (const auto& share : allocation.nodes) n += share.cores.count();
  return n;
}

int n_gpus(const Allocation& allocation) {
  int n = 0;
  for (const auto& share : allocation.nodes) n += share.gpus.count();
  return n;
}

int n_tasks(const Allocation& allocation) {
  int n = 0;
  for (const auto& share : allocation.nodes) n += share.tasks;
  return n;
}

std::vector<std::string> node_names(const Allocation& allocation) {
  std::vector<std::string> names;
  for (const auto& share : allocation.nodes) names.push_back(share.name);
  return names;
}

}  // namespace model
