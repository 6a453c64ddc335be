#include "cli/request/doctor_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "lib/base/text.h"

namespace request {

namespace {

using Records = std::span<const model::NodeRecord>;

base::Result<void> check_names(const DoctorWish& wish, Records nodes) {
  std::set<std::string> pools;
  std::set<std::string, std::less<>> names;
  for (const auto& node : nodes) {
    pools.insert(node.info.pool);
    names.insert(node.info.name);
  }
  if (!wish.pool.empty() && !pools.contains(wish.pool)) {
    const std::vector<std::string> known(pools.begin(), pools.end());
    return base::fail(
        base::Code::not_found,
        fmt::format("no node is in a pool '{}'; pools with nodes: {}", base::printable(wish.pool),
                    known.empty() ? "none" : base::join(known, ", ")));
  }
  for (const auto& name : wish.names) {
    if (names.contains(name)) continue;
    return base::fail(
        base::Code::not_found,
        fmt::format("there is no node '{}'; muster nodes lists them", base::printable(name)));
  }
  return {};
}

bool is_asked_for(const DoctorWish& wish, const model::NodeRecord& node) {
  if (!wish.pool.empty() && node.info.pool != wish.pool) return false;
  return wish.names.empty() || std::ranges::count(wish.names, node.info.name) > 0;
}

std::string holders_of(const model::NodeRecord& node) {
  std::vector<std::string> jobs;
  for (const auto job : node.jobs) jobs.push_back(to_text(job));
  return jobs.empty()
             ? ""
             : fmt::format(" by {} {}", jobs.size() == 1 ? "job" : "jobs", base::join(jobs, ", "));
}

/// Set aside before the check would be over; empty: it is not.
std::string booked_text(const DoctorWish& wish, const model::NodeRecord& node,
                        std::span<const model::BookingRecord> bookings) {
  for (const auto& booking : bookings) {
    const bool has_node = std::ranges::count(booking.nodes, node.info.name) > 0;
    if (!has_node || booking.name == wish.booking || booking.start >= wish.until) continue;
    if (booking.is_maintenance) return fmt::format("drained for maintenance '{}'", booking.name);
    return fmt::format("booked as '{}'; --booking {} uses it", booking.name, booking.name);
  }
  return {};
}

/// What is out of service there, each in one sentence.
std::vector<std::string> faults_of_node(const model::NodeRecord& node) {
  std::vector<std::string> faults;
  for (const auto& failing : node.failing) faults.push_back(model::describe(failing));
  for (const auto& undying : node.undying) faults.push_back(model::describe(undying));
  return faults;
}

/// So much is out of service there that a job would wait for it; empty: it would not.
std::string held_text(const DoctorWish& wish, const model::NodeRecord& node) {
  const auto cores = model::cores_of(node.undying);
  const auto n_cores = static_cast<int>(node.info.topology.cores.size());
  const bool is_whole =
      cores.empty() && model::gpus_of(node.undying).empty() && node.failing.empty();
  const auto faults = base::join(faults_of_node(node), "; ");
  if (wish.gpus && !is_whole) return fmt::format("not whole, as --gpus needs it: {}", faults);
  if (cores.empty() || cores.count_below(n_cores) < n_cores) return {};
  return fmt::format("without a free core: {}", faults);
}

/// Empty: the node can take work now.
std::string why_left_out(const DoctorWish& wish, const model::NodeRecord& node,
                         std::span<const model::BookingRecord> bookings) {
  if (node.state == model::NodeState::away) return "away: its agent is not in contact";
  if (node.state == model::NodeState::lost) return "lost: its agent was out of contact too long";
  if (node.condition) {
    return fmt::format("{}: {}", to_text(node.condition->fitness),
                       base::printable(node.condition->reason, 300));
  }
  if (node.state > model::NodeState::lost)
    return fmt::format("{}: it comes or goes with its pool", to_text(node.state));
  if (auto booked = booked_text(wish, node, bookings); !booked.empty()) return booked;
  const auto n_cores = node.info.topology.cores.size();
  if (wish.gpus && node.info.topology.gpus.empty()) return "without a GPU";
  if (auto held = held_text(wish, node); !held.empty()) return held;
  if (wish.gpus && !node.jobs.empty() && wish.names.empty()) {
    return fmt::format("in use{}; --gpus needs nodes for itself", holders_of(node));
  }
  const auto taken = node.cores_used | model::cores_of(node.undying);
  const auto n_used = static_cast<std::size_t>(taken.count());
  if (n_used < n_cores || !wish.names.empty()) return {};
  return fmt::format("busy: all {} in use{}",
                     base::plural(static_cast<std::int64_t>(n_cores), "core"), holders_of(node));
}

bool is_out_of_contact(const model::NodeRecord& node) {
  return node.state == model::NodeState::away || node.state == model::NodeState::lost;
}

}  // namespace

base::Result<DoctorNodes> choose_nodes(const DoctorWish& wish, Records nodes,
                                       std::span<const model::BookingRecord> bookings) {
  if (auto good = check_names(wish, nodes); !good) return std::unexpected(good.error());
  DoctorNodes result;
  for (const auto& node : nodes) {
    if (!is_asked_for(wish, node)) continue;
    for (auto& fault : faults_of_node(node)) {
      result.findings.push_back({node.info.name, std::move(fault), "all of the node in service",
                                 "see muster node show " + node.info.name});
    }
    auto why = why_left_out(wish, node, bookings);
    if (why.empty()) {
      result.chosen.push_back(node.info.name);
      continue;
    }
    if (is_out_of_contact(node)) {
      result.findings.push_back({node.info.name, why, "a node in contact with the controller",
                                 "look at the machine, and at muster-agent there"});
    }
    if (node.condition && node.condition->fitness == model::Fitness::unusable) {
      result.findings.push_back({node.info.name, why, "a node that is fit for work",
                                 "see muster node show " + node.info.name});
    }
    result.left_out.push_back({node.info.name, std::move(why)});
  }
  const auto wanted = static_cast<std::size_t>(wish.count.value_or(1));
  if (result.chosen.size() >= wanted) return result;
  auto text = fmt::format("{} can be looked at now, {} wanted",
                          base::plural(static_cast<std::int64_t>(result.chosen.size()), "node"),
                          wish.count ? fmt::to_string(wanted) : "at least one");
  for (const auto& left : result.left_out) text += fmt::format("; {} is {}", left.node, left.why);
  return base::fail(base::Code::unavailable, std::move(text));
}

}  // namespace request
