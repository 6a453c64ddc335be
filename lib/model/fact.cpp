#include "lib/model/fact.h"

#include <type_traits>

#include "lib/base/overloaded.h"

namespace model {

bool JobSubmitted::operator==(const JobSubmitted& other) const {
  return job == other.job && user == other.user && *spec == *other.spec && past == other.past;
}

bool StepStarted::operator==(const StepStarted& other) const {
  return key == other.key && *spec == *other.spec && tasks == other.tasks && shares == other.shares;
}

bool JobUpdated::operator==(const JobUpdated& other) const {
  return job == other.job && by == other.by && *change == *other.change && past == other.past;
}

namespace {

std::string_view kind_of(NodeLife life) {
  switch (life) {
    case NodeLife::absent:
      return "node_gone";
    case NodeLife::wanted:
      return "node_wanted";
    case NodeLife::starting:
      return "node_starting";
    case NodeLife::preparing:
      return "node_preparing";
    case NodeLife::up:
      return "node_up";
    case NodeLife::draining:
      return "node_draining";
    case NodeLife::leaving:
      return "node_leaving";
    case NodeLife::unusable:
      return "node_unusable";
    case NodeLife::retired:
      return "node_retired";
  }
  return "node_gone";
}

}  // namespace

std::string_view kind_of(const FactBody& body) {
  using View = std::string_view;
  return std::visit(
      base::Overloaded{[](const NumbersGiven&) -> View { return "numbers_given"; },
                       [](const NodeJoined&) -> View { return "node_joined"; },
                       [](const StrayGone&) -> View { return "stray_gone"; },
                       [](const NodeAway&) -> View { return "node_away"; },
                       [](const NodeLost&) -> View { return "node_lost"; },
                       [](const JobSubmitted&) -> View { return "job_submitted"; },
                       [](const JobHeld&) -> View { return "job_held"; },
                       [](const JobReleased&) -> View { return "job_released"; },
                       [](const AttemptStarted&) -> View { return "attempt_started"; },
                       [](const LaunchStarted&) -> View { return "launch_started"; },
                       [](const StepStarted&) -> View { return "step_started"; },
                       [](const LaunchEnded&) -> View { return "launch_ended"; },
                       [](const AttemptEnding&) -> View { return "attempt_ending"; },
                       [](const AttemptRequeued&) -> View { return "attempt_requeued"; },
                       [](const JobEnded&) -> View { return "job_ended"; },
                       [](const AttemptPreempted&) -> View { return "attempt_preempted"; },
                       [](const AttemptGrows&) -> View { return "attempt_grows"; },
                       [](const GraceEnded&) -> View { return "grace_ended"; },
                       [](const AttemptWarned&) -> View { return "attempt_warned"; },
                       [](const CheckpointTaken&) -> View { return "checkpoint_taken"; },
                       [](const UsageCarried&) -> View { return "usage_carried"; },
                       [](const RoomPromised&) -> View { return "room_promised"; },
                       [](const ParentEnded&) -> View { return "parent_ended"; },
                       [](const TaskSplit&) -> View { return "task_split"; },
                       [](const TasksCancelled&) -> View { return "tasks_cancelled"; },
                       [](const ArrayStands&) -> View { return "array_stands"; },
                       [](const BookingMade&) -> View { return "booking_made"; },
                       [](const BookingBegun&) -> View { return "booking_begun"; },
                       [](const BookingEnded&) -> View { return "booking_ended"; },
                       [](const JobUpdated&) -> View { return "job_updated"; },
                       [](const NodePlanned&) -> View { return "node_planned"; },
                       [](const NodeTurned& fact) -> View { return kind_of(fact.life); },
                       [](const PoolChanged&) -> View { return "pool_changed"; },
                       [](const PoolStopped&) -> View { return "pool_stopped"; },
                       [](const PoolResumed&) -> View { return "pool_resumed"; },
                       [](const PoolStands&) -> View { return "pool_stands"; },
                       [](const NodeEvicted&) -> View { return "node_evicted"; },
                       [](const NodeEvictionOver&) -> View { return "node_eviction_over"; },
                       [](const AttemptEvicted&) -> View { return "attempt_evicted"; },
                       [](const NodeDrained&) -> View { return "node_drained"; },
                       [](const NodeResumed&) -> View { return "node_resumed"; },
                       [](const GraceShortened&) -> View { return "grace_shortened"; },
                       [](const NodeTwin&) -> View { return "node_twin"; },
                       [](const NodeConditioned&) -> View { return "node_conditioned"; },
                       [](const NodeSuspected&) -> View { return "node_suspected"; },
                       [](const LaunchPrepared&) -> View { return "launch_prepared"; },
                       [](const NodeQuarantined&) -> View { return "node_quarantined"; },
                       [](const GpusIdle&) -> View { return "gpus_idle"; }},
      body);
}

std::optional<JobId> job_of(const FactBody& body) {
  return std::visit(
      []<class Body>(const Body& fact) -> std::optional<JobId> {
        if constexpr (std::is_same_v<Body, StrayGone>) return std::nullopt;
        if constexpr (std::is_same_v<Body, NodeSuspected>) return fact.suspicion.job;
        if constexpr (requires { fact.job; }) return fact.job;
        if constexpr (requires { fact.key; }) return fact.key.job;
        if constexpr (requires { fact.report; }) return fact.report.key.job;
        return std::nullopt;
      },
      body);
}

const std::string* booking_of(const FactBody& body) {
  if (const auto* made = std::get_if<BookingMade>(&body)) return &made->booking.name;
  if (const auto* begun = std::get_if<BookingBegun>(&body)) return &begun->name;
  if (const auto* ended = std::get_if<BookingEnded>(&body)) return &ended->name;
  return nullptr;
}

}  // namespace model
