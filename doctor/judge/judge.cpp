#include "doctor/judge/judge.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "doctor/judge/gpus.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"

namespace doctor {

namespace {

using model::DoctorReport;
using model::Finding;

template <class Value>
Value median(std::vector<Value> values) {
  std::ranges::sort(values);
  const auto middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

std::string latency_text(base::Duration latency) {
  return std::to_string(latency.count()) + " us";
}

std::string rate_text(std::uint64_t bytes_per_second) {
  return base::to_text(base::Bytes(bytes_per_second)) + "/s";
}

std::string name_of(const model::Hop& hop) {
  return hop.from + " -> " + hop.to;
}

std::map<std::string, std::string> machines_of(const DoctorReport& report) {
  std::map<std::string, std::string> machines;
  for (const auto& node : report.nodes) machines[node.node] = node.machine;
  return machines;
}

/// What all measured hops between different machines have in common.
struct Usual {
  std::vector<std::size_t> hops;  // the places of these
  base::Duration latency{};
  std::uint64_t bytes_per_second = 0;
};

Usual usual_of(const DoctorReport& report) {
  const auto machines = machines_of(report);
  Usual usual;
  std::vector<base::Duration> latencies;
  std::vector<std::uint64_t> rates;
  for (std::size_t i = 0; i < report.hops.size(); ++i) {
    const auto& hop = report.hops[i];
    if (!hop.problem.empty() || machines.at(hop.from) == machines.at(hop.to)) continue;
    usual.hops.push_back(i);
    latencies.push_back(hop.latency);
    rates.push_back(hop.bytes_per_second);
  }
  if (usual.hops.empty()) return usual;
  usual.latency = median(latencies);
  usual.bytes_per_second = median(rates);
  return usual;
}

bool is_late(const model::Hop& hop, const Usual& usual) {
  return hop.latency > thresholds.latency_floor &&
         hop.latency > usual.latency * thresholds.latency_factor;
}

bool is_narrow(const model::Hop& hop, const Usual& usual) {
  return hop.bytes_per_second * static_cast<std::uint64_t>(thresholds.bandwidth_divisor) <
         usual.bytes_per_second;
}

void judge_hops(DoctorReport& report) {
  for (const auto& hop : report.hops) {
    if (hop.problem.empty()) continue;
    report.findings.push_back(
        {name_of(hop), hop.problem, "a TCP connection that answers",
         "look at cable, switch port, routes and firewall between the two; MPI and NCCL need any "
         "port open between nodes"});
  }
  const auto usual = usual_of(report);
  for (const auto i : usual.hops) {
    const auto& hop = report.hops[i];
    if (is_late(hop, usual)) {
      report.findings.push_back(
          {name_of(hop), "a message and its answer take " + latency_text(hop.latency),
           "about " + latency_text(usual.latency) + ", the median of all links",
           "look for a wrong route, a half-duplex port, or power saving of the network card"});
    }
    if (is_narrow(hop, usual)) {
      report.findings.push_back(
          {name_of(hop), rate_text(hop.bytes_per_second),
           "about " + rate_text(usual.bytes_per_second) + ", the median of all links",
           "look at link speed (ethtool), errors of the port, and other traffic on the two nodes"});
    }
  }
  if (usual.hops.empty() && report.hops.size() > 1) {
    report.notes.emplace_back(
        "the nodes are on one machine: speeds of their links are not compared");
  }
}

void judge_allreduce(DoctorReport& report) {
  if (!report.allreduce) return;
  const auto& allreduce = *report.allreduce;
  for (const auto& node : allreduce.wrong) {
    report.findings.push_back(
        {node, "a sum over all nodes has a wrong value", "the same value on every node",
         "take the node out of service and test its memory and network card: data is damaged"});
  }
  if (!allreduce.problem.empty()) {
    report.notes.push_back("no allreduce was done: " + allreduce.problem);
  }
}

void judge_start_up(DoctorReport& report) {
  if (!report.start_up) {
    report.notes.emplace_back("the start of MPI programs was not tried, for not all nodes answer");
  } else if (!report.start_up->problem.empty()) {
    report.findings.push_back(
        {"launchers", "ranks do not meet by PMI-1: " + report.start_up->problem,
         "ranks that meet through their launchers, as MPI programs do at their start",
         "see muster logs of the job, and the logs of muster-agent on its nodes"});
  }
}

void judge_folders(const model::NodeCheck& node, DoctorReport& report) {
  for (const auto& folder : node.facts.folders) {
    if (!folder.problem.empty()) {
      report.findings.push_back({node.node, folder.path + ": " + folder.problem,
                                 "a folder that can be written", "mount it, or set its rights"});
    } else if (folder.free < thresholds.least_free) {
      report.findings.push_back({node.node, base::to_text(folder.free) + " free in " + folder.path,
                                 "at least " + base::to_text(thresholds.least_free),
                                 "remove what is no longer needed"});
    }
  }
}

void judge_memlock(const model::NodeCheck& node, DoctorReport& report) {
  const auto& limit = node.facts.memlock;
  if (!limit || node.facts.fabric.empty() || *limit >= thresholds.least_memlock) return;
  report.findings.push_back(
      {node.node,
       "ranks may lock " + base::to_text(*limit) + " of memory, beside " +
           base::join(node.facts.fabric, ", "),
       "unlimited, as communication over such devices needs it",
       "set LimitMEMLOCK=infinity in the unit of muster-agent, and memlock in limits.conf"});
}

void judge_name(const model::NodeCheck& node, DoctorReport& report) {
  const auto& facts = node.facts;
  if (!facts.unresolved.empty()) {
    report.findings.push_back(
        {node.node, "its host name '" + facts.host_name + "' has no address: " + facts.unresolved,
         "a name that resolves on its own node",
         "add it to DNS or /etc/hosts; MPI and torch.distributed use it"});
  }
}

void judge_node(const model::NodeCheck& node, DoctorReport& report) {
  if (!node.problem.empty()) {
    report.findings.push_back({node.node, node.problem, "a node that answers the first one",
                               "look at its network, name resolution and firewall"});
    return;
  }
  if (std::chrono::abs(node.clock_offset) > thresholds.clock_limit) {
    const bool is_ahead = node.clock_offset > base::Duration();
    report.findings.push_back(
        {node.node,
         "its clock is " + base::to_text(std::chrono::abs(node.clock_offset)) +
             (is_ahead ? " ahead" : " behind"),
         "at most " + base::to_text(thresholds.clock_limit) + " from " + report.nodes.front().node,
         "look at chrony or ntpd there (chronyc tracking)"});
  }
  const auto& facts = node.facts;
  if (!facts.wanted_cpus.empty() && facts.cpus != facts.wanted_cpus) {
    report.findings.push_back(
        {node.node, "the rank may use the hardware threads " + to_text(facts.cpus),
         to_text(facts.wanted_cpus) + ", to which the launcher bound it",
         "look for a control group, a daemon or a wrapper that changes bindings"});
  }
  judge_name(node, report);
  judge_folders(node, report);
  judge_memlock(node, report);
}

/// One note for all nodes of which it holds.
template <class Holds>
void note_of(const std::string& text, Holds holds, DoctorReport& report) {
  std::vector<std::string> nodes;
  for (const auto& node : report.nodes) {
    if (node.problem.empty() && holds(node.facts)) nodes.push_back(node.node);
  }
  if (!nodes.empty()) report.notes.push_back(model::compress_hosts(nodes) + ": " + text);
}

/// What may be meant so.
void add_notes(DoctorReport& report) {
  const auto has_no_tool = [](const model::NodeFacts& facts) { return facts.stack_tool.empty(); };
  note_of("neither gdb nor eu-stack is there: stacks of hung steps are not saved (--hang-timeout)",
          has_no_tool, report);
  std::set<std::string> machines;
  for (const auto& node : report.nodes) machines.insert(node.machine);
  if (machines.size() < 2) return;
  const auto is_loopback = [](const model::NodeFacts& facts) { return facts.is_loopback; };
  note_of(
      "the host name resolves to a loopback address only: Gloo and others that listen at it "
      "cannot be reached from other machines",
      is_loopback, report);
}

/// Nodes by what they have, for one thing that all should have alike. The value of most nodes, of
/// equals the first, is the usual one.
using Holders = std::map<std::string, std::vector<std::string>>;

void judge_alike(const std::string& what, const Holders& holders, const std::string& advice,
                 DoctorReport& report) {
  if (holders.size() < 2) return;
  const auto usual = std::ranges::max_element(
      holders, {}, [](const auto& holder) { return holder.second.size(); });
  for (const auto& [value, nodes] : holders) {
    if (value == usual->first) continue;
    report.findings.push_back({model::compress_hosts(nodes), what + " " + value,
                               usual->first + ", as on " + model::compress_hosts(usual->second),
                               advice});
  }
}

void judge_libraries(DoctorReport& report) {
  std::set<std::string> names;
  for (const auto& node : report.nodes) {
    for (const auto& [name, version] : node.facts.libraries) names.insert(name);
  }
  for (const auto& name : names) {
    Holders holders;
    std::vector<std::string> without;
    for (const auto& node : report.nodes) {
      if (!node.problem.empty()) continue;
      const auto found = node.facts.libraries.find(name);
      if (found == node.facts.libraries.end()) {
        without.push_back(node.node);
      } else {
        holders[found->second].push_back(node.node);
      }
    }
    judge_alike(name, holders, "install the same version on all nodes", report);
    if (!without.empty()) {
      report.notes.push_back(model::compress_hosts(without) + ": no " + name +
                             " is found, which other nodes have");
    }
  }
}

void judge_gpus(DoctorReport& report) {
  Holders holders;
  for (const auto& node : report.nodes) {
    if (node.problem.empty()) holders[std::to_string(node.facts.n_gpus)].push_back(node.node);
  }
  if (holders.size() < 2) return;
  std::vector<std::string> parts;
  for (const auto& [count, nodes] : holders) {
    parts.push_back(count + " on " + model::compress_hosts(nodes));
  }
  report.notes.push_back("GPUs seen differ: " + base::join(parts, ", "));
}

}  // namespace

std::vector<std::size_t> slow_hops(const DoctorReport& measured) {
  const auto usual = usual_of(measured);
  std::vector<std::size_t> slow;
  for (const auto i : usual.hops) {
    const auto& hop = measured.hops[i];
    if (is_late(hop, usual) || is_narrow(hop, usual)) slow.push_back(i);
  }
  return slow;
}

void judge(DoctorReport& report) {
  for (const auto& node : report.nodes) judge_node(node, report);
  judge_hops(report);
  judge_allreduce(report);
  judge_start_up(report);
  judge_libraries(report);
  judge_gpus(report);
  judge_gpu_checks(report);
  add_notes(report);
  if (report.nodes.size() == 1) {
    report.notes.emplace_back("one node has no links: only the node itself was looked at");
  }
}

}  // namespace doctor
