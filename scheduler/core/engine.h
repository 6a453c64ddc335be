#pragma once
// Fixes the order of decide, apply and react, so that no driver can get it wrong: an
// action is handed out only when every fact decided before it is durable.

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/fact.h"
#include "lib/model/pool.h"
#include "lib/model/quota.h"
#include "lib/model/reason.h"
#include "lib/model/record.h"
#include "scheduler/core/action.h"
#include "scheduler/core/input.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/state.h"
#include "scheduler/core/view.h"

namespace scheduler {

class Engine {
 public:
  Engine(Settings settings, Policy policy);

  /// Takes one fact of the journal, before the first handle(). `seq` is its place there.
  void replay(model::Seq seq, const model::Fact& fact);

  /// Decides. Returns the facts to append, in order; their places follow last_seq() of before.
  /// `now` never goes back.
  std::vector<model::Fact> handle(const Input& input, base::Time now);

  /// A scheduling pass, and others as long as they end running jobs to make room: due after the
  /// inputs that came at one time, before anything else is done. Returns facts as handle() does.
  std::vector<model::Fact> plan(base::Time now);

  /// Everything up to `seq` is on disk: the actions that may now be performed, in order.
  std::vector<Action> durable(model::Seq seq);

  /// When to call handle(Tick) and plan() next; nullopt: nothing is due.
  std::optional<base::Time> next_deadline() const;

  /// When the policy asked for another pass; next_deadline() is not later.
  std::optional<base::Time> next_pass() const { return last_plan_.again; }

  model::Seq last_seq() const { return last_seq_; }
  const State& state() const { return state_; }
  const Settings& settings() const { return settings_; }

  /// Why a waiting job waits, by the last pass; nullopt when it does not wait or is unknown.
  std::optional<model::Reason> reason_of(model::JobId job) const;

  /// Who comes first among those that may start, and why: one of each kind.
  std::vector<model::PriorityTerms> priorities(base::Time now) const;

  /// The limits that may stand before jobs of the user; for root and the owner of the cluster, all.
  std::vector<model::QuotaUse> quotas(const model::User& user, base::Time now) const;

  /// A job in the queue that nothing keeps from starting, as far as the last pass knows: it should
  /// never leave one. Looks at so many kinds, those after `seen` first, which moves on.
  std::optional<model::JobId> overlooked(std::optional<JobKind>& seen,
                                         std::size_t most_kinds) const;

  /// When a request would start. errors: as its submission
  base::Result<model::Advice> advise(const model::User& user, const model::JobSpec& spec,
                                     base::Time now) const;

  /// When a waiting job will start, and what would let it start now. errors: not_found, conflict
  base::Result<model::Advice> advise(model::JobId job, base::Time now) const;

  /// A job as people see it; the job must be in the state.
  model::JobRecord record_of(const Job& job) const;
  model::NodeRecord record_of(const Node& node) const;
  model::BookingRecord record_of(const StandingBooking& standing) const;

  /// May a snapshot leave this fact out? True for facts about jobs that the state has dropped, and
  /// for those that each snapshot makes anew.
  bool is_forgotten(const model::Fact& fact) const;

  /// The facts that head a snapshot: what is known of jobs that the state has dropped.
  std::vector<model::Fact> head(base::Time now) const;

  /// Those that end it: how arrays stand of which it has dropped tasks, and pools with their nodes.
  std::vector<model::Fact> tail(base::Time now) const;

  /// The pools whose nodes a provider makes and ends, as people see them.
  std::vector<model::PoolRecord> pools() const;

 private:
  struct Held {
    model::Seq after;  // performed when this is durable
    Action action;
  };

  void take(model::Fact fact, std::vector<model::Fact>& facts);
  std::vector<model::FactBody> take_alone(model::Fact fact, std::vector<model::Fact>& facts);
  model::JobId single(model::JobId id, std::vector<model::Fact>& facts, base::Time now);
  bool carry_out(std::vector<model::Fact>& facts, base::Time now);
  bool steer_pools(std::vector<model::Fact>& facts, base::Time now);
  bool stands_out(model::JobId job) const;
  base::Time stop_at(model::JobId job, base::Time now) const;
  View view() const {
    return {.state = state_,
            .pools = settings_.pools,
            .classes = settings_.classes,
            .workspaces = settings_.workspaces,
            .licenses = settings_.licenses,
            .last_pass = last_pass_,
            .provided = settings_.provided};
  }

  Settings settings_;
  Policy policy_;
  State state_;
  Plan last_plan_;
  std::optional<base::Time> last_pass_;
  std::optional<base::Time> steer_again_;
  mutable std::map<JobKind, model::Reason> reasons_;  // of the last pass, as they are asked for
  model::Seq last_seq_ = 0;
  std::deque<Held> held_;
};

/// Is it one of those that head or end a snapshot, and are made anew for the next?
bool is_of_snapshot(const model::Fact& fact);

}  // namespace scheduler
