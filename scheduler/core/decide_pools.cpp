#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include "lib/base/text.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/loss.h"
#include "scheduler/core/pools.h"

namespace scheduler {

namespace {

using base::Code;
using base::fail;
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
  auto why = said.is_capacity ? "no room for it: " + said.why : said.why;
  return {.facts = fail_node(state, *node, std::move(why), now), .actions = {}};
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
  return {.facts = {}, .actions = {CreateNode{said.name, node->provided->pool}}};
}

/// What the journal knows and the provider does not, and the reverse.
Decision decide_provider(const State& state, const Settings& settings, const ProviderHas& said,
                         base::Time now) {
  Decision decision;
  const std::set<std::string> there(said.names.begin(), said.names.end());
  for (const auto& name : there) {
    if (provided_node(state, name) == nullptr && !state.node_by_name.contains(name))
      decision.actions.push_back(DestroyNode{name, ""});
  }
  for (const auto& [id, node] : state.nodes) {
    if (!node.provided) continue;
    const auto& [pool, planned, life, since, cause, idle_since] = *node.provided;
    const bool is_there = there.contains(node.info.name);
    const auto configured = std::ranges::find(settings.provided, pool, &ProvidedPool::name);
    const bool may_go = configured != settings.provided.end() &&
                        size_of(*configured, state.pools).is_elastic() && node.jobs.empty();
    const bool is_up = life == NodeLife::up || life == NodeLife::draining;
    const bool is_coming = life == NodeLife::starting || life == NodeLife::preparing;
    if (life == NodeLife::leaving && is_there) {
      decision.actions.push_back(DestroyNode{node.info.name, pool});
    } else if (!is_there && is_up && may_go) {
      decision.facts.push_back(gone(settings, node, "it was gone when the controller came back"));
    } else if (!is_there && (life == NodeLife::leaving || (is_up && node.eviction))) {
      std::ranges::move(taken(state, settings, node, now), std::back_inserter(decision.facts));
    } else if (is_up || is_coming) {
      decision.actions.push_back(CreateNode{node.info.name, pool});
    } else if (is_there) {
      decision.facts.push_back(model::NodeTurned{.node = id,
                                                 .life = NodeLife::leaving,
                                                 .cause = "it is there and nobody asked for it",
                                                 .retry_at = {},
                                                 .idle_since = {}});
    }
  }
  return decision;
}

}  // namespace scheduler
