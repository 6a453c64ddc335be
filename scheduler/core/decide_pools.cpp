#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "lib/base/text.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/loss.h"
#include "scheduler/core/pools.h"

namespace scheduler {

namespace {

using base::Code;
using base::fail;
using base::Time;
using model::NodeLife;

constexpr base::Duration first_pause = std::chrono::seconds(1);
constexpr base::Duration longest_pause = std::chrono::minutes(5);
constexpr base::Duration stop_pause = std::chrono::minutes(30);
constexpr std::uint32_t most_failures = 8;

const Node* provided_node(const State& state, const std::string& name) {
  const auto known = state.node_by_name.find(name);
  if (known == state.node_by_name.end()) return nullptr;
  const auto& node = state.nodes.at(known->second);
  return node.provided ? &node : nullptr;
}

bool has_place(const Settings& settings, const Node& node) {
  const auto pool = std::ranges::find(settings.provided, node.provided->pool, &ProvidedPool::name);
  return pool != settings.provided.end() &&
         std::ranges::find(pool->nodes, node.info.name, &model::NodeInfo::name) !=
             pool->nodes.end();
}

model::NodeTurned gone(const Settings& settings, const Node& node, std::string cause) {
  return {.node = node.id,
          .life = has_place(settings, node) ? NodeLife::absent : NodeLife::retired,
          .cause = std::move(cause)};
}

/// Whether another machine takes the place of one that was lost.
bool is_made_anew(const State& state, const Settings& settings, const Node& node) {
  const auto pool = std::ranges::find(settings.provided, node.provided->pool, &ProvidedPool::name);
  return pool != settings.provided.end() &&
         (pool->has_program || size_of(*pool, state.pools).is_elastic());
}

/// A machine that was lost: its name is free when its provider has confirmed that. One with jobs
/// keeps them until it is given up as any node that is away.
Decision let_go(const Node& node, const std::string& why) {
  if (!node.jobs.empty()) return {};
  return {.facts = {model::NodeTurned{.node = node.id,
                                      .life = NodeLife::leaving,
                                      .cause = why,
                                      .retry_at = {},
                                      .is_there = node.phase != NodePhase::absent,
                                      .idle_since = {}}},
          .actions = {}};
}

/// The provider has it no longer, and nothing runs there. While its jobs run elsewhere it is not
/// given up: the provider is asked once more.
std::vector<model::FactBody> taken(const State& state, const Settings& settings, const Node& node,
                                   base::Time now) {
  std::vector<model::FactBody> facts;
  const bool is_over = is_alone_with_jobs(state, node);
  const model::Failure why{.cause = model::Cause::evicted,
                           .code = 0,
                           .step = {},
                           .rank = {},
                           .node = node.info.name,
                           .text = node.provided->cause};
  if (!node.jobs.empty() && node.phase != NodePhase::lost)
    facts.push_back(model::NodeLost{node.id});
  for (const auto id : node.jobs)
    std::ranges::move(write_off(state.jobs.at(id), node, why, now), std::back_inserter(facts));
  auto cause = node.eviction ? "it was evicted: " + node.eviction->cause : node.provided->cause;
  if (is_over) {
    facts.push_back(gone(settings, node, std::move(cause)));
  } else if (node.provided->life != NodeLife::leaving) {
    facts.push_back(model::NodeTurned{.node = node.id,
                                      .life = NodeLife::leaving,
                                      .cause = std::move(cause),
                                      .retry_at = {},
                                      .is_there = true,
                                      .idle_since = {}});
  }
  return facts;
}

base::Duration pause_after(std::uint32_t n_failures) {
  const auto pause = first_pause * (1LL << std::min(n_failures - 1, 20U));
  return std::min<base::Duration>(pause, longest_pause);
}

base::Result<model::PoolOrder> changed(const ProvidedPool& pool, const Pools& pools,
                                       const model::PoolChange& change) {
  const auto known = pools.find(pool.name);
  auto order = known == pools.end() || change.is_auto ? model::PoolOrder() : known->second.order;
  const auto most_places = static_cast<int>(pool.nodes.size());
  for (const auto& n : {change.nodes, change.least, change.most}) {
    if (!n || *n <= most_places) continue;
    return fail(Code::invalid,
                fmt::format("pool '{}' has at most {}, found {}; raise max_nodes of the pool in "
                            "muster.toml(5) and start musterd again for more",
                            pool.name, base::plural(most_places, "node"), *n));
  }
  if (change.nodes) order.least = order.most = change.nodes;
  if (change.least) order.least = change.least;
  if (change.most) order.most = change.most;
  if (change.idle_timeout) order.idle_timeout = change.idle_timeout;
  order.when_busy = change.when_busy.value_or(model::WhenBusy::wait);
  const int least = order.least.value_or(pool.least);
  const int most = order.most.value_or(pool.most);
  if (least > most) {
    return fail(Code::invalid,
                fmt::format("pool '{}' would have at least {} and at most {}; give --min and "
                            "--max together, --min not above --max",
                            pool.name, base::plural(least, "node"), most));
  }
  return order;
}

}  // namespace

std::vector<model::FactBody> plan_nodes(const State& state, const Settings& settings) {
  std::vector<model::FactBody> facts;
  for (const auto& [name, pool] : state.pools) {
    if (pool.n_failures > 0) facts.push_back(model::PoolResumed{name, "a start of musterd"});
  }
  std::set<model::NodeId> planned;
  auto next = state.next_node;
  for (const auto& pool : settings.provided) {
    for (const auto& each : pool.nodes) {
      auto info = marked(each, settings.marks);
      const auto known = state.node_by_name.find(info.name);
      const bool is_new = known == state.node_by_name.end();
      const auto* node = is_new ? nullptr : &state.nodes.at(known->second);
      const bool is_as_planned =
          node != nullptr && node->provided && node->provided->pool == pool.name &&
          node->provided->life != NodeLife::retired &&
          node->provided->planned == kind_of(info, {}) &&
          (node->phase != NodePhase::absent || kind_of(node->info, {}) == kind_of(info, {}));
      if (is_as_planned) continue;
      const auto id = is_new ? next : known->second;
      if (is_new) next = next.next();
      planned.insert(id);
      facts.push_back(model::NodePlanned{id, std::move(info)});
    }
  }
  for (const auto& [id, node] : state.nodes) {
    if (!node.provided || node.provided->life == NodeLife::retired || has_place(settings, node))
      continue;
    const bool is_there = node.phase != NodePhase::absent;
    if (!is_there && planned.contains(id)) continue;  // its pool has another name
    facts.push_back(model::NodeTurned{.node = id,
                                      .life = is_there ? NodeLife::draining : NodeLife::retired,
                                      .cause = "muster.toml has it no longer",
                                      .retry_at = {},
                                      .is_there = is_there,
                                      .idle_since = {}});
  }
  return facts;
}

std::vector<model::FactBody> fail_node(const State& state, const Node& node, std::string why,
                                       base::Time now) {
  const auto& pool = state.pools.at(node.provided->pool);
  const bool is_same_time = pool.is_blocked(now);
  const auto n_failures = pool.n_failures + (is_same_time ? 0 : 1);
  const auto retry_at = is_same_time ? *pool.retry_at : now + pause_after(n_failures);
  std::vector<model::FactBody> facts{model::NodeTurned{.node = node.id,
                                                       .life = NodeLife::unusable,
                                                       .cause = why,
                                                       .retry_at = retry_at,
                                                       .n_failures = n_failures,
                                                       .idle_since = {}}};
  if (!is_same_time && n_failures >= most_failures) {
    facts.push_back(model::PoolStopped{
        node.provided->pool,
        fmt::format("{} times in a row no node could be made; the last time: {}", n_failures, why),
        now + stop_pause});
  }
  return facts;
}

Decision decide_change_pool(const State& state, const Settings& settings,
                            const ChangePool& request) {
  const auto answer = [&](base::Result<Answer> result) {
    return Decision{.facts = {}, .actions = {Reply{request.request, std::move(result)}}};
  };
  const auto& change = request.change;
  if (!is_in_charge(settings, request.user)) {
    return answer(fail(Code::denied, "only root and the owner of the cluster may change a pool"));
  }
  const auto pool = std::ranges::find(settings.provided, change.pool, &ProvidedPool::name);
  if (pool == settings.provided.end() &&
      std::ranges::find(settings.pools, change.pool) != settings.pools.end()) {
    return answer(
        fail(Code::invalid,
             "the machines of pool '" + change.pool +
                 "' join by themselves, so that it has no size to change; see muster-node(1)"));
  }
  if (pool == settings.provided.end()) {
    std::vector<std::string> names;
    for (const auto& each : settings.provided) names.push_back(each.name);
    return answer(no_such("pool", change.pool, names));
  }
  auto order = changed(*pool, state.pools, change);
  if (!order) return answer(std::unexpected(order.error()));
  auto decision = answer(Answer(Nothing{}));
  const bool has_sizes = change.nodes || change.least || change.most || change.idle_timeout ||
                         change.when_busy || change.is_auto;
  if (has_sizes)
    decision.facts.push_back(model::PoolChanged{change.pool, request.user.name, *order});
  if (change.resume) decision.facts.push_back(model::PoolResumed{change.pool, request.user.name});
  return decision;
}

Decision decide_provider(const State& state, const ProviderMade& said) {
  const auto* node = provided_node(state, said.name);
  if (node == nullptr || node->provided->life != NodeLife::starting) return {};
  return {.facts = {model::NodeTurned{.node = node->id,
                                      .life = NodeLife::preparing,
                                      .cause = node->provided->cause,
                                      .retry_at = {},
                                      .idle_since = {}}},
          .actions = {}};
}

Decision decide_provider(const State& state, const ProviderFailed& said, base::Time now) {
  const auto* node = provided_node(state, said.name);
  if (node == nullptr) return {};
  const auto life = node->provided->life;
  if (life != NodeLife::starting && life != NodeLife::preparing) return {};
  if (node->phase == NodePhase::ready) return {};  // its agent is heard
  auto why = said.is_capacity ? "no room for it: " + said.why : said.why;
  return {.facts = fail_node(state, *node, std::move(why), now), .actions = {}};
}

Decision decide_provider(const State& state, const ProviderTwin& said) {
  const auto* node = provided_node(state, said.name);
  if (node == nullptr) return {};
  return {.facts = {model::NodeTwin{node->id, said.machine}}, .actions = {}};
}

Decision decide_provider(const State& state, const Settings& settings, const ProviderEnded& said,
                         base::Time now) {
  const auto* node = provided_node(state, said.name);
  if (node == nullptr) return {};
  const auto life = node->provided->life;
  const bool is_coming = life == NodeLife::starting || life == NodeLife::preparing;
  if (is_coming) {
    const auto why = said.why.empty() ? "it ended before its agent was here" : said.why;
    return {.facts = fail_node(state, *node, why, now), .actions = {}};
  }
  const bool is_free = life == NodeLife::draining && node->jobs.empty();
  if (life == NodeLife::leaving || is_free || node->eviction)
    return {.facts = taken(state, settings, *node, now), .actions = {}};
  const bool is_to_stay = life == NodeLife::up || life == NodeLife::draining;
  if (!is_to_stay) return {};
  if (said.is_lost && is_made_anew(state, settings, *node)) return let_go(*node, said.why);
  return {.facts = {}, .actions = {create_of(*node)}};
}

namespace {

/// A list of a provider beside what the state says.
class Comparison {
 public:
  Comparison(const State& state, const Settings& settings, const ProviderHas& said, Time now)
      : state_(state), settings_(settings), said_(said), now_(now) {}

