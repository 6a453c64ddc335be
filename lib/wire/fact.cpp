#include "lib/wire/fact.h"

#include <fmt/format.h>

#include "lib/base/overloaded.h"
#include "lib/wire/convert.h"
#include "lib/wire/fact.pb.h"
#include "lib/wire/fact_node.h"
#include "lib/wire/fact_pool.h"
#include "lib/wire/fact_step.h"
#include "lib/wire/shared_node.h"

namespace wire {

namespace {

void write(const model::NodeJoined& fact, pb::NodeJoined& out) {
  out.set_node(fact.node.number());
  write_node_info(fact.info, *out.mutable_info());
  for (const auto& stray : fact.strays) wire::write(stray, *out.add_strays());
  if (fact.condition != model::NodeCondition())
    write_condition(fact.condition, *out.mutable_condition());
}

void write(const model::StrayGone& fact, pb::StrayGone& out) {
  out.set_node(fact.node.number());
  wire::write(fact.key, *out.mutable_key());
}

void write(const model::PastJob& past, pb::PastJob& out) {
  out.set_job(past.job.number());
  out.set_ending(std::string(to_text(past.ending)));
  out.set_since_us(base::to_us(past.since));
  out.set_tasks(ranges_text(past.tasks));
  out.set_completed(ranges_text(past.completed));
}

void write(const model::TaskSplit& fact, pb::TaskSplit& out) {
  out.set_job(fact.job.number());
  out.set_array(fact.task.array.number());
  out.set_index(u32(fact.task.index));
}

void write(const model::TasksCancelled& fact, pb::TasksCancelled& out) {
  out.set_job(fact.job.number());
  out.set_tasks(ranges_text(fact.tasks));
  write_failure(fact.why, *out.mutable_why());
}

void write(const model::ArrayStands& fact, pb::ArrayStands& out) {
  out.set_job(fact.job.number());
  out.set_has_begun(fact.tally.has_begun);
  out.set_pending(ranges_text(fact.tally.pending));
  out.set_completed(ranges_text(fact.tally.completed));
  for (const auto& [ending, count] : fact.tally.ended) {
    auto& ended = *out.add_ended();
    ended.set_ending(std::string(to_text(ending)));
    ended.set_count(u32(count));
  }
  if (fact.tally.worst) wire::write(*fact.tally.worst, *out.mutable_worst());
  if (fact.tally.spread_at) out.set_spread_at_us(base::to_us(*fact.tally.spread_at));
}

void write(const model::JobSubmitted& fact, pb::JobSubmitted& out) {
  out.set_job(fact.job.number());
  write_user(fact.user, *out.mutable_user());
  wire::write(*fact.spec, *out.mutable_spec());
  for (const auto& parent : fact.past) write(parent, *out.add_past());
}

void write(const model::ParentEnded& fact, pb::ParentEnded& out) {
  out.set_job(fact.job.number());
  write(fact.parent, *out.mutable_parent());
}

void write(const model::AttemptStarted& fact, pb::AttemptStarted& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  write_allocation(fact.allocation, *out.mutable_allocation());
  out.set_has_site_programs(fact.has_site_programs);
}

void write(const model::AttemptEnding& fact, pb::AttemptEnding& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  write_failure(fact.why, *out.mutable_why());
}

void write(const model::AttemptRequeued& fact, pb::AttemptRequeued& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  out.set_not_before_us(base::to_us(fact.not_before));
}

void write(const model::AttemptPreempted& fact, pb::AttemptPreempted& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  if (fact.by) out.set_by(fact.by->number());
  out.set_stop_at_us(base::to_us(fact.stop_at));
  out.set_cause(fact.cause);
}

void write(const model::AttemptGrows& fact, pb::AttemptGrows& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  for (const auto node : fact.nodes) out.add_nodes(node.number());
  out.set_stop_at_us(base::to_us(fact.stop_at));
}

/// Of a fact that is nothing but an attempt.
template <class Fact, class Message>
void write_attempt(const Fact& fact, Message& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
}

void write(const model::CheckpointTaken& fact, pb::CheckpointTaken& out) {
  write_attempt(fact, out);
  out.set_taken_at_us(base::to_us(fact.taken_at));
}

void write(const model::UsageCarried& fact, pb::UsageCarried& out) {
  out.set_uid(fact.uid);
  out.set_workspace(fact.workspace);
  out.set_since_us(base::to_us(fact.since));
  out.set_core_time_us(fact.core_time.count());
  out.set_gpu_time_us(fact.gpu_time.count());
}

void write(const model::RoomPromised& fact, pb::RoomPromised& out) {
  out.set_job(fact.job.number());
  for (const auto victim : fact.victims) out.add_victims(victim.number());
}

void write(const model::BookingMade& fact, pb::BookingMade& out) {
  const auto& booking = fact.booking;
  out.set_name(booking.name);
  for (const auto node : booking.nodes) out.add_nodes(node.number());
  out.set_start_us(base::to_us(booking.start));
  out.set_end_us(base::to_us(booking.end));
  out.set_is_maintenance(booking.is_maintenance);
  for (const auto& user : booking.users) out.add_users(user);
  for (const auto& workspace : booking.workspaces) out.add_workspaces(workspace);
  out.set_comment(booking.comment);
  write_user(booking.by, *out.mutable_by());
}

void write(const model::BookingEnded& fact, pb::BookingEnded& out) {
  out.set_name(fact.name);
  out.set_by(fact.by);
}

void write(const model::JobUpdated& fact, pb::JobUpdated& out) {
  out.set_job(fact.job.number());
  out.set_by(fact.by);
  for (const auto field : fact.change->fields) out.add_fields(std::string(to_text(field)));
  wire::write(fact.change->spec, *out.mutable_spec());
  if (fact.change->array_limit) out.set_array_limit(u32(*fact.change->array_limit));
  for (const auto& past : fact.past) write(past, *out.add_past());
}

void write(const model::Fact& fact, pb::Fact& out) {
  out.set_at_us(base::to_us(fact.at));
  std::visit(
      base::Overloaded{
          [&](const model::NumbersGiven& f) {
            out.mutable_numbers_given()->set_next_job(f.next_job.number());
            out.mutable_numbers_given()->set_next_node(f.next_node.number());
          },
          [&](const model::NodeJoined& f) { write(f, *out.mutable_node_joined()); },
          [&](const model::StrayGone& f) { write(f, *out.mutable_stray_gone()); },
          [&](const model::NodeAway& f) { out.mutable_node_away()->set_node(f.node.number()); },
          [&](const model::NodeLost& f) { out.mutable_node_lost()->set_node(f.node.number()); },
          [&](const model::JobSubmitted& f) { write(f, *out.mutable_job_submitted()); },
          [&](const model::JobHeld& f) {
            out.mutable_job_held()->set_job(f.job.number());
            out.mutable_job_held()->set_by(f.by);
          },
          [&](const model::JobReleased& f) {
            out.mutable_job_released()->set_job(f.job.number());
            out.mutable_job_released()->set_by(f.by);
          },
          [&](const model::AttemptStarted& f) { write(f, *out.mutable_attempt_started()); },
          [&](const model::LaunchStarted& f) {
            wire::write(f.key, *out.mutable_launch_started()->mutable_key());
            out.mutable_launch_started()->set_node(f.node.number());
          },
          [&](const model::LaunchPrepared& f) {
            wire::write(f.key, *out.mutable_launch_prepared()->mutable_key());
            out.mutable_launch_prepared()->set_node(f.node.number());
          },
          [&](const model::StepStarted& f) { write_step(f, *out.mutable_step_started()); },
          [&](const model::LaunchEnded& f) {
            out.mutable_launch_ended()->set_node(f.node.number());
            wire::write(f.report, *out.mutable_launch_ended()->mutable_report());
          },
          [&](const model::AttemptEnding& f) { write(f, *out.mutable_attempt_ending()); },
          [&](const model::AttemptRequeued& f) { write(f, *out.mutable_attempt_requeued()); },
          [&](const model::JobEnded& f) {
            out.mutable_job_ended()->set_job(f.job.number());
            wire::write(f.outcome, *out.mutable_job_ended()->mutable_outcome());
          },
          [&](const model::AttemptPreempted& f) { write(f, *out.mutable_attempt_preempted()); },
          [&](const model::AttemptGrows& f) { write(f, *out.mutable_attempt_grows()); },
          [&](const model::GraceEnded& f) { write_attempt(f, *out.mutable_grace_ended()); },
          [&](const model::AttemptWarned& f) { write_attempt(f, *out.mutable_attempt_warned()); },
          [&](const model::CheckpointTaken& f) { write(f, *out.mutable_checkpoint_taken()); },
          [&](const model::UsageCarried& f) { write(f, *out.mutable_usage_carried()); },
          [&](const model::RoomPromised& f) { write(f, *out.mutable_room_promised()); },
          [&](const model::ParentEnded& f) { write(f, *out.mutable_parent_ended()); },
          [&](const model::TaskSplit& f) { write(f, *out.mutable_task_split()); },
          [&](const model::TasksCancelled& f) { write(f, *out.mutable_tasks_cancelled()); },
          [&](const model::ArrayStands& f) { write(f, *out.mutable_array_stands()); },
          [&](const model::BookingMade& f) { write(f, *out.mutable_booking_made()); },
          [&](const model::BookingBegun& f) { out.mutable_booking_begun()->set_name(f.name); },
          [&](const model::BookingEnded& f) { write(f, *out.mutable_booking_ended()); },
          [&](const model::JobUpdated& f) { write(f, *out.mutable_job_updated()); },
          [&](const model::NodePlanned& f) { write_pool_fact(f, *out.mutable_node_planned()); },
          [&](const model::NodeTurned& f) { write_pool_fact(f, *out.mutable_node_turned()); },
          [&](const model::PoolChanged& f) { write_pool_fact(f, *out.mutable_pool_changed()); },
          [&](const model::PoolStopped& f) { write_pool_fact(f, *out.mutable_pool_stopped()); },
          [&](const model::PoolResumed& f) { write_pool_fact(f, *out.mutable_pool_resumed()); },
          [&](const model::PoolStands& f) { write_pool_fact(f, *out.mutable_pool_stands()); },
          [&](const auto& f) { write_node_fact(f, out); }},
      fact.body);
}

template <class Message>
model::JobId job_of(const Message& in, Strict& strict) {
  return model::JobId(strict.from_one(in.job(), "job"));
}

template <class Message>
model::NodeId node_of(const Message& in, Strict& strict) {
  return model::NodeId(strict.from_one(in.node(), "node"));
}

template <class Message>
std::uint32_t attempt_of(const Message& in, Strict& strict) {
  return strict.from_one(in.attempt(), "attempt");
}

model::NumbersGiven read_numbers(pb::NumbersGiven& in, Strict& strict) {
  return {model::JobId(strict.from_one(in.next_job(), "next_job")),
          model::NodeId(strict.from_one(in.next_node(), "next_node"))};
}

model::NodeJoined read_joined(pb::NodeJoined& in, Strict& strict) {
  model::NodeJoined fact{
      node_of(in, strict),
      strict.required(in.has_info(), "info").read(*in.mutable_info(), read_node_info<pb::NodeInfo>),
      strict.each("strays", *in.mutable_strays(), read_key)};
  if (in.has_condition())
    fact.condition =
        strict.part("condition", *in.mutable_condition(), read_condition<pb::NodeCondition>);
  return fact;
}

model::StrayGone read_stray_gone(pb::StrayGone& in, Strict& strict) {
  return {node_of(in, strict),
          strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key)};
}

model::PastJob read_past(pb::PastJob& in, Strict& strict) {
  return {job_of(in, strict),
          strict.named(model::ending_from_text(in.ending()), in.ending(), "ending"),
          strict.time(in.since_us(), "since_us"), read_tasks(in.tasks(), "tasks", strict),
          read_tasks(in.completed(), "completed", strict)};
}

model::TaskSplit read_split(pb::TaskSplit& in, Strict& strict) {
  return {job_of(in, strict),
          {model::JobId(strict.from_one(in.array(), "array")), strict.count(in.index(), "index")}};
}

model::TasksCancelled read_cancelled(pb::TasksCancelled& in, Strict& strict) {
  return {job_of(in, strict), read_tasks(in.tasks(), "tasks", strict),
          strict.required(in.has_why(), "why").read(*in.mutable_why(), read_failure<pb::Failure>)};
}

model::ArrayStands read_stands(pb::ArrayStands& in, Strict& strict) {
  model::ArrayStands fact{job_of(in, strict), {}};
  fact.tally.has_begun = in.has_begun();
  fact.tally.pending = read_tasks(in.pending(), "pending", strict);
  fact.tally.completed = read_tasks(in.completed(), "completed", strict);
  for (const auto& ended : in.ended()) {
    const auto ending = model::ending_from_text(ended.ending());
    fact.tally.ended[strict.named(ending, ended.ending(), "ended")] =
        strict.count(ended.count(), "ended");
  }
  if (in.has_worst())
    fact.tally.worst = strict.part("worst", *in.mutable_worst(), read_outcome<pb::Outcome>);
  if (in.has_spread_at_us()) fact.tally.spread_at = strict.time(in.spread_at_us(), "spread_at_us");
  return fact;
}

model::ParentEnded read_parent_ended(pb::ParentEnded& in, Strict& strict) {
  return {job_of(in, strict),
          strict.required(in.has_parent(), "parent").read(*in.mutable_parent(), read_past)};
}

model::JobSubmitted read_submitted(pb::JobSubmitted& in, Strict& strict) {
  return {job_of(in, strict),
          strict.required(in.has_user(), "user").read(*in.mutable_user(), read_user<pb::User>),
          std::make_shared<const model::JobSpec>(
              strict.required(in.has_spec(), "spec").read(*in.mutable_spec(), read_job_spec)),
          strict.each("past", *in.mutable_past(), read_past)};
}

model::JobChange read_change(pb::JobUpdated& in, Strict& strict) {
  model::JobChange change;
  for (const auto& name : in.fields()) {
    change.fields.insert(strict.named(model::changed_field_from_text(name), name, "fields"));
  }
  change.spec = strict.required(in.has_spec(), "spec").read(*in.mutable_spec(), read_job_spec);
  change.array_limit = strict.count_if(in.has_array_limit(), in.array_limit(), "array_limit", 1);
  if (!is_exact(change)) strict.wrong("spec", "has more than the fields that are listed");
  return change;
}

model::JobUpdated read_updated(pb::JobUpdated& in, Strict& strict) {
  return {job_of(in, strict), take(in.mutable_by()),
          std::make_shared<const model::JobChange>(read_change(in, strict)),
          strict.each("past", *in.mutable_past(), read_past)};
}

model::AttemptStarted read_attempt(pb::AttemptStarted& in, Strict& strict) {
  if (in.allocation().nodes().empty()) strict.wrong("allocation", "has no nodes");
  return {job_of(in, strict), attempt_of(in, strict),
          strict.part("allocation", *in.mutable_allocation(), read_allocation<pb::Allocation>),
          in.has_site_programs()};
}

model::LaunchStarted read_launch_started(pb::LaunchStarted& in, Strict& strict) {
  return {strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key),
          node_of(in, strict)};
}

