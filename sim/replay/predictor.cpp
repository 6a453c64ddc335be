#include "sim/replay/predictor.h"

#include <memory>
#include <utility>

#include "scheduler/core/kind.h"

namespace replay {

namespace {

constexpr base::Time any_start = base::time_from_us(0);  // what counts is how long it ran

/// With the fields that make it like others.
scheduler::Job asked_for(const Job& job, model::JobId id) {
  auto spec = std::make_shared<model::JobSpec>();
  spec->name = job.name;
  if (job.requested != unlimited) spec->time_limit = job.requested;
  return {.id = id,
          .attempts = 1,
          .submitted_at = any_start,
          .spec = std::move(spec),
          .phase = {},
          .user = {.uid = job.user, .gid = job.group, .name = {}},
          .layout = {},
          .earlier = {}};
}

}  // namespace

base::Duration Predictor::predict(const Job& job) const {
  return history_.predict(kind_of(asked_for(job, model::JobId(n_learnt_ + 1))));
}

void Predictor::learn(const Job& job) {
  auto ended = asked_for(job, model::JobId(++n_learnt_));
  ended.phase =
      scheduler::Done{.outcome = {},
                      .at = any_start + job.run,
                      .last = scheduler::Attempt{.number = 1,
                                                 .allocation = {},
                                                 .started_at = any_start,
                                                 .batch = {.node = model::NodeId(1), .report = {}},
                                                 .steps = {},
                                                 .checkpoint_at = {}},
                      .running_since = any_start};
  history_.learn(ended);
  ended_.push_back(std::move(ended));
  if (ended_.size() <= jobs_kept_) return;
  history_.forget(ended_.front());
  ended_.pop_front();
}

}  // namespace replay
