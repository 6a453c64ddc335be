#include "scheduler/core/pools.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "lib/base/text.h"
#include "scheduler/core/apply_node.h"

namespace scheduler {

namespace {

using base::Time;
using model::NodeLife;

constexpr base::Duration ask_again = std::chrono::minutes(1);     // for a node that does not go
constexpr base::Duration joining_time = std::chrono::minutes(1);  // of a node's life, and to spare

/// One pool at one time. The facts are about different nodes, so that none changes what another is
/// about.
class Helm {
 public:
  Helm(const View& view, const ProvidedPool& configured, const Pool& pool, Time now)
      : view_(view),
        configured_(configured),
        pool_(pool),
        size_(size_of(configured, view.state.pools)),
        now_(now),
        n_there_(pool.n_there()),
        n_under_way_(pool.n_in(NodeLife::starting) + pool.n_in(NodeLife::preparing)) {}

  void run(const Needs& needs, Steering& steering) {
    end_waits();
    end_draining();
    if (n_there_ > size_.most) shrink(needs);
    if (n_there_ < size_.most) take_back();
    grow(needs);
    drop_unneeded(needs);
    if (size_.is_elastic() || configured_.has_program) {
      let_idle_go(needs);
      let_unusable_go(needs);
    }
    std::ranges::move(facts_, std::back_inserter(steering.facts));
    steering.changes_work = steering.changes_work || changes_work_;
    if (again_ && (!steering.again || *again_ < *steering.again)) steering.again = again_;
  }

 private:
  const Node& node_of(model::NodeId id) const { return view_.state.nodes.at(id); }

  std::vector<model::NodeId> those(NodeLife life) const {
    const auto found = pool_.by_life.find(life);
    if (found == pool_.by_life.end()) return {};
    return {found->second.begin(), found->second.end()};
  }

  void note(Time at) { again_ = again_ ? std::min(*again_, at) : at; }

  void turn(const Node& node, NodeLife life, std::string cause) {
    const bool may_be_there =
        life == NodeLife::up || life == NodeLife::draining || life == NodeLife::leaving;
    turned_.insert(node.id);
    changes_work_ =
        changes_work_ || (node.provided->life == NodeLife::up) != (life == NodeLife::up);
    facts_.push_back(model::NodeTurned{.node = node.id,
                                       .life = life,
                                       .cause = std::move(cause),
                                       .retry_at = {},
                                       .is_there = may_be_there && node.phase != NodePhase::absent,
                                       .idle_since = {}});
    if (life == NodeLife::starting) note(now_ + configured_.start_timeout);
    if (life == NodeLife::leaving) note(now_ + ask_again);
  }

  /// Another machine takes the place of one that its agent could not make fit for work, unless
  /// somebody looks at it.
  bool is_hopeless(const Node& node) const {
    return configured_.has_program && node.phase == NodePhase::ready && !is_fit(node) &&
           node.condition->is_given_up && !node.drain && !node.eviction;
  }

  /// `stop` gets the fact that stops the pool, if that follows.
  void give_up(const Node& node, std::string why, std::optional<model::FactBody>& stop) {
    auto failure = fail_node(view_.state, node, std::move(why), now_);
    if (failure.size() > 1) {
      stop = std::move(failure.back());
      failure.pop_back();
    }
    note(*std::get<model::NodeTurned>(failure.front()).retry_at);
    std::ranges::move(failure, std::back_inserter(facts_));
    turned_.insert(node.id);
    --n_there_;
    has_failed_ = true;
  }

  /// Steps that take too long, and nodes that do not get fit.
  void end_waits() {
    std::optional<model::FactBody> stop;  // the pool stops once, and after its nodes have failed
    for (const auto life : {NodeLife::starting, NodeLife::preparing}) {
      for (const auto id : those(life)) {
        const auto& node = node_of(id);
        if (life == NodeLife::preparing && node.phase == NodePhase::ready) {
          // Its agent has limits of its own.
          if (is_hopeless(node)) {
            give_up(node, node.condition->reason, stop);
            --n_under_way_;
          }
          continue;
        }
        // Of one whose agent was here already, from when it went.
        const auto limit = std::max(node.provided->since, node.since) + configured_.start_timeout;
        if (limit > now_) {
          note(limit);
          continue;
        }
        give_up(
            node,
            fmt::format("it did not come up within {}", base::to_text(configured_.start_timeout)),
            stop);
        --n_under_way_;
      }
    }
    for (const auto& [since, id] : pool_.idle) {
      const auto& node = node_of(id);
      if (is_hopeless(node)) give_up(node, node.condition->reason, stop);
    }
    if (stop) facts_.push_back(*std::move(stop));
    for (const auto id : those(NodeLife::leaving)) {
      const auto& node = node_of(id);
      const auto limit = node.provided->since + ask_again;
      if (limit <= now_) {
        turn(node, NodeLife::leaving, node.provided->cause);
      } else {
        note(limit);
      }
    }
  }

