#include "launcher/map/star.h"

#include <algorithm>

#include "launcher/map/rank_roles.h"
#include "lib/base/overloaded.h"

namespace mapping {

namespace {

constexpr int modex_not_found = -46;  // PMIX_ERR_NOT_FOUND
constexpr std::size_t most_names = 10'000;

}  // namespace

Star::Star(const model::LaunchOrder& order)
    : key_(order.key),
      nodes_(step_nodes(order)),
      states_(nodes_.size()),
      hang_watch_(model::hang_limit_of(*order.job, *order.step), nodes_.size()),
      doctor_(nodes_) {
  const RankRoles roles(order);
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    const auto& part = nodes_[node];
    states_[node].works = roles.has_worker(part.ranks);
  }
  has_servers_ = roles.has_server();
}

void Star::from_node(std::size_t node, model::HeadMessage message) {
  std::visit(
      base::Overloaded{
          [&](model::Fence& fence) { gather(node, std::move(fence)); },
          [&](model::ModexRequest& request) { pass_on(request); },
          [&](model::ModexReply& reply) { pass_back(std::move(reply)); },
          [&](model::NameRequest& request) { take_name(node, request); },
          [&](model::NodeEnded& end) { take_end(node, end); },
          [&](model::WorkDone&) { take_work_done(node); },
          [&](model::NodeIdle& idle) { take_idle(node, idle); },
          [&](model::NodeLook& look) { take_look(node, std::move(look)); },
          [&](model::RankAbsent& absent) { take_absent(std::move(absent)); },
          [&](model::RankOutput& output) { outputs_.push_back(ToClient{std::move(output)}); },
          [&](model::RankPlaced& placed) { outputs_.push_back(ToClient{std::move(placed)}); },
          [](auto&) {},  // not a launcher's to send
      },
      message);
}

void Star::from_client(model::HeadMessage message) {
  if (const auto* end = std::get_if<model::EndStep>(&message)) {
    fail(end->why);
  } else if (std::holds_alternative<model::StepSignal>(message)) {
    to_all(message);
  } else if (std::holds_alternative<model::RankInput>(message) ||
             std::holds_alternative<model::WindowSize>(message)) {
    outputs_.push_back(ToNode{0, std::move(message)});
  }
}

void Star::node_closed(std::size_t node, std::string why) {
  if (states_[node].closed) return;
  states_[node].closed = true;
  if (states_[node].ended) return;
  model::Failure lost;
  lost.cause = model::Cause::peer_lost;
  lost.step = key_.step;
  lost.node = nodes_[node].name;
  lost.text = std::move(why);
  fail(std::move(lost));
}

void Star::fail(model::Failure why) {
  if (failure_) return;
  failure_ = std::move(why);
  to_all(model::EndStep{*failure_});
}

void Star::to_all(const model::HeadMessage& message) {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    outputs_.push_back(ToNode{node, message});
  }
}

std::vector<StarOutput> Star::take_outputs() {
  return std::exchange(outputs_, {});
}

bool Star::has_ended() const {
  return std::all_of(states_.begin(), states_.end(),
                     [](const NodeState& state) { return state.closed; });
}

model::StepResult Star::result() const {
  return {.exit_code = exit_code_, .failure = failure_ ? failure_ : missed_};
}

/// Places of the nodes that have one of the ranks; all nodes for no ranks.
std::vector<std::size_t> Star::participants(const std::vector<int>& ranks) const {
  std::vector<std::size_t> places;
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    const auto has = [&](int rank) { return nodes_[node].has(rank); };
    if (ranks.empty() || std::any_of(ranks.begin(), ranks.end(), has)) places.push_back(node);
  }
  return places;
}

