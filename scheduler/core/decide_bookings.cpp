// Bookings: who may set which nodes aside, and which jobs may use them.

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/model/host_list.h"
#include "scheduler/core/decide.h"

namespace scheduler {

namespace {

using base::Code;
using base::fail;

constexpr int most_shown = 8;

bool overlap(const model::Booking& booking, const model::BookingSpec& spec) {
  return booking.start < spec.end && spec.start < booking.end;
}

/// Why the node cannot be booked at that time; empty: it can.
std::string obstacle(const State& state, const Node& node, const model::BookingSpec& spec) {
  for (const auto& name : node.bookings) {
    const auto& booking = state.bookings.at(name).booking;
    if (name != spec.name && overlap(booking, spec)) {
      return fmt::format("booking '{}' has it from {} to {}", name, to_text(booking.start),
                         to_text(booking.end));
    }
  }
  if (spec.ignores_jobs) return {};
  for (const auto id : node.jobs) {
    const auto end = expected_end(state.jobs.at(id));
    if (!end) return fmt::format("job {} runs there without a time limit", to_text(id));
    if (*end > spec.start)
      return fmt::format("job {} may run there until {}", to_text(id), to_text(*end));
  }
  return {};
}

base::Result<std::vector<model::NodeId>> named_nodes(const State& state,
                                                     const model::BookingSpec& spec) {
  std::vector<model::NodeId> nodes;
  for (const auto& name : spec.names) {
    const auto found = state.node_by_name.find(name);
    if (found == state.node_by_name.end()) {
      return fail(Code::not_found, fmt::format("there is no node '{}'; muster nodes lists them",
                                               base::printable(name)));
    }
    const auto why = obstacle(state, state.nodes.at(found->second), spec);
    if (!why.empty()) {
      return fail(Code::conflict,
                  fmt::format("{} cannot be booked: {}; choose another time or node{}", name, why,
                              spec.ignores_jobs ? "" : ", or let jobs be (--ignore-jobs)"));
    }
    nodes.push_back(found->second);
  }
  return nodes;
}

/// So many nodes of the pool, the first that are free at that time.
base::Result<std::vector<model::NodeId>> any_nodes(const State& state,
                                                   const model::BookingSpec& spec) {
  std::vector<model::NodeId> nodes;
  std::string first_obstacle;
  int n_all = 0;
  for (const auto& [name, id] : state.node_by_name) {
    const auto& node = state.nodes.at(id);
    if (!spec.pool.empty() && node.info.pool != spec.pool) continue;
    if (node.provided && node.provided->life == model::NodeLife::retired) continue;
    ++n_all;
    const auto why = obstacle(state, node, spec);
    if (why.empty()) nodes.push_back(id);
    if (!why.empty() && first_obstacle.empty()) first_obstacle = name + ": " + why;
  }
  const int n_wanted = spec.n_nodes > 0 ? spec.n_nodes : n_all;
  if (n_wanted == 0) return fail(Code::invalid, "there are no nodes to book");
  if (static_cast<int>(nodes.size()) < n_wanted) {
    const bool is_busy = n_wanted <= n_all;
    return fail(
        is_busy ? Code::conflict : Code::invalid,
        fmt::format("{} of {} can be booked at that time{}; the most is --nodes={}", nodes.size(),
                    base::plural(n_all, "node"),
                    first_obstacle.empty() ? "" : " (" + first_obstacle + ")", nodes.size()));
  }
  nodes.resize(static_cast<std::size_t>(n_wanted), model::NodeId(0));
  return nodes;
}

base::Result<void> sensible(const View& view, const model::BookingSpec& spec, base::Time now) {
  if (!spec.name.empty() && !model::is_plain_name(spec.name)) {
    return fail(Code::invalid,
                fmt::format("'{}' is not a name for a booking; expected letters, digits, '-', '_' "
                            "and '.'",
                            base::printable(spec.name)));
  }
  if (spec.end <= spec.start || spec.end <= now) {
    return fail(Code::invalid, fmt::format("the booking is to end {}, which is not after its start "
                                           "or has passed; give a later end",
                                           to_text(spec.end)));
  }
  if (!spec.pool.empty() && std::ranges::find(view.pools, spec.pool) == view.pools.end())
    return no_such("pool", spec.pool, view.pools);
  if (spec.is_maintenance && !(spec.users.empty() && spec.workspaces.empty())) {
    return fail(Code::invalid,
                "--maintenance is for nobody, but --users or --workspaces name somebody; give one "
                "of them");
  }
  return {};
}

/// May the user book so many nodes? errors: denied
base::Result<void> within_rights(const State& state, const Settings& settings,
                                 const model::User& user, const model::BookingSpec& spec,
                                 std::size_t n_nodes) {
  if (is_in_charge(settings, user)) return {};
  if (spec.is_maintenance || spec.ignores_jobs) {
    return fail(Code::denied,
                "only root and the owner of the cluster may book nodes for maintenance or past "
                "jobs that run there");
  }
  const auto known = state.bookings.find(spec.name);
  if (known != state.bookings.end() && known->second.booking.by.uid != user.uid) {
    return fail(Code::denied, fmt::format("booking '{}' belongs to {}", spec.name,
                                          known->second.booking.by.name));
  }
  for (const auto& [name, standing] : state.bookings) {
    if (name != spec.name && standing.booking.by.uid == user.uid)
      n_nodes += standing.booking.nodes.size();
  }
  if (n_nodes <= static_cast<std::size_t>(settings.booked_nodes)) return {};
  return fail(Code::denied,
              fmt::format("a user may book {} at a time (limits.booked_nodes), and this would make "
                          "it {}",
                          base::plural(settings.booked_nodes, "node"), n_nodes));
}

std::string free_name(const State& state, const model::User& user) {
  for (int i = 1;; ++i) {
    auto name = fmt::format("{}-{}", user.name, i);
    if (!state.bookings.contains(name)) return name;
  }
}

base::Result<model::Booking> make(const View& view, const Settings& settings,
                                  const MakeBooking& request, base::Time now) {
  const auto& spec = request.spec;
  if (auto fine = sensible(view, spec, now); !fine) return std::unexpected(fine.error());
  auto nodes = spec.names.empty() ? any_nodes(view.state, spec) : named_nodes(view.state, spec);
  if (!nodes) return std::unexpected(nodes.error());
  if (auto may = within_rights(view.state, settings, request.user, spec, nodes->size()); !may)
    return std::unexpected(may.error());
  model::Booking booking{
      .name = spec.name.empty() ? free_name(view.state, request.user) : spec.name,
      .nodes = std::move(*nodes),
      .start = spec.start,
      .end = spec.end,
      .is_maintenance = spec.is_maintenance,
      .users = spec.users,
      .workspaces = spec.workspaces,
      .comment = spec.comment,
      .by = request.user};
  const bool is_for_nobody = booking.users.empty() && booking.workspaces.empty();
  if (is_for_nobody && !booking.is_maintenance) booking.users.push_back(request.user.name);
  return booking;
}

}  // namespace

Decision decide_make_booking(const View& view, const Settings& settings, const MakeBooking& request,
                             base::Time now) {
  auto booking = make(view, settings, request, now);
  if (!booking) {
    return {.facts = {},
            .actions = {Reply{request.request, std::unexpected(std::move(booking.error()))}}};
  }
  auto name = booking->name;
  return {.facts = {model::BookingMade{std::move(*booking)}},
          .actions = {Reply{request.request, Answer(std::move(name))}}};
}

Decision decide_cancel_booking(const State& state, const Settings& settings,
                               const CancelBooking& request) {
  const auto refuse = [&](std::unexpected<base::Error> error) -> Decision {
    return {.facts = {}, .actions = {Reply{request.request, std::move(error)}}};
  };
  const auto found = state.bookings.find(request.name);
  if (found == state.bookings.end() || model::is_node_end(request.name)) {
    std::vector<std::string> names;
    for (const auto& [name, standing] : state.bookings) {
      if (names.size() < most_shown && !model::is_node_end(name)) names.push_back(name);
    }
    return refuse(no_such("booking", request.name, names));
  }
  const auto& by = found->second.booking.by;
  if (by.uid != request.user.uid && !is_in_charge(settings, request.user))
    return refuse(
        fail(Code::denied, fmt::format("booking '{}' belongs to {}", request.name, by.name)));
  return {.facts = {model::BookingEnded{request.name, request.user.name}},
          .actions = {Reply{request.request, Answer(Nothing{})}}};
}

base::Result<void> may_use_booking(const State& state, const model::User& user,
                                   const model::JobSpec& spec, base::Time now) {
  const auto& name = spec.choice.booking;
  if (name.empty()) return {};
  const auto found = state.bookings.find(name);
  if (found == state.bookings.end()) {
    std::vector<std::string> names;
    for (const auto& [each, standing] : state.bookings) {
      if (model::may_use(standing.booking, user, spec.workspace)) names.push_back(each);
    }
    return no_such("booking", name, names);
  }
  const auto& booking = found->second.booking;
  if (!model::may_use(booking, user, spec.workspace)) {
    return fail(Code::denied,
                fmt::format("booking '{}' is not for {}{}", name, user.name,
                            booking.is_maintenance ? ": its nodes are under maintenance" : ""));
  }
  const auto longest = booking.end - std::max(booking.start, now);
  if (!spec.time_limit || *spec.time_limit > longest) {
    return fail(
        Code::invalid,
        fmt::format("a job in booking '{}' has to end with it, {}; the longest that can run "
                    "is --time={}",
                    name, to_text(booking.end), base::to_clock_text(longest)));
  }
  return {};
}

}  // namespace scheduler