  /// The provider has it.
  void listed(const Node& node) {
    using enum NodeLife;
    const auto life = node.provided->life;
    const auto& name = node.info.name;
    const bool is_wanted = life == starting || life == preparing || life == up || life == draining;
    if (life == leaving) {
      if (!said_.is_again) decision.actions.push_back(DestroyNode{name, node.provided->pool});
    } else if (is_wanted) {
      if (!said_.is_again) decision.actions.push_back(create_of(node));
    } else {
      decision.facts.push_back(model::NodeTurned{.node = node.id,
                                                 .life = leaving,
                                                 .cause = "it is there and nobody asked for it",
                                                 .retry_at = {},
                                                 .idle_since = {}});
    }
  }

  /// It has not. An agent that is heard knows better.
  void missing(const Node& node) {
    using enum NodeLife;
    const std::string why = said_.is_again ? "its provider has it no longer"
                                           : "it was gone when the controller came back";
    const auto life = node.provided->life;
    const bool is_up = life == up || life == draining;
    if ((is_up || life == preparing) && node.phase == NodePhase::ready) return;
    if (life == leaving || (is_up && node.eviction)) {
      std::ranges::move(taken(state_, settings_, node, now_), std::back_inserter(decision.facts));
      // It may not have heard that before the controller ended.
      if (!said_.is_again)
        decision.actions.push_back(DestroyNode{node.info.name, node.provided->pool});
    } else if (is_up && is_made_anew(state_, settings_, node) &&
               (said_.is_again || node.jobs.empty())) {
      std::ranges::move(let_go(node, why).facts, std::back_inserter(decision.facts));
    } else if (life == preparing && said_.is_again) {
      // Lists of a cloud may be a little behind it.
      if (node.provided->since + lag(node) < said_.asked_at) fail(node, why);
    } else if (is_up || (!said_.is_again && (life == starting || life == preparing))) {
      decision.actions.push_back(create_of(node));
    }
  }