model::LaunchPrepared read_launch_prepared(pb::LaunchPrepared& in, Strict& strict) {
  model::LaunchPrepared fact{strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key),
                             node_of(in, strict)};
  if (!fact.key.preparation) strict.wrong("key.preparation", "is missing");
  return fact;
}

model::LaunchEnded read_launch_ended(pb::LaunchEnded& in, Strict& strict) {
  return {node_of(in, strict),
          strict.required(in.has_report(), "report").read(*in.mutable_report(), read_report)};
}

model::AttemptEnding read_ending(pb::AttemptEnding& in, Strict& strict) {
  return {job_of(in, strict), attempt_of(in, strict),
          strict.required(in.has_why(), "why").read(*in.mutable_why(), read_failure<pb::Failure>)};
}

model::AttemptRequeued read_requeued(pb::AttemptRequeued& in, Strict& strict) {
  return {job_of(in, strict), attempt_of(in, strict),
          strict.time(in.not_before_us(), "not_before_us")};
}

model::AttemptPreempted read_preempted(pb::AttemptPreempted& in, Strict& strict) {
  model::AttemptPreempted fact{job_of(in, strict),
                               attempt_of(in, strict),
                               {},
                               strict.time(in.stop_at_us(), "stop_at_us"),
                               take(in.mutable_cause())};
  if (in.by() != 0 || fact.cause.empty()) fact.by.emplace(strict.from_one(in.by(), "by"));
  return fact;
}

