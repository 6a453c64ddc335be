#pragma once
// May we, and then what happened: inputs become facts. Nothing here changes anything.

#include <optional>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/fact.h"
#include "scheduler/core/action.h"
#include "scheduler/core/input.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/view.h"

namespace scheduler {

/// What an input comes to. The actions are those that follow from the input and not from a fact:
/// answers, and words to agents about launches that the state does not know (any more).
struct Decision {
  std::vector<model::FactBody> facts;
  std::vector<Action> actions;
};

Decision decide(const View& view, const Policy& policy, const Settings& settings,
                const Input& input, base::Time now);

/// Would the user's request be accepted? errors: invalid, denied, not_found, exhausted
base::Result<void> admissible(const View& view, const Policy& policy, const Settings& settings,
                              const model::User& user, const model::JobSpec& spec);

/// The same but for the number of jobs, of one that is there already.
base::Result<void> runnable(const View& view, const Policy& policy, const model::User& user,
                            const model::JobSpec& spec);

/// A job that is to grow has a range of nodes, and may start again. errors: invalid
base::Result<void> has_nodes_to_grow(const model::JobSpec& spec, const model::Layout& layout);

/// Does a deadline leave time for the job? errors: invalid, with what would
base::Result<void> reachable(const model::JobSpec& spec, base::Time now);

/// The end of the jobs that this one depends on, if it may start one day; `known` is what history
/// knows of them. errors: invalid, not_found
base::Result<std::vector<model::PastJob>> promising(const State& state, Job job,
                                                    const std::vector<model::PastJob>& known);

/// The job, if it exists and the user may act on it. errors: not_found, denied, conflict
base::Result<const Job*> own_job(const State& state, const Settings& settings,
                                 const model::User& user, model::JobId id);
/// May the user act on everybody's jobs?
bool is_in_charge(const Settings& settings, const model::User& user);

/// What follows from a fact that was just applied: the end of its job or a requeue; and for those
/// that depend on a job that has ended.
std::vector<model::FactBody> settle(const View& view, const Policy& policy,
                                    const Settings& settings, const model::Fact& fact);

// The parts of decide(), by whom they listen to.

Decision decide_update(const View& view, const Policy& policy, const Settings& settings,
                       const UpdateJob& request, base::Time now);
Decision decide_hello(const View& view, const Settings& settings, const NodeHello& hello,
                      base::Time now);
Decision decide_undying(const State& state, NodeSaysUndying said);
Decision decide_gpus(const State& state, const Settings& settings, const NodeSaysGpus& said,
                     base::Time now);
/// Of a job that runs, if all its GPUs do nothing and the cluster wants that ended.
std::optional<model::FactBody> end_for_idle_gpus(const Job& job, const Settings& settings,
                                                 base::Time now);
Decision decide_condition(const State& state, const Settings& settings,
                          const NodeSaysCondition& said);
Decision decide_started(const State& state, const NodeSaysStarted& said);
Decision decide_prepared(const State& state, const NodeSaysPrepared& said);
Decision decide_ended(const State& state, const Settings& settings, const NodeSaysEnded& said,
                      base::Time now);
Decision decide_node_checkpoint(const State& state, const NodeSaysCheckpoint& said, base::Time now);
Decision decide_gone(const State& state, const NodeGone& gone);
Decision decide_restarted(const State& state, const Settings& settings);
/// errors: denied, not_found, invalid
Decision decide_change_pool(const State& state, const Settings& settings,
                            const ChangePool& request);
Decision decide_provider(const State& state, const ProviderMade& said);
Decision decide_provider(const State& state, const ProviderFailed& said, base::Time now);
Decision decide_provider(const State& state, const ProviderTwin& said);
Decision decide_provider(const State& state, const Settings& settings, const ProviderEnded& said,
                         base::Time now);
Decision decide_provider(const State& state, const Settings& settings, const ProviderHas& said,
                         base::Time now);
/// The eviction of a node whose end is near.
std::vector<model::FactBody> evict_at_end(const State& state, const Settings& settings,
                                          const Node& node, base::Time now);
/// What follows when the time of its eviction is over.
std::vector<model::FactBody> end_eviction(const State& state, const Settings& settings,
                                          const Node& node, base::Time now);
Decision decide_evicted(const State& state, const Settings& settings, const NodeEvicted& said,
                        base::Time now);
/// errors: conflict for one that is not there, denied, not_found, invalid
Decision decide_evict(const State& state, const Settings& settings, const EvictNode& request,
                      base::Time now);
/// errors: denied, not_found, invalid
Decision decide_drain(const State& state, const Settings& settings, const DrainNodes& request,
                      base::Time now);
Decision decide_resume(const State& state, const Settings& settings, const ResumeNodes& request);
/// errors: conflict when nodes are in use or booked at that time, denied, not_found, invalid
Decision decide_make_booking(const View& view, const Settings& settings, const MakeBooking& request,
                             base::Time now);
Decision decide_cancel_booking(const State& state, const Settings& settings,
                               const CancelBooking& request);

/// May the user's job name this booking, and end in time? errors: not_found, denied, invalid
base::Result<void> may_use_booking(const State& state, const model::User& user,
                                   const model::JobSpec& spec, base::Time now);

Decision decide_tick(const State& state, const Settings& settings, base::Time now);

}  // namespace scheduler
