#include "cli/compat/node_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "cli/compat/job_values.h"
#include "cli/compat/slurm_states.h"
#include "cli/compat/slurm_time.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"

namespace compat {

namespace {

using model::NodeRecord;
using With = Surroundings;
using NodeField = Field<NodeGroup>;

const NodeRecord& first(const NodeGroup& group) {
  return *group.nodes.front();
}

int n_cores(const NodeRecord& node) {
  return static_cast<int>(node.info.topology.cores.size());
}

bool is_usable(const NodeRecord& node) {
  return node.state == model::NodeState::idle || node.state == model::NodeState::busy;
}

std::string names(const NodeGroup& group, const With&) {
  std::vector<std::string> all;
  for (const auto* node : group.nodes) all.push_back(node->info.name);
  return model::compress_hosts(all);
}

std::string partition(const NodeGroup& group, const With&) {
  return group.is_default ? group.partition + "*" : group.partition;
}

template <int n>
std::string number(const NodeGroup&, const With&) {
  return std::to_string(n);
}

std::string features(const NodeGroup& group, const With&) {
  return or_else(base::join(first(group).info.features, ","), "(null)");
}

std::string drained_by(const NodeGroup& group, const With&) {
  const auto& node = first(group);
  return node.drain ? node.drain->by : "Unknown";
}

std::string since(const NodeGroup& group, const With&) {
  const auto& node = first(group);
  return is_usable(node) ? "Unknown" : local_stamp(node.since);
}

/// What counts or lists the nodes of a group: lines do not differ by it.
constexpr std::string_view of_all = "DNnoCAF";

constexpr std::array all_node_fields = std::to_array<NodeField>({
    {'P', "Partition", "PARTITION", 9, partition},
    {'R', "PartitionName", "PARTITION", 9,
     [](const NodeGroup& g, const With&) { return g.partition; }},
    {'a', "Available", "AVAIL", 5,
     [](const NodeGroup&, const With&) { return std::string("up"); }},
    {'l', "Time", "TIMELIMIT", 10,
     [](const NodeGroup&, const With&) { return std::string("infinite"); }},
    {'L', "DefaultTime", "DEFAULTTIME", 11,
     [](const NodeGroup&, const With&) { return std::string("n/a"); }},
    {'D', "Nodes", "NODES", 6,
     [](const NodeGroup& g, const With&) { return std::to_string(g.nodes.size()); }},
    {'t', "StateCompact", "STATE", 6,
     [](const NodeGroup& g, const With&) { return short_node_state(first(g)); }},
    {'T', "StateLong", "STATE", 11,
     [](const NodeGroup& g, const With&) { return node_state(first(g)); }},
    {'N', "NodeList", "NODELIST", 0, names},
    {'n', "NodeHost", "HOSTNAMES", 0, names},
    {'o', "NodeAddr", "NODE_ADDR", 0, names},
    {'C', "CPUsState", "CPUS(A/I/O/T)", 14,
     [](const NodeGroup& g, const With&) { return to_text(cpu_counts(g)); }},
    {'A', "NodeAI", "NODES(A/I)", 10,
     [](const NodeGroup& g, const With&) {
       const auto counts = node_counts(g);
       return fmt::format("{}/{}", counts.allocated, counts.idle);
     }},
    {'F', "NodeAIOT", "NODES(A/I/O/T)", 14,
     [](const NodeGroup& g, const With&) { return to_text(node_counts(g)); }},
    {'c', "CPUs", "CPUS", 4,
     [](const NodeGroup& g, const With&) { return std::to_string(n_cores(first(g))); }},
    {'m', "Memory", "MEMORY", 6,
     [](const NodeGroup& g, const With&) {
       return std::to_string(first(g).info.topology.memory.count() / mib);
     }},
    {'e', "FreeMem", "FREE_MEM", 8,
     [](const NodeGroup& g, const With&) {
       const auto& node = first(g);
       return std::to_string((node.info.topology.memory.count() - node.memory_used.count()) / mib);
     }},
    {'f', "Features", "AVAIL_FEATURES", 14, features},
    {'b', "Features_act", "ACTIVE_FEATURES", 15, features},
    {'G', "Gres", "GRES", 10,
     [](const NodeGroup& g, const With&) { return or_else(gres_text(first(g)), "(null)"); }},
    {0, "GresUsed", "GRES_USED", 10,
     [](const NodeGroup& g, const With&) {
       return fmt::format("gpu:{}", first(g).gpus_used.count());
     }},
    {'O', "CPUsLoad", "CPU_LOAD", 8,
     [](const NodeGroup&, const With&) { return std::string("N/A"); }},
    {'E', "Reason", "REASON", 20,
     [](const NodeGroup& g, const With&) { return node_reason(first(g)); }},
    {'u', "User", "USER", 9, drained_by},
    {'H', "Timestamp", "TIMESTAMP", 19, since},
    {'X', "Sockets", "SOCKETS", 7,
     [](const NodeGroup& g, const With&) { return std::to_string(socket_count(first(g))); }},
    {'Y', "Cores", "CORES", 5,
     [](const NodeGroup& g, const With&) {
       return std::to_string(n_cores(first(g)) / socket_count(first(g)));
     }},
    {'Z', "Threads", "THREADS", 7,
     [](const NodeGroup& g, const With&) { return std::to_string(threads_per_core(first(g))); }},
    {'z', "SocketCoreThread", "S:C:T", 8,
     [](const NodeGroup& g, const With&) {
       const auto& node = first(g);
       const int sockets = socket_count(node);
       return fmt::format("{}:{}:{}", sockets, n_cores(node) / sockets, threads_per_core(node));
     }},
    {'w', "Weight", "WEIGHT", 6, number<1>},
    {'d', "Disk", "TMP_DISK", 8, number<0>},
    {'s', "Size", "JOB_SIZE", 10,
     [](const NodeGroup&, const With&) { return std::string("1-infinite"); }},
    {'r', "Root", "ROOT", 4, [](const NodeGroup&, const With&) { return std::string("no"); }},
    {'h', "OverSubscribe", "OVERSUBS", 8,
     [](const NodeGroup&, const With&) { return std::string("NO"); }},
    {'g', "Groups", "GROUPS", 10,
     [](const NodeGroup&, const With&) { return std::string("all"); }},
    {'i', "Reservation", "RESERVATION", 11,
     [](const NodeGroup& g, const With&) { return base::join(first(g).bookings, ","); }},
    {'v', "Version", "VERSION", 8,
     [](const NodeGroup& g, const With&) { return first(g).info.version; }},
    {0, "Cluster", "CLUSTER", 10, [](const NodeGroup&, const With& w) { return w.cluster; }},
});

/// What -t calls states, each with what it takes in.
struct StateWord {
  std::string_view word;
  std::string_view state;  // the beginning of node_state
};
constexpr std::array state_words = std::to_array<StateWord>({{"idle", "idle"},
                                                             {"mix", "mixed"},
                                                             {"mixed", "mixed"},
                                                             {"alloc", "allocated"},
                                                             {"allocated", "allocated"},
                                                             {"down", "down"},
                                                             {"drain", "drain"},
                                                             {"drng", "draining"},
                                                             {"draining", "draining"},
                                                             {"drained", "drained"},
                                                             {"all", ""},
                                                             {"comp", "completing"},
                                                             {"completing", "completing"},
                                                             {"fail", "fail"},
                                                             {"maint", "maint"},
                                                             {"resv", "reserved"},
                                                             {"reserved", "reserved"},
                                                             {"unknown", "unknown"},
                                                             {"unk", "unknown"}});

/// In the order of first appearance.
std::vector<NodeGroup> join_alike(std::vector<NodeGroup> alone,
                                  const std::vector<std::string>& keys) {
  std::vector<NodeGroup> groups;
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < alone.size(); ++i) {
    const auto [place, is_new] = places.emplace(keys[i], groups.size());
    if (is_new) {
      groups.push_back(std::move(alone[i]));
    } else {
      groups[place->second].nodes.push_back(alone[i].nodes.front());
    }
  }
  return groups;
}

}  // namespace