model::AttemptGrows read_grows(pb::AttemptGrows& in, Strict& strict) {
  model::AttemptGrows fact{job_of(in, strict), attempt_of(in, strict), {}, {}};
  for (const auto node : in.nodes()) fact.nodes.emplace_back(strict.from_one(node, "nodes"));
  fact.stop_at = strict.time(in.stop_at_us(), "stop_at_us");
  return fact;
}

model::CheckpointTaken read_checkpoint(pb::CheckpointTaken& in, Strict& strict) {
  return {job_of(in, strict), attempt_of(in, strict), strict.time(in.taken_at_us(), "taken_at_us")};
}

model::UsageCarried read_usage_carried(pb::UsageCarried& in, Strict& strict) {
  return {in.uid(), take(in.mutable_workspace()), strict.time(in.since_us(), "since_us"),
          strict.duration(in.core_time_us(), "core_time_us"),
          strict.duration(in.gpu_time_us(), "gpu_time_us")};
}

model::RoomPromised read_room_promised(pb::RoomPromised& in, Strict& strict) {
  model::RoomPromised fact{job_of(in, strict), {}};
  for (const auto victim : in.victims())
    fact.victims.emplace_back(strict.from_one(victim, "victims"));
  return fact;
}

model::JobEnded read_job_ended(pb::JobEnded& in, Strict& strict) {
  return {job_of(in, strict), strict.required(in.has_outcome(), "outcome")
                                  .read(*in.mutable_outcome(), read_outcome<pb::Outcome>)};
}