  void end_draining() {
    for (const auto id : those(NodeLife::draining)) {
      const auto& node = node_of(id);
      if (node.jobs.empty()) {
        turn(node, NodeLife::leaving, node.provided->cause);
      } else if (has_place(node)) {
        end_jobs(node);  // somebody may have said so since
      }
    }
  }

  /// Above what it may have: those go first that cost least.
  void shrink(const Needs& needs) {
    const auto cause = fmt::format("the pool is to have at most {}", size_.most);
    const auto drop = [&](NodeLife life, NodeLife to) {
      auto nodes = those(life);
      for (auto id = nodes.rbegin(); id != nodes.rend() && n_there_ > size_.most; ++id) {
        if (turned_.contains(*id)) continue;
        turn(node_of(*id), to, cause);
        --n_there_;
      }
    };
    drop(NodeLife::wanted, NodeLife::absent);
    drop(NodeLife::starting, NodeLife::leaving);
    drop(NodeLife::preparing, NodeLife::leaving);
    std::vector<std::pair<bool, model::NodeId>> idle;
    for (const auto& [since, id] : pool_.idle) {
      if (!turned_.contains(id)) idle.emplace_back(needs.nodes.contains(id), id);
    }
    std::ranges::sort(idle, [](const auto& a, const auto& b) {
      return a.first != b.first ? b.first : a.second > b.second;
    });
    for (const auto& [is_needed, id] : idle) {
      if (n_there_ <= size_.most) return;
      turn(node_of(id), NodeLife::leaving, cause);
      --n_there_;
    }
    if (n_there_ > size_.most) shrink_busy(cause);
  }

  /// Core-time that would be done again.
  double lost_work(const Node& node) const {
    double lost = 0;
    for (const auto id : node.jobs) {
      const auto& job = view_.state.jobs.at(id);
      lost += static_cast<double>(unsaved_time(job, now_).count()) *
              model::n_cores(active_attempt(job)->allocation);
    }
    return lost;
  }

  void shrink_busy(const std::string& cause) {
    std::vector<std::pair<double, model::NodeId>> busy;
    for (const auto id : those(NodeLife::up)) {
      const auto& node = node_of(id);
      if (!node.jobs.empty()) busy.emplace_back(lost_work(node), id);
    }
    std::ranges::sort(busy);
    for (const auto& [lost, id] : busy) {
      if (n_there_ <= size_.most) return;
      const auto& node = node_of(id);
      turn(node, NodeLife::draining, cause);
      --n_there_;
      end_jobs(node);
    }
  }

  void end_jobs(const Node& node) {
    const auto when = pool_.order.when_busy;
    if (when == model::WhenBusy::wait) return;
    const bool is_requeue = when == model::WhenBusy::requeue;
    for (const auto id : node.jobs) {
      const auto& job = view_.state.jobs.at(id);
      if (std::holds_alternative<Ending>(job.phase) || !ended_.insert(id).second) continue;
      const auto text =
          fmt::format("its node {} was taken out of pool {}", node.info.name, configured_.name);
      facts_.push_back(model::AttemptEnding{
          id,
          active_attempt(job)->number,
          {.cause = is_requeue ? model::Cause::preempted : model::Cause::cancelled,
           .code = 0,
           .step = {},
           .rank = {},
           .node = node.info.name,
           .text = text}});
    }
  }

  bool has_place(const Node& node) const {
    return std::ranges::find(configured_.nodes, node.info.name, &model::NodeInfo::name) !=
           configured_.nodes.end();
  }

