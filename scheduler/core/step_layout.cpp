#include "scheduler/core/step_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "lib/base/text.h"
#include "lib/model/host_list.h"
#include "lib/model/role_demand.h"

namespace scheduler {

namespace {

using base::Code;
using base::fail;

constexpr int most_of_anything = 1'000'000;  // countable in one request

struct Request {
  int tasks = 1;
  int cpus_per_task = 1;
  int gpus_per_task = 0;
  std::optional<int> nodes;
  std::optional<int> tasks_per_node;
  bool overcommit = false;
};

base::Result<void> check_numbers(const model::StepSpec& spec) {
  using model::in_range;
  for (const auto& result :
       {in_range("--nodes", spec.nodes, 1), in_range("--ntasks", spec.tasks, 1),
        in_range("--ntasks-per-node", spec.tasks_per_node, 1),
        in_range("--cpus-per-task", spec.cpus_per_task, 1),
        in_range("--gpus-per-task", spec.gpus_per_task, 0)}) {
    if (!result) return result;
  }
  return {};
}

/// Ranks without a command of their role run the step's program.
base::Result<void> check_programs(const model::StepSpec& spec, const model::Roles& roles) {
  if (!spec.arguments.empty() || spec.map_only) return {};
  const auto without = std::ranges::find(roles, "", &model::Role::command);
  if (roles.empty())
    return fail(Code::invalid, "expected a program to run: muster run [OPTIONS] PROGRAM");
  if (without == roles.end()) return {};
  return fail(Code::invalid, fmt::format("role {} has no program to run; give one for the step, or "
                                         "a command of the role (--role '{}=COMMAND')",
                                         without->name, to_text(*without)));
}

/// What the roles make of the number of tasks.
base::Result<void> count_ranks(const model::Roles& roles, int n_nodes, Request& request,
                               bool are_given) {
  if (roles.empty()) return {};
  const auto ranks = model::n_ranks(roles, n_nodes);
  if (!ranks) return std::unexpected(ranks.error());
  if (are_given && *ranks != request.tasks) {
    return fail(Code::invalid,
                fmt::format("the roles have {}, and {} asked for; leave out --ntasks",
                            base::plural(*ranks, "rank"), base::plural(request.tasks, "task")));
  }
  request.tasks = *ranks;
  return {};
}

Request request_of(const Job& job, const model::Allocation& allocation,
                   const model::StepSpec& spec) {
  Request request;
  request.cpus_per_task = spec.cpus_per_task.value_or(job.layout.cpus_per_task);
  if (spec.binding.fill && !spec.cpus_per_task) request.cpus_per_task = 1;
  request.gpus_per_task = spec.gpus_per_task.value_or(job.layout.gpus_per_task);
  request.nodes = spec.nodes;
  request.tasks_per_node = spec.tasks_per_node;
  request.overcommit = spec.binding.overcommit;
  const int n_nodes = spec.nodes.value_or(static_cast<int>(allocation.nodes.size()));
  if (spec.tasks) {
    request.tasks = *spec.tasks;
  } else if (spec.tasks_per_node) {
    request.tasks = static_cast<int>(
        std::min<std::int64_t>(most_of_anything + 1, std::int64_t{n_nodes} * *spec.tasks_per_node));
  } else if (spec.nodes) {
    const auto& nodes = allocation.nodes;
    const auto n = std::min(static_cast<std::size_t>(n_nodes), nodes.size());
    request.tasks =
        std::accumulate(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(n), 0,
                        [](int sum, const auto& share) { return sum + share.tasks; });
  } else {
    request.tasks = model::n_tasks(allocation);
  }
  return request;
}

/// The most tasks of the request that each node of the allocation has room for.
std::vector<int> room(const model::Allocation& allocation, const Request& request) {
  std::vector<int> most;
  for (const auto& share : allocation.nodes) {
    int tasks = request.overcommit ? request.tasks : share.cores.count() / request.cpus_per_task;
    if (request.gpus_per_task > 0)
      tasks = std::min(tasks, share.gpus.count() / request.gpus_per_task);
    if (request.tasks_per_node) tasks = std::min(tasks, *request.tasks_per_node);
    most.push_back(tasks);
  }
  return most;
}

/// Even blocks over the first `n` nodes, the earlier taking one more; what a full node cannot take
/// goes on to the next with room.
std::vector<int> spread(int tasks, std::size_t n, const std::vector<int>& most) {
  std::vector<int> placed(most.size(), 0);
  int left = tasks;
  for (std::size_t i = 0; i < n; ++i) {
    const int even = left / static_cast<int>(n - i) + (left % static_cast<int>(n - i) != 0 ? 1 : 0);
    placed[i] = std::min(even, most[i]);
    left -= placed[i];
  }
  for (std::size_t i = 0; i < n && left > 0; ++i) {
    const int more = std::min(left, most[i] - placed[i]);
    placed[i] += more;
    left -= more;
  }
  return placed;
}

/// `placed`, if each of the first `n` nodes has the ranks that roles want of every node.
base::Result<std::vector<int>> with_room_for_each_node(const model::Roles& roles,
                                                       const model::Allocation& allocation, int n,
                                                       std::vector<int> placed) {
  int wanted = 0;
  for (const auto& role : roles) wanted += role.per_node ? role.count : 0;
  if (wanted == 0) return placed;
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    if (placed[i] >= wanted) continue;
    return fail(Code::invalid,
                fmt::format("roles want {} of every node, and {} of the step would be on {}; run "
                            "fewer ranks of the others, or smaller ones",
                            base::plural(wanted, "rank"), placed[i],
                            base::printable(allocation.nodes[i].name)));
  }
  return placed;
}

/// Whether a node's share has what the ranks of roles need together.
base::Result<void> check_share(const model::NodeShare& share, const model::Demand& need,
                               bool overcommit) {
  const auto short_of = [&](int needed, int there, std::string_view noun, std::string_view hint) {
    return fail(Code::invalid,
                fmt::format("the roles need {} for {} on {}, and the job has {} "
                            "there; ask for more when you submit it{}",
                            base::plural(needed, noun), base::plural(need.tasks, "rank"),
                            base::printable(share.name), there, hint));
  };
  if (need.cores > share.cores.count() && !overcommit)
    return short_of(need.cores, share.cores.count(), "core", ", or share cores (--overcommit)");
  if (need.gpus > share.gpus.count()) return short_of(need.gpus, share.gpus.count(), "GPU", "");
  return {};
}

/// Ranks of roles with cores and GPUs of their own: evenly over the nodes, which is what the job's
/// request was made for.
base::Result<std::vector<int>> place_sized_ranks(const model::Allocation& allocation,
                                                 const Request& request, const model::Roles& roles,
                                                 std::size_t n_nodes) {
  auto placed = model::even_blocks(request.tasks, static_cast<int>(n_nodes));
  if (request.tasks_per_node && placed.front() > *request.tasks_per_node) {
    return fail(
        Code::invalid,
        fmt::format("--ntasks-per-node is {}, and the roles have {} on a node; leave it out",
                    *request.tasks_per_node, base::plural(placed.front(), "rank")));
  }
  const auto sized =
      model::with_defaults(roles, {.cores = request.cpus_per_task, .gpus = request.gpus_per_task});
  const auto needs = model::demand_by_node(sized, placed);
  if (!needs) return std::unexpected(needs.error());
  for (std::size_t i = 0; i < n_nodes; ++i) {
    const auto& share = allocation.nodes[i];
    if (auto fine = check_share(share, (*needs)[i], request.overcommit); !fine)
      return std::unexpected(fine.error());
  }
  placed.resize(allocation.nodes.size(), 0);
  return placed;
}

/// Tasks for each node of an allocation that the step may use all of.
base::Result<std::vector<int>> tasks_in(const Job& job, const model::Allocation& allocation,
                                        const model::StepSpec& spec) {
  if (auto numbers = check_numbers(spec); !numbers) return std::unexpected(numbers.error());
  const auto& roles = model::roles_of(*job.spec, spec);
  if (auto programs = check_programs(spec, roles); !programs)
    return std::unexpected(programs.error());
  const auto n_allocated = allocation.nodes.size();
  if (!roles.empty() && spec.binding.by_node) {
    return fail(Code::invalid,
                "ranks with roles are spread over the nodes by their roles; leave out "
                "--map-by=node (--distribution=cyclic)");
  }
  auto request = request_of(job, allocation, spec);
  const int n_of_roles = spec.nodes.value_or(static_cast<int>(n_allocated));
  if (auto counted = count_ranks(roles, n_of_roles, request, spec.tasks.has_value()); !counted)
    return std::unexpected(counted.error());
  if (request.nodes && static_cast<std::size_t>(*request.nodes) > n_allocated) {
    return fail(Code::invalid, fmt::format("the step asks for {} nodes; job {} has {}",
                                           *request.nodes, to_text(job.id), n_allocated));
  }
  if (request.nodes && request.tasks < *request.nodes) {
    return fail(Code::invalid, fmt::format("{} nodes for {}: every node of a step needs a task",
                                           *request.nodes, base::plural(request.tasks, "task")));
  }
  const auto n_nodes = request.nodes
                           ? static_cast<std::size_t>(*request.nodes)
                           : std::min(n_allocated, static_cast<std::size_t>(request.tasks));
  if (model::have_resources(roles)) return place_sized_ranks(allocation, request, roles, n_nodes);
  const auto most = room(allocation, request);
  auto placed = spread(request.tasks, n_nodes, most);
  if (std::accumulate(placed.begin(), placed.end(), 0) == request.tasks)
    return with_room_for_each_node(roles, allocation, n_of_roles, std::move(placed));
  if (!request.nodes) placed = spread(request.tasks, n_allocated, most);
  if (std::accumulate(placed.begin(), placed.end(), 0) == request.tasks)
    return with_room_for_each_node(roles, allocation, n_of_roles, std::move(placed));

  const int fitting = std::accumulate(
      most.begin(),
      most.begin() + static_cast<std::ptrdiff_t>(request.nodes ? n_nodes : n_allocated), 0);
  const auto gpus = request.gpus_per_task > 0
                        ? fmt::format(" and {}", base::plural(request.gpus_per_task, "GPU"))
                        : "";
  return fail(
      Code::invalid,
      fmt::format("{} with {}{} each do not fit into job {}; at most {} would (--ntasks={}){}",
                  base::plural(request.tasks, "task"), base::plural(request.cpus_per_task, "core"),
                  gpus, to_text(job.id), fitting, fitting,
                  request.overcommit ? "" : ", unless they share cores (--overcommit)"));
}

/// Places of the named nodes in the allocation, in its order.
base::Result<std::vector<std::size_t>> places_of(const std::vector<std::string>& names,
                                                 const Job& job,
                                                 const model::Allocation& allocation) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < allocation.nodes.size(); ++i) {
    if (std::ranges::find(names, allocation.nodes[i].name) != names.end()) places.push_back(i);
  }
  for (const auto& name : names) {
    if (std::ranges::find(allocation.nodes, name, &model::NodeShare::name) !=
        allocation.nodes.end())
      continue;
    std::vector<std::string> has;
    for (const auto& node : allocation.nodes) has.push_back(node.name);
    return fail(Code::invalid,
                fmt::format("job {} has no node '{}'; it has {} (--nodelist)", to_text(job.id),
                            base::printable(name), model::compress_hosts(has)));
  }
  return places;
}

}  // namespace

base::Result<std::vector<int>> step_tasks(const Job& job, const model::Allocation& allocation,
                                          const model::StepSpec& spec) {
  if (spec.node_names.empty()) return tasks_in(job, allocation, spec);
  const auto places = places_of(spec.node_names, job, allocation);
  if (!places) return std::unexpected(places.error());
  if (spec.nodes && static_cast<std::size_t>(*spec.nodes) > places->size()) {
    return fail(Code::invalid, fmt::format("the step asks for {} and names {} (--nodelist)",
                                           base::plural(*spec.nodes, "node"), places->size()));
  }
  model::Allocation part;
  for (const auto place : *places) part.nodes.push_back(allocation.nodes[place]);
  model::StepSpec shape = spec;
  if (!shape.nodes && !shape.tasks) shape.nodes = static_cast<int>(places->size());
  const auto tasks = tasks_in(job, part, shape);
  if (!tasks) return tasks;
  std::vector<int> placed(allocation.nodes.size(), 0);
  for (std::size_t i = 0; i < places->size(); ++i) placed[(*places)[i]] = (*tasks)[i];
  return placed;
}

}  // namespace scheduler