model::BookingMade read_booking(pb::BookingMade& in, Strict& strict) {
  model::Booking booking{
      .name = strict.filled(in.mutable_name(), "name"),
      .nodes = {},
      .start = strict.time(in.start_us(), "start_us"),
      .end = strict.time(in.end_us(), "end_us"),
      .is_maintenance = in.is_maintenance(),
      .users = take_all(*in.mutable_users()),
      .workspaces = take_all(*in.mutable_workspaces()),
      .comment = take(in.mutable_comment()),
      .by = strict.required(in.has_by(), "by").read(*in.mutable_by(), read_user<pb::User>)};
  for (const auto node : in.nodes()) booking.nodes.emplace_back(strict.from_one(node, "nodes"));
  return {std::move(booking)};
}

template <class Fact, class Message>
Fact read_by(Message& in, Strict& strict) {
  return {job_of(in, strict), take(in.mutable_by())};
}

/// Nothing but an attempt.
template <class Fact, class Message>
Fact read_of_attempt(const Message& in, Strict& strict) {
  return {job_of(in, strict), attempt_of(in, strict)};
}

/// Of nodes, bookings and pools.
model::FactBody read_of_nodes(pb::Fact& in, Strict& strict) {
  if (in.has_launch_prepared())
    return strict.part("launch_prepared", *in.mutable_launch_prepared(), read_launch_prepared);
  if (in.has_node_away()) return model::NodeAway{node_of(in.node_away(), strict)};
  if (in.has_node_lost()) return model::NodeLost{node_of(in.node_lost(), strict)};
  if (in.has_booking_made())
    return strict.part("booking_made", *in.mutable_booking_made(), read_booking);
  if (in.has_booking_begun()) {
    return model::BookingBegun{strict.filled(in.mutable_booking_begun()->mutable_name(), "name")};
  }
  if (in.has_booking_ended()) {
    auto& ended = *in.mutable_booking_ended();
    return model::BookingEnded{strict.filled(ended.mutable_name(), "name"),
                               take(ended.mutable_by())};
  }
  return read_of_pools(in, strict);
}

