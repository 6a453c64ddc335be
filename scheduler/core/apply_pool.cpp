#include "scheduler/core/apply_pool.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/check.h"
#include "lib/base/text.h"
#include "scheduler/core/apply_node.h"

namespace scheduler {

namespace {

using base::Time;
using model::NodeLife;

constexpr std::size_t decisions_kept = 32;

void decided(Pool& pool, model::PoolDecision decision) {
  pool.decisions.push_back(std::move(decision));
  if (pool.decisions.size() > decisions_kept) pool.decisions.pop_front();
}

void unindex_life(Pool& pool, const Node& node) {
  const auto lives = pool.by_life.find(node.provided->life);
  if (lives != pool.by_life.end()) {
    lives->second.erase(node.id);
    if (lives->second.empty()) pool.by_life.erase(lives);
  }
  if (const auto since = node.provided->idle_since) pool.idle.erase({*since, node.id});
}

void index_life(Pool& pool, const Node& node) {
  const auto& provided = *node.provided;
  pool.by_life[provided.life].insert(node.id);
  if (provided.life == NodeLife::up && provided.idle_since)
    pool.idle.emplace(*provided.idle_since, node.id);
}

bool is_retired(const Node& node) {
  return node.provided && node.provided->life == NodeLife::retired;
}

Pool& pool_of(State& state, const Node& node) {
  base::check(node.provided.has_value(), "what a provider makes was planned");
  return state.pools.at(node.provided->pool);
}

Pool& pool_at(State& state, const std::string& name) {
  const auto found = state.pools.find(name);
  base::check(found != state.pools.end(), "a fact is about a pool of the state");
  return found->second;
}

/// ", with 2 cores in place of 4", where the node is another one than was planned. Of memory the
/// system of a machine keeps some.
std::string difference(const Node& node) {
  const auto& planned = node.provided->planned;
  const auto there = kind_of(node.info, {});
  std::vector<std::string> parts;
  const auto compare = [&parts](int found, int expected, const char* noun) {
    if (found == expected) return;
    parts.push_back(base::plural(found, noun) + " in place of " + std::to_string(expected));
  };
  compare(there.cores, planned.cores, "core");
  compare(there.gpus, planned.gpus, "GPU");
  if (there.memory.count() < planned.memory.count() / 8 * 7) {
    parts.push_back(base::to_text(there.memory) + " of memory in place of " +
                    base::to_text(planned.memory));
  }
  return parts.empty() ? "" : ", with " + base::join(parts, ", ");
}

void forget_trouble(Pool& pool) {
  pool.n_failures = 0;
  pool.retry_at.reset();
  pool.is_stopped = false;
  pool.trouble.clear();
}

}  // namespace

PoolSize size_of(const ProvidedPool& configured, const Pools& pools) {
  const int n_places = static_cast<int>(configured.nodes.size());
  PoolSize size{configured.least, configured.most, configured.idle_timeout};
  if (const auto found = pools.find(configured.name); found != pools.end()) {
    const auto& order = found->second.order;
    size = {order.least.value_or(size.least), order.most.value_or(size.most),
            order.idle_timeout.value_or(size.idle_timeout)};
  }
  size.most = std::min(size.most, n_places);
  size.least = std::min(size.least, size.most);
  return size;
}

Node& add_node(State& state, model::NodeId id, const std::string& name, Time at) {
  Node node{.id = id,
            .info = {},
            .kind = {},
            .numa_cores = {},
            .phase = NodePhase::ready,
            .since = at,
            .cores_used = {},
            .gpus_used = {},
            .memory_used = {},
            .jobs = {},
            .strays = {},
            .bookings = {},
            .stays_until = {},
            .provided = {},
            .eviction = {},
            .drain = {},
            .condition = {},
            .suspicions = {},
            .undying = {}};
  state.node_by_name.emplace(name, id);
  state.next_node = std::max(state.next_node, id.next());
  return state.nodes.emplace(id, std::move(node)).first->second;
}

void forget_kind(State& state, const Node& node) {
  remove(state.ready, node);
  if (is_retired(node)) return;
  const auto kind = state.node_kinds.find(node.kind);
  if (--kind->second == 0) state.node_kinds.erase(kind);
}

void note_kind(State& state, Node& node) {
  node.kind = kind_of(node.info, node.bookings, node.stays_until);
  if (!is_retired(node)) ++state.node_kinds[node.kind];
  add(state.ready, node);
}

void come_up(State& state, Node& node, Time at) {
  if (!node.provided) return;
  auto& pool = pool_of(state, node);
  auto& provided = *node.provided;
  unindex_life(pool, node);
  using enum NodeLife;
  const bool is_new = provided.life != up && provided.life != draining && provided.life != leaving;
  if (is_new && !is_fit(node)) {
    if (provided.life != preparing) provided.since = at;
    provided.life = preparing;
    provided.cause = "its agent prepares it";
  } else if (is_new) {
    provided.life = up;
    provided.since = at;
    provided.cause.clear();
    forget_trouble(pool);
    decided(pool, {at, node.info.name, "up", "its agent is here" + difference(node)});
  }
  const bool is_idle = node.jobs.empty() && provided.life != preparing;
  if (is_idle && !provided.idle_since) provided.idle_since = at;
  index_life(pool, node);
}

void note_use(State& state, Node& node, Time at) {
  if (!node.provided) return;
  auto& pool = pool_of(state, node);
  unindex_life(pool, node);
  node.provided->idle_since = node.jobs.empty() ? std::optional(at) : std::nullopt;
  index_life(pool, node);
}

void apply_pool(State& state, const model::NodePlanned& fact, Time at) {
  const auto found = state.nodes.find(fact.node);
  const bool is_new = found == state.nodes.end();
  auto& node = is_new ? add_node(state, fact.node, fact.info.name, at) : found->second;
  if (is_new) node.phase = NodePhase::absent;
  if (!is_new) forget_kind(state, node);
  if (node.phase == NodePhase::absent) {
    node.info = fact.info;
    node.numa_cores = model::cores_by_numa(node.info.topology);
  }
  auto provided = node.provided ? *node.provided : Provided();
  if (node.provided) unindex_life(pool_of(state, node), node);
  if (!node.provided || is_retired(node)) {
    provided.life = node.phase == NodePhase::absent ? NodeLife::absent : NodeLife::up;
    provided.since = at;
    provided.cause.clear();
    const bool is_idle = provided.life == NodeLife::up && node.jobs.empty();
    provided.idle_since = is_idle ? std::optional(at) : std::nullopt;
    if (provided.life == NodeLife::absent) node.since = at;
  }
  provided.pool = fact.info.pool;
  provided.planned = kind_of(fact.info, {});
  unindex_eviction(state, node);
  node.provided = std::move(provided);
  index_eviction(state, node);
  index_life(state.pools[fact.info.pool], node);
  note_kind(state, node);
}

void apply_pool(State& state, const model::NodeTurned& fact, Time at) {
  auto& node = state.nodes.at(fact.node);
  auto& pool = pool_of(state, node);
  auto& provided = *node.provided;
  unindex_life(pool, node);
  forget_kind(state, node);
  provided.life = fact.life;
  provided.since = at;
  provided.cause = fact.cause;
  if (fact.life != NodeLife::up && fact.life != NodeLife::draining) forget_eviction(state, node);
  if (!fact.is_there) {
    forget_end(state, node);
    node.info.ends_at.reset();
    state.away_since.erase({node.since, node.id});
    node.phase = NodePhase::absent;
    node.since = at;
    node.strays.clear();
    node.condition.reset();
    node.undying.reset();
    state.held_back.erase(node.id);
    provided.idle_since.reset();
  }
  if (fact.life == NodeLife::starting) provided.begun = at;
  if (fact.stands) {
    provided.idle_since = fact.idle_since;
    provided.begun = fact.begun;
  }
  note_kind(state, node);
  index_life(pool, node);
  if (fact.stands) return;
  if (fact.life == NodeLife::unusable) {
    pool.n_failures = fact.n_failures;
    pool.retry_at = fact.retry_at;
    pool.trouble = fact.cause;
  }
  decided(pool, {at, node.info.name, std::string(to_text(fact.life)), fact.cause});
}

void apply_pool(State& state, const model::NodeTwin& fact, Time at) {
  const auto& node = state.nodes.at(fact.node);
  decided(pool_of(state, node), {at, node.info.name, "twin",
                                 "there were two machines of this name; '" +
                                     base::printable(fact.machine) + "' is ended"});
}

void apply_pool(State& state, const model::PoolChanged& fact, Time at) {
  auto& pool = pool_at(state, fact.pool);
  pool.order = fact.order;
  pool.is_ordered = fact.order.least || fact.order.most || fact.order.idle_timeout;
  decided(pool, {at, "", "changed", "by " + fact.by});
}

void apply_pool(State& state, const model::PoolStopped& fact, Time at) {
  auto& pool = pool_at(state, fact.pool);
  pool.is_stopped = true;
  pool.retry_at = fact.until;
  decided(pool, {at, "", "stopped", fact.why});
}

void apply_pool(State& state, const model::PoolResumed& fact, Time at) {
  auto& pool = pool_at(state, fact.pool);
  forget_trouble(pool);
  decided(pool, {at, "", "resumed", "by " + fact.by});
}

void apply_pool(State& state, const model::PoolStands& fact, Time) {
  auto& pool = pool_at(state, fact.pool);
  pool.order = fact.order;
  pool.is_ordered = fact.is_ordered;
  pool.n_failures = fact.n_failures;
  pool.retry_at = fact.retry_at;
  pool.is_stopped = fact.is_stopped;
  pool.trouble = fact.trouble;
  pool.decisions = {fact.decisions.begin(), fact.decisions.end()};
}

}  // namespace scheduler