/// Stores a node's part; when all parts are there, sends all of them to every participant.
void Star::gather(std::size_t node, model::Fence fence) {
  const FenceKey key{
      .protocol = fence.protocol, .ranks = std::move(fence.ranks), .number = fence.number};
  auto& gathering = fences_[key];
  gathering.parts[node] = std::move(fence.data);
  const auto places = participants(key.ranks);
  if (gathering.parts.size() < places.size()) {
    miss_ended(key);
    return;
  }
  model::Fence whole{
      .ranks = key.ranks, .number = key.number, .data = {}, .protocol = key.protocol};
  for (const auto& [place, part] : gathering.parts) whole.data += part;
  fences_.erase(key);
  for (const std::size_t place : places) outputs_.push_back(ToNode{place, whole});
}

/// A fence that waits for a node without ranks will never be complete.
void Star::miss_ended(const FenceKey& key) {
  for (const std::size_t place : participants(key.ranks)) {
    if (!states_[place].ended) continue;
    model::Failure absent;
    absent.cause = model::Cause::before_init;
    absent.step = key_.step;
    absent.node = nodes_[place].name;
    absent.rank = nodes_[place].first_rank();
    fail(std::move(absent));
    return;
  }
}

void Star::take_name(std::size_t node, const model::NameRequest& request) {
  model::NameReply reply{.rank = request.rank, .is_done = false, .port = {}};
  const auto found = names_.find(request.service);
  switch (request.action) {
    case model::NameAction::publish:
      if (names_.size() < most_names) {
        reply.is_done = names_.emplace(request.service, request.port).second;
      }
      break;
    case model::NameAction::unpublish:
      reply.is_done = names_.erase(request.service) > 0;
      break;
    case model::NameAction::look_up:
      reply.is_done = found != names_.end();
      if (reply.is_done) reply.port = found->second;
      break;
  }
  outputs_.push_back(ToNode{node, std::move(reply)});
}

void Star::pass_on(const model::ModexRequest& request) {
  const bool exists = std::ranges::any_of(
      nodes_, [&request](const StepNode& node) { return node.has(request.rank); });
  const std::size_t owner = exists ? node_of_rank(nodes_, request.rank) : 0;
  if (exists && !states_[owner].ended && !states_[owner].closed) {
    outputs_.push_back(ToNode{owner, request});
    return;
  }
  pass_back({.request = request.request,
             .to_node = request.from_node,
             .status = modex_not_found,
             .data = {}});
}

void Star::pass_back(model::ModexReply reply) {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (nodes_[node].index != reply.to_node) continue;
    outputs_.push_back(ToNode{node, std::move(reply)});
    return;
  }
}

void Star::take_end(std::size_t node, const model::NodeEnded& end) {
  if (end.failure && !end.goes_on) fail(*end.failure);
  if (end.failure && !missed_) missed_ = end.failure;
  exit_code_ = std::max(exit_code_, end.exit_code);
  states_[node].ended = true;
  take_work_done(node);
  hang_watch_.node_ended(node);
  check_hang();
  doctor_.node_ended(node);
  tell_notes();
  for (const auto& [key, gathering] : std::map(fences_)) {
    if (!gathering.parts.contains(node)) miss_ended(key);
  }
}

void Star::take_work_done(std::size_t node) {
  states_[node].works = false;
  if (!has_servers_ || std::ranges::any_of(states_, &NodeState::works)) return;
  has_servers_ = false;
  to_all(model::EndServers{});
}

void Star::take_idle(std::size_t node, const model::NodeIdle& idle) {
  hang_watch_.take(node, idle);
  check_hang();
}

/// It fails when the first node has saved the stacks: until then all have the time for it.
void Star::check_hang() {
  if (failure_) return;
  if (const auto hang = hang_watch_.take_hang(key_)) to_all(model::StepHung{*hang});
}

void Star::take_look(std::size_t node, model::NodeLook look) {
  doctor_.take(node, std::move(look));
  tell_notes();
}

void Star::tell_notes() {
  auto notes = doctor_.take_notes();
  if (!notes.empty()) outputs_.push_back(ToClient{model::StepNote{std::move(notes)}});
}

void Star::take_absent(model::RankAbsent absent) {
  if (!std::exchange(knows_absent_, true)) to_all(absent);
}

}  // namespace mapping