/// What is of several jobs, of arrays, of owners and of the progress of an attempt; the body must
/// be one of these.
model::FactBody read_of_several(pb::Fact& in, Strict& strict) {
  if (in.has_grace_ended()) return read_of_attempt<model::GraceEnded>(in.grace_ended(), strict);
  if (in.has_attempt_warned())
    return read_of_attempt<model::AttemptWarned>(in.attempt_warned(), strict);
  if (in.has_checkpoint_taken())
    return strict.part("checkpoint_taken", *in.mutable_checkpoint_taken(), read_checkpoint);
  if (in.has_usage_carried())
    return strict.part("usage_carried", *in.mutable_usage_carried(), read_usage_carried);
  if (in.has_stray_gone())
    return strict.part("stray_gone", *in.mutable_stray_gone(), read_stray_gone);
  if (in.has_attempt_preempted())
    return strict.part("attempt_preempted", *in.mutable_attempt_preempted(), read_preempted);
  if (in.has_attempt_requeued())
    return strict.part("attempt_requeued", *in.mutable_attempt_requeued(), read_requeued);
  if (in.has_attempt_grows())
    return strict.part("attempt_grows", *in.mutable_attempt_grows(), read_grows);
  if (in.has_room_promised())
    return strict.part("room_promised", *in.mutable_room_promised(), read_room_promised);
  if (in.has_parent_ended())
    return strict.part("parent_ended", *in.mutable_parent_ended(), read_parent_ended);
  if (in.has_task_split()) return strict.part("task_split", *in.mutable_task_split(), read_split);
  if (in.has_tasks_cancelled())
    return strict.part("tasks_cancelled", *in.mutable_tasks_cancelled(), read_cancelled);
  if (in.has_array_stands())
    return strict.part("array_stands", *in.mutable_array_stands(), read_stands);
  return strict.part("job_updated", *in.mutable_job_updated(), read_updated);
}

