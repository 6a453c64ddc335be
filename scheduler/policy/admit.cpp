#include "scheduler/policy/admit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lib/base/text.h"
#include "scheduler/policy/place.h"

namespace policy {

namespace {

using base::Code;
using base::fail;
using base::plural;

/// Names in one message.
constexpr std::size_t most_nodes_named = 20;

using KindCounts = std::vector<std::pair<scheduler::NodeKind, int>>;  // and how many there are

KindCounts kinds_in(const scheduler::View& view, const std::string& pool) {
  KindCounts kinds;
  for (const auto& [kind, n_nodes] : view.state.node_kinds) {
    if (pool.empty() || kind.pool == pool) kinds.emplace_back(kind, n_nodes);
  }
  return kinds;
}

std::unexpected<base::Error> unknown(const std::string& what, const std::string& name,
                                     const std::set<std::string>& known) {
  return scheduler::no_such(what, name, {known.begin(), known.end()});
}

base::Result<void> known_words(const KindCounts& kinds, const model::NodeChoice& choice) {
  std::set<std::string> features;
  std::set<std::string> gpu_kinds;
  for (const auto& [kind, n_nodes] : kinds) {
    features.insert(kind.features.begin(), kind.features.end());
    if (!kind.gpu_kind.empty()) gpu_kinds.insert(kind.gpu_kind);
  }
  for (const auto& group : choice.constraint.groups) {
    for (const auto& feature : group) {
      if (!features.contains(feature)) return unknown("feature", feature, features);
    }
  }
  const auto& wanted = choice.gpu_kind;
  const bool is_known = std::ranges::any_of(
      gpu_kinds, [&](const std::string& kind) { return model::is_gpu_kind(wanted, kind); });
  if (!wanted.empty() && !is_known) return unknown("kind of GPU", wanted, gpu_kinds);
  return {};
}

base::Result<void> known_nodes(const scheduler::View& view, const model::NodeChoice& choice) {
  for (const auto* names : {&choice.only, &choice.never}) {
    for (const auto& name : *names) {
      if (view.state.node_by_name.contains(name)) continue;
      std::set<std::string> known;
      for (const auto& [each, id] : view.state.node_by_name) {
        if (known.size() < most_nodes_named) known.insert(each);
      }
      return unknown("node", name, known);
    }
  }
  return {};
}

base::Result<void> enough_licenses(const scheduler::View& view, const model::Licenses& licenses) {
  for (const auto& [name, n] : licenses) {
    const auto found = view.licenses.find(name);
    if (found == view.licenses.end()) {
      std::set<std::string> known;
      for (const auto& [each, n_all] : view.licenses) known.insert(each);
      return unknown("license", name, known);
    }
    if (n > found->second) {
      return fail(Code::invalid,
                  fmt::format("the request is for {} of license '{}', but the cluster has {}; the "
                              "most that can run is --licenses={}:{}",
                              n, name, found->second, name, found->second));
    }
  }
  return {};
}

/// Nodes that last as long as the request may take.
base::Result<KindCounts> lasting(const scheduler::View& view, const KindCounts& kinds,
                                 std::optional<base::Duration> limit) {
  KindCounts left;
  base::Duration longest{};
  for (const auto& each : kinds) {
    const auto stay = scheduler::longest_stay(view.provided, each.first.pool);
    if (!stay || (limit && *limit <= *stay)) left.push_back(each);
    longest = std::max(longest, stay.value_or(base::Duration()));
  }
  if (!left.empty()) return left;
  return fail(
      Code::invalid,
      fmt::format("the request {}, and no node that it may use lasts so long; the most that can "
                  "run is --time={}",
                  limit ? "has the time limit " + base::to_text(*limit) : "has no time limit",
                  base::to_text(longest)));
}

/// Nodes that have all that is asked for beside amounts, with those that names leave.
base::Result<KindCounts> chosen(const scheduler::View& view, KindCounts kinds,
                                const model::NodeChoice& choice, const std::string& where) {
  if (auto known = known_words(kinds, choice); !known) return std::unexpected(known.error());
  if (auto known = known_nodes(view, choice); !known) return std::unexpected(known.error());
  auto without_booking = choice;
  without_booking.booking.clear();
  std::erase_if(
      kinds, [&](const auto& each) { return !scheduler::has_chosen(each.first, without_booking); });
  if (kinds.empty()) {
    return fail(
        Code::invalid,
        fmt::format(
            "no node {} has all that is asked for{}{}{}", where,
            choice.constraint.groups.empty() ? "" : ": --constraint=" + to_text(choice.constraint),
            choice.gpu_kind.empty() ? "" : ", GPUs of the kind " + choice.gpu_kind,
            choice.tiers.empty() ? "" : ": --tier=" + to_text(choice.tiers)));
  }
  if (choice.only.empty() && choice.never.empty()) return kinds;
  std::map<scheduler::NodeKind, int> left;
  for (const auto& [name, id] : view.state.node_by_name) {
    const auto& kind = view.state.nodes.at(id).kind;
    const bool is_there =
        std::ranges::find(kinds, kind, &KindCounts::value_type::first) != kinds.end();
    if (is_there && scheduler::is_chosen_name(choice, name)) ++left[kind];
  }
  if (!left.empty()) return KindCounts(left.begin(), left.end());
  return fail(
      Code::invalid,
      fmt::format("--nodelist and --exclude leave no node {} that the request may use; name "
                  "other nodes",
                  where));
}

base::Result<void> known_pool(const scheduler::View& view, const std::string& pool) {
  if (pool.empty() || std::ranges::find(view.pools, pool) != view.pools.end()) return {};
  const std::vector<std::string_view> names(view.pools.begin(), view.pools.end());
  const auto near = base::nearest(pool, names);
  return fail(Code::not_found, fmt::format("there is no pool '{}'; {}", base::printable(pool),
                                           near ? fmt::format("did you mean '{}'?", *near)
                                                : "the pools are " + base::join(view.pools, ", ")));
}

/// One resource that no node has enough of for even the smallest part of the request.
base::Result<void> one_task_fits(const KindCounts& kinds, const model::Layout& layout,
                                 const std::string& where, bool has_roles) {
  const auto one = model::demand_of(layout, 1);
  scheduler::NodeKind most;
  for (const auto& [node, n_nodes] : kinds) {
    most.cores = std::max(most.cores, node.cores);
    most.gpus = std::max(most.gpus, node.gpus);
    most.memory = std::max(most.memory, node.memory);
  }
  const bool is_too_large =
      one.cores > most.cores || one.gpus > most.gpus || one.memory > most.memory;
  if (has_roles && is_too_large) {
    return fail(
        Code::invalid,
        fmt::format("the roles need {}, {} and {} of memory on their fullest node, but the "
                    "largest node {} has {}, {} and {}; spread them over more nodes "
                    "(--nodes), or ask for less",
                    plural(one.cores, "core"), plural(one.gpus, "GPU"), to_text(one.memory), where,
                    plural(most.cores, "core"), plural(most.gpus, "GPU"), to_text(most.memory)));
  }
  if (one.cores > most.cores) {
    return fail(
        Code::invalid,
        fmt::format("a task needs {}, but the largest node {} has {}; the most that can run "
                    "is --cpus-per-task={}",
                    plural(one.cores, "core"), where, plural(most.cores, "core"), most.cores));
  }
  if (one.gpus > most.gpus) {
    const auto nearest = most.gpus == 0 ? "leave the GPU options out"
                                        : fmt::format("the most that can run is {} on a node",
                                                      plural(most.gpus, "GPU"));
    return fail(Code::invalid, fmt::format("a node needs {}, but no node {} has more than {}; {}",
                                           plural(one.gpus, "GPU"), where, most.gpus, nearest));
  }
  if (one.memory > most.memory) {
    return fail(
        Code::invalid,
        fmt::format("a node needs {} of memory, but the largest node {} has {}; the most that "
                    "can run is --mem={}M",
                    to_text(one.memory), where, to_text(most.memory), most.memory.count() >> 20));
  }
  return {};
}

/// Tasks that a node can take, and how many such nodes there are; the roomiest first.
using Rooms = std::vector<std::pair<int, int>>;

base::Result<void> free_number_fits(const Rooms& rooms, const model::Layout& layout,
                                    const std::string& where) {
  std::int64_t total = 0;
  for (const auto& [tasks, n_nodes] : rooms) total += std::int64_t{tasks} * n_nodes;
  if (total >= layout.tasks) return {};
  return fail(Code::invalid,
              fmt::format("{} with {} each do not fit {}; the most that can run is --ntasks={}",
                          plural(layout.tasks, "task"), plural(layout.cpus_per_task, "core"), where,
                          total));
}

/// The tasks that the node with this place can take, the roomiest having place 0.
int room_at(const Rooms& rooms, int place) {
  for (const auto& [tasks, n_nodes] : rooms) {
    if (place < n_nodes) return tasks;
    place -= n_nodes;
  }
  return 0;
}

base::Result<void> fixed_number_fits(const Rooms& rooms, const model::Layout& layout,
                                     const std::string& where) {
  const int wanted = *layout.nodes;
  int usable = 0;
  for (const auto& [tasks, n_nodes] : rooms) {
    if (tasks > 0) usable += n_nodes;
  }
  if (wanted > usable) {
    return fail(
        Code::invalid,
        fmt::format("the request is for {}, but {} {} could run its tasks; the most that can "
                    "run is --nodes={}",
                    plural(*layout.nodes, "node"), usable, where, usable));
  }
  const auto tasks = model::tasks_by_node(layout);
  for (int i = 0; i < wanted; ++i) {
    const int here = tasks[static_cast<std::size_t>(i)];
    if (here <= room_at(rooms, i)) continue;
    const int even = room_at(rooms, wanted - 1);
    return fail(
        Code::invalid,
        fmt::format("{} with {} each on one node do not fit {}; the most that can run on {} is "
                    "--ntasks-per-node={}",
                    plural(here, "task"), plural(layout.cpus_per_task, "core"), where,
                    plural(*layout.nodes, "node"), even));
  }
  return {};
}

}  // namespace

base::Result<void> admit(const scheduler::View& view, const model::Layout& layout,
                         const model::JobSpec& spec) {
  const auto& pool = spec.pool;
  if (auto known = known_pool(view, pool); !known) return known;
  if (auto enough = enough_licenses(view, spec.licenses); !enough) return enough;
  const auto all = kinds_in(view, pool);
  if (all.empty()) return {};
  auto where = pool.empty() ? std::string("in this cluster") : fmt::format("in pool '{}'", pool);
  auto kinds = chosen(view, all, spec.choice, where);
  if (kinds) kinds = lasting(view, *kinds, spec.time_limit);
  if (!kinds) return std::unexpected(kinds.error());
  if (spec.choice != model::NodeChoice()) where = "among those that it may use";
  if (auto fits = one_task_fits(*kinds, layout, where, model::have_resources(spec.roles)); !fits)
    return fits;

  Rooms rooms;
  for (const auto& [node, n_nodes] : *kinds) {
    const auto whole = scheduler::whole_of(node);
    rooms.emplace_back(room_in(layout, whole, whole), n_nodes);
  }
  std::ranges::sort(rooms, std::greater());
  return layout.nodes ? fixed_number_fits(rooms, layout, where)
                      : free_number_fits(rooms, layout, where);
}

}  // namespace policy