  /// Nodes that are to go and still there are as good as new ones.
  void take_back() {
    for (const auto id : those(NodeLife::draining)) {
      const auto& node = node_of(id);
      if (n_there_ >= size_.most) return;
      if (turned_.contains(id) || !has_place(node)) continue;
      turn(node, NodeLife::up,
           n_there_ < size_.least ? fmt::format("the pool is to have at least {}", size_.least)
                                  : fmt::format("the pool may have {} again", size_.most));
      ++n_there_;
    }
  }

  /// After a failure one node at a time is tried, until one comes.
  bool may_start() const {
    if (pool_.is_blocked(now_) || has_failed_) return false;
    return pool_.n_failures == 0 || n_under_way_ == 0;
  }

  void start(const Node& node, std::string cause) {
    turn(node, NodeLife::starting, std::move(cause));
    ++n_under_way_;
  }

  /// One that is to be there, and is not.
  void want(const Node& node, const std::string& cause) {
    const auto life = node.provided->life;
    const bool is_counted = life == NodeLife::wanted;
    if (node.drain) return;  // nobody could use it
    if (turned_.contains(node.id) || (!is_counted && n_there_ >= size_.most)) return;
    if (may_start()) {
      start(node, cause);
      if (!is_counted) ++n_there_;
    } else if (life == NodeLife::absent) {
      turn(node, NodeLife::wanted, cause);
      ++n_there_;
    } else {
      waiting_.insert(node.id);
    }
    if (pool_.retry_at && pool_.is_blocked(now_)) note(*pool_.retry_at);
  }

  static std::string cause_of(const Need& need) {
    return need.job ? "for job " + to_text(*need.job) : "for booking '" + need.booking + "'";
  }

  void grow(const Needs& needs) {
    using enum NodeLife;
    const auto is_short = [&] { return n_there_ < size_.least; };
    const auto least_text = [&] { return fmt::format("the pool has {} at least", size_.least); };
    for (const auto life : {wanted, unusable, absent}) {
      if (needs.nodes.empty()) break;
      for (const auto id : those(life)) {
        const auto need = needs.nodes.find(id);
        if (need != needs.nodes.end()) want(node_of(id), cause_of(need->second));
      }
    }
    for (const auto id : those(wanted)) {
      if (n_there_ <= size_.least) want(node_of(id), least_text());
    }
    for (const auto life : {unusable, absent}) {
      if (!is_short()) return;
      for (const auto id : those(life)) {
        if (is_short()) want(node_of(id), least_text());
      }
    }
  }

  /// Of those that were to come, and of those that could not.
  void drop_unneeded(const Needs& needs) {
    for (const auto id : those(NodeLife::wanted)) {
      const auto& node = node_of(id);
      if (turned_.contains(id) || waiting_.contains(id) || needs.nodes.contains(id)) continue;
      if (n_there_ <= size_.least) continue;
      turn(node, NodeLife::absent, "nobody needs it any more");
      --n_there_;
    }
    for (const auto id : those(NodeLife::unusable)) {
      if (turned_.contains(id) || waiting_.contains(id)) continue;
      if (pool_.is_blocked(now_)) {
        note(*pool_.retry_at);
      } else if (n_there_ >= size_.least && pool_.n_failures == 0) {
        turn(node_of(id), NodeLife::absent, "nobody needs it any more");
      }
    }
  }

  /// Those first that were idle longest, of these the last ones.
  void let_idle_go(const Needs& needs) {
    std::vector<std::pair<Time, model::NodeId>> idle(pool_.idle.begin(), pool_.idle.end());
    std::ranges::sort(idle, [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : a.second > b.second;
    });
    for (const auto& [since, id] : idle) {
      if (turned_.contains(id)) continue;
      const auto& node = node_of(id);
      if (node.phase == NodePhase::lost) {
        turn(node, NodeLife::leaving, "it was out of contact for too long");
        --n_there_;
        continue;
      }
      if (node.phase == NodePhase::away) continue;  // it comes back, or is lost
      if (n_there_ <= size_.least || needs.nodes.contains(id)) continue;
      if (node.eviction || node.drain) continue;  // it goes then, or somebody looks at it
      const auto end = since + size_.idle_timeout;
      if (end > now_) {
        note(end);
        continue;
      }
      turn(node, NodeLife::leaving, "idle for " + base::to_text(size_.idle_timeout));
      --n_there_;
    }
  }