  void finish() {
    if (stop_) decision.facts.push_back(*std::move(stop_));
  }

  Decision decision;

 private:
  base::Duration lag(const Node& node) const {
    const auto pool =
        std::ranges::find(settings_.provided, node.provided->pool, &ProvidedPool::name);
    return pool == settings_.provided.end() ? base::Duration() : pool->start_timeout / 10;
  }

  /// The pool stops once, and after its nodes have failed.
  void fail(const Node& node, std::string why) {
    auto failure = fail_node(state_, node, std::move(why), now_);
    if (failure.size() > 1) stop_ = std::move(failure.back());
    decision.facts.push_back(std::move(failure.front()));
  }

  const State& state_;
  const Settings& settings_;
  const ProviderHas& said_;
  Time now_;
  std::optional<model::FactBody> stop_;
};

}  // namespace

/// What the journal knows and the provider does not, and the reverse.
Decision decide_provider(const State& state, const Settings& settings, const ProviderHas& said,
                         Time now) {
  Comparison comparison(state, settings, said, now);
  const std::set<std::string> there(said.names.begin(), said.names.end());
  for (const auto& name : there) {
    if (state.node_by_name.contains(name)) continue;
    comparison.decision.actions.push_back(
        DestroyNode{name, said.pools.empty() ? "" : said.pools.front()});
  }
  const auto is_meant = [&said](const std::string& pool) {
    return said.pools.empty() || std::ranges::find(said.pools, pool) != said.pools.end();
  };
  for (const auto& [id, node] : state.nodes) {
    if (!node.provided || !is_meant(node.provided->pool)) continue;
    if (said.asked_at && node.provided->since >= *said.asked_at) continue;
    if (there.contains(node.info.name)) {
      comparison.listed(node);
    } else {
      comparison.missing(node);
    }
  }
  comparison.finish();
  return std::move(comparison.decision);
}

}  // namespace scheduler