std::span<const NodeField> node_fields() {
  return all_node_fields;
}

std::vector<NodeGroup> groups_of(std::span<const NodeRecord> nodes, const Format<NodeGroup>& format,
                                 bool each_alone, const With& with) {
  std::vector<NodeGroup> alone;
  for (const auto& node : nodes) {
    const auto& pool = node.info.pool;
    alone.push_back({or_else(pool, default_partition), true, {&node}});
  }
  std::set<std::string> pools;
  for (const auto& group : alone) pools.insert(group.partition);
  for (auto& group : alone)
    group.is_default = pools.size() == 1 || group.partition == default_partition;
  std::ranges::stable_sort(alone, {}, &NodeGroup::partition);
  if (each_alone) return alone;
  std::vector<std::string> keys;
  for (const auto& group : alone) {
    auto key = group.partition;
    for (const auto& column : format) {
      const auto* field = column.field;
      if (field == nullptr || of_all.contains(field->letter)) continue;
      key += '\n';
      key += field->value(group, with);
    }
    keys.push_back(std::move(key));
  }
  return join_alike(std::move(alone), keys);
}

base::Result<std::vector<std::string>> node_states_from_text(std::string_view text) {
  std::vector<std::string> states;
  for (const auto part : base::split(text, ',')) {
    const auto word = base::to_lower(base::trim(part));
    const auto* const known = std::ranges::find(state_words, word, &StateWord::word);
    if (known == state_words.end()) {
      return base::fail(base::Code::invalid,
                        fmt::format("Bad state string: \"{}\": expected idle, mixed, allocated, "
                                    "down, drain, draining, drained or all",
                                    base::printable(part)));
    }
    states.emplace_back(known->state);
  }
  return states;
}