model::FactBody read_body(pb::Fact& in, Strict& strict) {
  switch (in.body_case()) {
    case pb::Fact::kNumbersGiven:
      return strict.part("numbers_given", *in.mutable_numbers_given(), read_numbers);
    case pb::Fact::kNodeJoined:
      return strict.part("node_joined", *in.mutable_node_joined(), read_joined);
    case pb::Fact::kJobSubmitted:
      return strict.part("job_submitted", *in.mutable_job_submitted(), read_submitted);
    case pb::Fact::kJobHeld:
      return read_by<model::JobHeld>(*in.mutable_job_held(), strict);
    case pb::Fact::kJobReleased:
      return read_by<model::JobReleased>(*in.mutable_job_released(), strict);
    case pb::Fact::kAttemptStarted:
      return strict.part("attempt_started", *in.mutable_attempt_started(), read_attempt);
    case pb::Fact::kLaunchStarted:
      return strict.part("launch_started", *in.mutable_launch_started(), read_launch_started);
    case pb::Fact::kStepStarted:
      return strict.part("step_started", *in.mutable_step_started(), read_step);
    case pb::Fact::kLaunchEnded:
      return strict.part("launch_ended", *in.mutable_launch_ended(), read_launch_ended);
    case pb::Fact::kAttemptEnding:
      return strict.part("attempt_ending", *in.mutable_attempt_ending(), read_ending);
    case pb::Fact::kJobEnded:
      return strict.part("job_ended", *in.mutable_job_ended(), read_job_ended);
    case pb::Fact::kGraceEnded:
    case pb::Fact::kAttemptWarned:
    case pb::Fact::kCheckpointTaken:
    case pb::Fact::kUsageCarried:
    case pb::Fact::kStrayGone:
    case pb::Fact::kAttemptPreempted:
    case pb::Fact::kAttemptRequeued:
    case pb::Fact::kAttemptGrows:
    case pb::Fact::kRoomPromised:
    case pb::Fact::kParentEnded:
    case pb::Fact::kTaskSplit:
    case pb::Fact::kTasksCancelled:
    case pb::Fact::kArrayStands:
    case pb::Fact::kJobUpdated:
      return read_of_several(in, strict);
    case pb::Fact::kNodeAway:
    case pb::Fact::kNodeLost:
    case pb::Fact::kBookingMade:
    case pb::Fact::kBookingBegun:
    case pb::Fact::kBookingEnded:
    case pb::Fact::kNodePlanned:
    case pb::Fact::kNodeTurned:
    case pb::Fact::kPoolChanged:
    case pb::Fact::kPoolStopped:
    case pb::Fact::kPoolResumed:
    case pb::Fact::kPoolStands:
    case pb::Fact::kLaunchPrepared:
      return read_of_nodes(in, strict);
    case pb::Fact::kNodeEvicted:
    case pb::Fact::kNodeEvictionOver:
    case pb::Fact::kAttemptEvicted:
    case pb::Fact::kNodeDrained:
    case pb::Fact::kNodeResumed:
    case pb::Fact::kGraceShortened:
    case pb::Fact::kNodeTwin:
    case pb::Fact::kNodeConditioned:
    case pb::Fact::kNodeSuspected:
    case pb::Fact::kNodeQuarantined:
    case pb::Fact::kGpusIdle:
      return read_node_fact(in, strict);
    case pb::Fact::BODY_NOT_SET:
      break;
  }
  strict.wrong("body", "is missing, or of a kind that this version does not know");
  return model::NodeAway{model::NodeId(1)};
}

