#include "scheduler/core/apply_node.h"

#include "lib/base/check.h"
#include "scheduler/core/apply_pool.h"
#include "scheduler/core/suspect.h"

namespace scheduler {

using base::Time;

namespace {

const Time never = base::time_from_us(253'402'300'799'000'000);  // the end of the year 9999

void forget_drain(State& state, Node& node) {
  if (node.drain && node.drain->until) state.drains.erase({*node.drain->until, node.id});
  node.drain.reset();
}

}  // namespace

void unindex_eviction(State& state, const Node& node) {
  if (node.eviction) state.evictions.erase({eviction_end(node), node.id});
}

void index_eviction(State& state, const Node& node) {
  if (node.eviction) state.evictions.emplace(eviction_end(node), node.id);
}

void note_end(State& state, Node& node, Time at) {
  forget_end(state, node);
  if (!node.info.ends_at) return;
  const auto name = model::node_end_booking(node.info.name);
  const model::Booking booking{.name = name,
                               .nodes = {node.id},
                               .start = *node.info.ends_at - end_notice,
                               .end = never,
                               .is_maintenance = true,
                               .users = {},
                               .workspaces = {},
                               .comment = {},
                               .by = {}};
  state.booking_times.emplace(booking.start, name);
  state.bookings.emplace(name, StandingBooking{booking, false});
  node.bookings.insert(name);
  node.stays_until = coarse_end(at, booking.start);
}

void forget_end(State& state, Node& node) {
  node.stays_until.reset();
  const auto found = state.bookings.find(model::node_end_booking(node.info.name));
  if (found == state.bookings.end()) return;
  const auto& [booking, has_begun] = found->second;
  state.booking_times.erase({has_begun ? booking.end : booking.start, booking.name});
  node.bookings.erase(booking.name);
  state.bookings.erase(found);
}

namespace {

void index_held(State& state, const Node& node) {
  if (holds_back(node)) {
    state.held_back.insert(node.id);
  } else {
    state.held_back.erase(node.id);
  }
}

}  // namespace

void note_condition(State& state, Node& node, const model::NodeCondition& condition) {
  node.condition.reset();
  if (condition != model::NodeCondition()) node.condition = condition;
  index_held(state, node);
}

void forget_eviction(State& state, Node& node) {
  unindex_eviction(state, node);
  node.eviction.reset();
}

void apply_node(State& state, const model::NodeEvicted& fact, Time at) {
  auto& node = state.nodes.at(fact.node);
  remove(state.ready, node);
  forget_eviction(state, node);
  node.eviction = Eviction{.since = at,
                           .until = fact.until,
                           .over_at = fact.over_at,
                           .cause = fact.cause,
                           .by = fact.by};
  index_eviction(state, node);
}

void apply_node(State& state, const model::NodeEvictionOver& fact, Time) {
  auto& node = state.nodes.at(fact.node);
  remove(state.ready, node);
  forget_eviction(state, node);
  add(state.ready, node);
}

void apply_node(State& state, const model::NodeDrained& fact, Time at) {
  auto& node = state.nodes.at(fact.node);
  remove(state.ready, node);
  forget_drain(state, node);
  node.drain = Drain{.since = at, .by = fact.by, .reason = fact.reason, .until = fact.until};
  if (fact.until) state.drains.emplace(*fact.until, node.id);
}

void apply_node(State& state, const model::NodeResumed& fact, Time) {
  auto& node = state.nodes.at(fact.node);
  remove(state.ready, node);
  forget_drain(state, node);
  node.suspicions.clear();
  add(state.ready, node);
}

void apply_node(State& state, const model::NodeConditioned& fact, Time at) {
  auto& node = state.nodes.at(fact.node);
  remove(state.ready, node);
  note_condition(state, node, fact.condition);
  come_up(state, node, at);
  add(state.ready, node);
}

void apply_node(State& state, const model::NodeSuspected& fact, Time at) {
  auto& suspicions = state.nodes.at(fact.node).suspicions;
  suspicions.push_back({at, fact.suspicion});
  if (suspicions.size() > suspicions_kept) suspicions.erase(suspicions.begin());
}

void apply_node(State& state, const model::NodeQuarantined& fact, Time) {
  auto& node = state.nodes.at(fact.node);
  node.undying.reset();
  if (!fact.undying.empty()) node.undying = fact.undying;
  index_held(state, node);
  change(state.ready, node);
}

void apply_node(State& state, const model::GpusIdle& fact, Time) {
  Part* part = find_part(state.jobs.at(fact.key.job), fact.key, fact.node);
  base::check(part != nullptr, "GPUs are idle of a launch that was ordered");
  part->gpus_idle_since = fact.since;
}

}  // namespace scheduler