bool is_in_state(const NodeRecord& node, const std::vector<std::string>& states) {
  const auto state = node_state(node);
  return std::ranges::any_of(states,
                             [&](const std::string& one) { return state.starts_with(one); });
}

Counts cpu_counts(const NodeGroup& group) {
  Counts counts;
  for (const auto* node : group.nodes) {
    const int used = node->cores_used.count();
    counts.allocated += used;
    (is_usable(*node) ? counts.idle : counts.other) += n_cores(*node) - used;
  }
  return counts;
}

Counts node_counts(const NodeGroup& group) {
  Counts counts;
  for (const auto* node : group.nodes) {
    int& count = !is_usable(*node)    ? counts.other
                 : node->jobs.empty() ? counts.idle
                                      : counts.allocated;
    ++count;
  }
  return counts;
}

std::string to_text(const Counts& counts) {
  return fmt::format("{}/{}/{}/{}", counts.allocated, counts.idle, counts.other, counts.total());
}

std::string node_reason(const NodeRecord& node) {
  if (node.drain) return or_else(node.drain->reason, "drained");
  if (node.condition) return or_else(node.condition->reason, "none");
  if (node.eviction) return node.eviction->cause;
  const bool is_away = node.state == model::NodeState::away || node.state == model::NodeState::lost;
  return is_away ? "Not responding" : "none";
}

std::string gres_text(const NodeRecord& node) {
  const auto& gpus = node.info.topology.gpus;
  if (gpus.empty()) return {};
  auto kind = base::to_lower(gpus.front().kind);
  std::ranges::replace(kind, ' ', '_');
  return kind.empty() ? fmt::format("gpu:{}", gpus.size())
                      : fmt::format("gpu:{}:{}", kind, gpus.size());
}

int socket_count(const NodeRecord& node) {
  std::set<int> packages;
  for (const auto& core : node.info.topology.cores) packages.insert(core.package);
  return std::max(static_cast<int>(packages.size()), 1);
}

int threads_per_core(const NodeRecord& node) {
  const auto& cores = node.info.topology.cores;
  return cores.empty() ? 1 : std::max(cores.front().cpus.count(), 1);
}

}  // namespace compat