model::Fact read_fact(pb::Fact& in, Strict& strict) {
  return {strict.time(in.at_us(), "at_us"), read_body(in, strict)};
}

}  // namespace

std::string encode(const model::Fact& fact) {
  pb::Fact out;
  write(fact, out);
  return serialize(out);
}

base::Result<model::Fact> decode_fact(std::string_view bytes, int version) {
  if (version != fact_version) {
    return base::fail(
        base::Code::corrupt,
        fmt::format("fact: has version {}; this muster reads version {}", version, fact_version));
  }
  pb::Fact in;
  if (auto parsed = parse(bytes, "fact", in); !parsed) return std::unexpected(parsed.error());
  Strict strict(base::Code::corrupt, "fact");
  return strict.give(read_fact(in, strict));
}

std::string encode_snapshot(std::span<const model::Fact> facts) {
  pb::Snapshot out;
  out.mutable_facts()->Reserve(static_cast<int>(facts.size()));
  for (const auto& fact : facts) write(fact, *out.add_facts());
  return serialize(out);
}

base::Result<std::vector<model::Fact>> decode_snapshot(std::string_view bytes) {
  pb::Snapshot in;
  if (auto parsed = parse(bytes, "snapshot", in); !parsed) return std::unexpected(parsed.error());
  Strict strict(base::Code::corrupt, "snapshot");
  return strict.give(strict.each("facts", *in.mutable_facts(), read_fact));
}

}  // namespace wire