  /// Those that came for jobs and did not get fit for them: as idle ones.
  void let_unusable_go(const Needs& needs) {
    for (const auto id : those(NodeLife::preparing)) {
      const auto& node = node_of(id);
      const bool is_unusable = node.phase == NodePhase::ready && node.condition &&
                               node.condition->fitness == model::Fitness::unusable;
      if (!is_unusable || turned_.contains(id) || needs.nodes.contains(id)) continue;
      if (node.drain) continue;
      if (n_there_ <= size_.least) return;
      const auto end = node.provided->since + size_.idle_timeout;
      if (end > now_) {
        note(end);
        continue;
      }
      turn(node, NodeLife::leaving, "it is unusable: " + node.condition->reason);
      --n_there_;
    }
  }

  const View& view_;
  const ProvidedPool& configured_;
  const Pool& pool_;
  PoolSize size_;
  Time now_;
  int n_there_;
  int n_under_way_;
  bool has_failed_ = false;
  bool changes_work_ = false;
  std::set<model::NodeId> turned_;
  std::set<model::NodeId> waiting_;  // for the pause after a failure
  std::set<model::JobId> ended_;
  std::vector<model::FactBody> facts_;
  std::optional<Time> again_;
};

/// All are there that can be, and stay, or none is and none comes.
bool is_settled(const ProvidedPool& configured, const Pool& pool, const Pools& pools) {
  const auto size = size_of(configured, pools);
  if (size.is_elastic() || configured.has_program || pool.by_life.size() != 1) return false;
  const auto life = pool.by_life.begin()->first;
  return pool.n_in(NodeLife::up) == size.least &&
         (life == NodeLife::up || life == NodeLife::absent);
}

std::set<model::NodeId> nodes_in(const Pool& pool, NodeLife life) {
  const auto found = pool.by_life.find(life);
  return found == pool.by_life.end() ? std::set<model::NodeId>() : found->second;
}

model::PoolRecord record_of(const State& state, const ProvidedPool& configured, const Pool& pool,
                            model::Tier tier) {
  using enum NodeLife;
  const auto size = size_of(configured, state.pools);
  model::PoolRecord record{
      .pool = configured.name,
      .least = size.least,
      .most = size.most,
      .idle_timeout = size.idle_timeout,
      .is_ordered = pool.is_ordered,
      .tier = tier,
      .wanted = pool.n_there(),
      .idle = 0,
      .busy = 0,
      .starting = pool.n_in(wanted) + pool.n_in(starting) + pool.n_in(preparing),
      .leaving = pool.n_in(draining) + pool.n_in(leaving),
      .unusable = pool.n_in(unusable),
      .trouble = pool.trouble,
      .retry_at = pool.retry_at,
      .is_stopped = pool.is_stopped,
      .decisions = {pool.decisions.begin(), pool.decisions.end()}};
  for (const auto id : nodes_in(pool, preparing)) {
    const auto& node = state.nodes.at(id);
    if (!node.condition || node.condition->fitness != model::Fitness::unusable) continue;
    --record.starting;
    ++record.unusable;
    if (record.trouble.empty()) record.trouble = model::describe(node.info.name, *node.condition);
  }
  const auto ups = pool.by_life.find(up);
  if (ups == pool.by_life.end()) return record;
  for (const auto id : ups->second) {
    const auto& node = state.nodes.at(id);
    const bool is_prepared_again =
        !is_fit(node) && node.condition->fitness == model::Fitness::preparing;
    const bool is_here = node.phase == NodePhase::ready && is_fit(node);
    ++(is_prepared_again   ? record.starting
       : !is_here          ? record.unusable
       : node.jobs.empty() ? record.idle
                           : record.busy);
  }
  return record;
}

}  // namespace

std::optional<base::Duration> longest_stay(std::span<const ProvidedPool> pools,
                                           const std::string& pool) {
  const auto found = std::ranges::find(pools, pool, &ProvidedPool::name);
  if (found == pools.end() || found->life == base::Duration()) return std::nullopt;
  return std::max(found->life - end_notice - joining_time - end_grain(found->life),
                  base::Duration());
}

Steering steer(const View& view, const Needs& needs, Time now) {
  Steering steering;
  for (const auto& configured : view.provided) {
    const auto pool = view.state.pools.find(configured.name);
    if (pool == view.state.pools.end()) continue;
    if (is_settled(configured, pool->second, view.state.pools)) continue;
    Helm(view, configured, pool->second, now).run(needs, steering);
  }
  for (const auto& [name, pool] : view.state.pools) {
    const bool is_over =
        pool.n_in(NodeLife::draining) + pool.n_in(NodeLife::leaving) > 0 &&
        std::ranges::find(view.provided, name, &ProvidedPool::name) == view.provided.end();
    if (!is_over) continue;
    const ProvidedPool no_longer{.name = name, .least = 0, .most = 0};
    Helm(view, no_longer, pool, now).run({}, steering);
  }
  if (needs.again && (!steering.again || *needs.again < *steering.again))
    steering.again = needs.again;
  return steering;
}

bool has_elastic_pools(const View& view) {
  return std::ranges::any_of(view.provided, [&view](const ProvidedPool& pool) {
    return size_of(pool, view.state.pools).is_elastic();
  });
}

std::vector<model::PoolRecord> pool_records(const State& state, const Settings& settings) {
  std::vector<model::PoolRecord> records;
  for (const auto& configured : settings.provided) {
    const auto pool = state.pools.find(configured.name);
    if (pool == state.pools.end()) continue;
    const bool is_low = settings.low_priority_pools.contains(configured.name);
    records.push_back(record_of(state, configured, pool->second,
                                is_low ? model::Tier::low_priority : model::Tier::dedicated));
  }
  return records;
}

bool is_overtaken(const State& state, const Action& action) {
  const auto* create = std::get_if<CreateNode>(&action);
  const auto* destroy = std::get_if<DestroyNode>(&action);
  if (create == nullptr && destroy == nullptr) return false;
  const auto id = state.node_by_name.find(create != nullptr ? create->name : destroy->name);
  if (id == state.node_by_name.end()) return false;
  const auto& node = state.nodes.at(id->second);
  if (!node.provided) return false;
  const auto life = node.provided->life;
  if (create != nullptr) return life == NodeLife::absent || life == NodeLife::leaving;
  return node.phase == NodePhase::ready && (life == NodeLife::up || life == NodeLife::draining);
}

CreateNode create_of(const Node& node) {
  const auto& provided = *node.provided;
  return {.name = node.info.name,
          .pool = provided.pool,
          .birth = std::to_string(base::to_us(provided.begun.value_or(provided.since)))};
}

namespace {

void add_node_stands(const Node& node, std::vector<model::Fact>& facts) {
  if (node.condition)
    facts.push_back({node.condition->since, model::NodeConditioned{node.id, *node.condition}});
  if (node.undying)
    facts.push_back({node.undying->front().since, model::NodeQuarantined{node.id, *node.undying}});
  for (const auto& [at, suspicion] : node.suspicions)
    facts.push_back({at, model::NodeSuspected{node.id, suspicion}});
  if (node.provided) {
    const auto& provided = *node.provided;
    facts.push_back({provided.since, model::NodeTurned{.node = node.id,
                                                       .life = provided.life,
                                                       .cause = provided.cause,
                                                       .retry_at = {},
                                                       .is_there = node.phase != NodePhase::absent,
                                                       .stands = true,
                                                       .idle_since = provided.idle_since,
                                                       .begun = provided.begun}});
  }
  if (node.eviction) {
    const auto& [since, until, over_at, cause, by] = *node.eviction;
    facts.push_back({since, model::NodeEvicted{node.id, until, over_at, cause, by}});
  }
  if (node.drain) {
    const auto& [since, by, reason, until] = *node.drain;
    facts.push_back({since, model::NodeDrained{node.id, by, reason, until}});
  }
}

}  // namespace

std::vector<model::Fact> nodes_stand(const State& state, Time now) {
  std::vector<model::Fact> facts;
  for (const auto& [id, node] : state.nodes) add_node_stands(node, facts);
  for (const auto& [name, pool] : state.pools) {
    facts.push_back(
        {now, model::PoolStands{.pool = name,
                                .order = pool.order,
                                .is_ordered = pool.is_ordered,
                                .n_failures = pool.n_failures,
                                .retry_at = pool.retry_at,
                                .is_stopped = pool.is_stopped,
                                .trouble = pool.trouble,
                                .decisions = {pool.decisions.begin(), pool.decisions.end()}}});
  }
  return facts;
}

}  // namespace scheduler
