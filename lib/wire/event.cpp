#include "lib/wire/event.h"

#include "lib/base/overloaded.h"
#include "lib/model/host_list.h"
#include "lib/wire/api_convert.h"
#include "lib/wire/shared.h"

namespace wire {

namespace {

void write(const model::LaunchKey& key, api::Event& out) {
  out.set_job(key.job.number());
  out.set_attempt(key.attempt);
  if (key.step) out.set_step(key.step->number());
  if (key.preparation) out.set_preparation(true);
}

void write(const model::NodeJoined& fact, api::Event& out) {
  out.set_node(fact.node.number());
  out.set_node_name(fact.info.name);
  out.set_pool(fact.info.pool);
  out.set_cores(static_cast<std::uint32_t>(fact.info.topology.cores.size()));
  out.set_gpus(static_cast<std::uint32_t>(fact.info.topology.gpus.size()));
  for (const auto& stray : fact.strays) out.add_strays(model::to_text(stray));
}

void write(const model::StrayGone& fact, api::Event& out) {
  out.set_node(fact.node.number());
  write(fact.key, out);
}

void write(const model::JobSubmitted& fact, api::Event& out) {
  out.set_job(fact.job.number());
  write_user(fact.user, *out.mutable_user());
  out.set_name(fact.spec->name);
  out.set_pool(fact.spec->pool);
  write_shape(fact.spec->shape, *out.mutable_shape());
  out.set_dependency(to_text(fact.spec->dependency));
  if (fact.spec->array) out.set_array(to_text(*fact.spec->array));
}

void write(const model::JobUpdated& fact, api::Event& out) {
  out.set_job(fact.job.number());
  out.set_by(fact.by);
  for (const auto field : fact.change->fields) out.add_fields(std::string(to_text(field)));
}

void write(const model::TaskSplit& fact, api::Event& out) {
  out.set_job(fact.job.number());
  write_task(fact.task, out);
}

void write(const model::TasksCancelled& fact, api::Event& out) {
  out.set_job(fact.job.number());
  out.set_array_tasks(ranges_text(fact.tasks));
  wire::write(fact.why, *out.mutable_failure());
}

void write(const model::ArrayStands& fact, api::Event& out) {
  out.set_job(fact.job.number());
  out.set_array_tasks(ranges_text(fact.tally.pending));
}

void write(const model::ParentEnded& fact, api::Event& out) {
  out.set_job(fact.job.number());
  out.set_parent(fact.parent.job.number());
  out.set_ending(std::string(to_text(fact.parent.ending)));
}

void write(const model::AttemptStarted& fact, api::Event& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  write_allocation(fact.allocation, *out.mutable_allocation());
  out.set_nodes(model::compress_hosts(model::node_names(fact.allocation)));
}

void write(const model::StepStarted& fact, api::Event& out) {
  write(fact.key, out);
  if (!fact.spec->arguments.empty()) out.set_command(fact.spec->arguments.front());
  for (const int tasks : fact.tasks) out.add_tasks(u32(tasks));
}

void write(const model::LaunchEnded& fact, api::Event& out) {
  write(fact.report.key, out);
  out.set_node(fact.node.number());
  out.set_exit_code(fact.report.exit_code);
  if (fact.report.failure) wire::write(*fact.report.failure, *out.mutable_failure());
  wire::write(fact.report.usage, *out.mutable_usage());
}

void write(const model::AttemptEnding& fact, api::Event& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  wire::write(fact.why, *out.mutable_failure());
}

void write(const model::AttemptRequeued& fact, api::Event& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  wire::write(fact.not_before, *out.mutable_not_before());
}

void write(const model::AttemptPreempted& fact, api::Event& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  if (fact.by) out.set_by_job(fact.by->number());
  if (!fact.cause.empty()) out.set_cause(fact.cause);
  wire::write(fact.stop_at, *out.mutable_stop_at());
}

void write(const model::AttemptGrows& fact, api::Event& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  for (const auto node : fact.nodes) out.add_promised(node.number());
  wire::write(fact.stop_at, *out.mutable_stop_at());
}

void write(const model::RoomPromised& fact, api::Event& out) {
  out.set_job(fact.job.number());
  for (const auto victim : fact.victims) out.add_victims(victim.number());
}

void write(const model::CheckpointTaken& fact, api::Event& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  wire::write(fact.taken_at, *out.mutable_taken_at());
}

void write(const model::UsageCarried& fact, api::Event& out) {
  out.set_uid(fact.uid);
  out.set_workspace(fact.workspace);
  wire::write(fact.since, *out.mutable_since());
  wire::write(fact.core_time, *out.mutable_core_time());
  wire::write(fact.gpu_time, *out.mutable_gpu_time());
}

void write(const model::BookingMade& fact, api::Event& out) {
  out.set_booking(fact.booking.name);
  out.set_by(fact.booking.by.name);
  for (const auto node : fact.booking.nodes) out.add_booked(node.number());
  wire::write(fact.booking.start, *out.mutable_start());
  wire::write(fact.booking.end, *out.mutable_end());
}

void write(const model::NodePlanned& fact, api::Event& out) {
  out.set_node(fact.node.number());
  out.set_node_name(fact.info.name);
  out.set_pool(fact.info.pool);
  out.set_cores(static_cast<std::uint32_t>(fact.info.topology.cores.size()));
  out.set_gpus(static_cast<std::uint32_t>(fact.info.topology.gpus.size()));
}

void write(const model::NodeTurned& fact, api::Event& out) {
  out.set_node(fact.node.number());
  out.set_cause(fact.cause);
  if (fact.retry_at) wire::write(*fact.retry_at, *out.mutable_retry_at());
}

void write(const model::PoolChanged& fact, api::Event& out) {
  out.set_pool(fact.pool);
  out.set_by(fact.by);
  if (fact.order.least) out.set_min_nodes(u32(*fact.order.least));
  if (fact.order.most) out.set_max_nodes(u32(*fact.order.most));
}

void write(const model::PoolStopped& fact, api::Event& out) {
  out.set_pool(fact.pool);
  out.set_cause(fact.why);
  wire::write(fact.until, *out.mutable_retry_at());
}

void write(const model::PoolResumed& fact, api::Event& out) {
  out.set_pool(fact.pool);
  out.set_by(fact.by);
}

void write(const model::PoolStands& fact, api::Event& out) {
  out.set_pool(fact.pool);
}

void write(const model::NodeEvicted& fact, api::Event& out) {
  out.set_node(fact.node.number());
  out.set_cause(fact.cause);
  if (!fact.by.empty()) out.set_by(fact.by);
  wire::write(fact.until, *out.mutable_until());
}

void write(const model::AttemptEvicted& fact, api::Event& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  out.set_node_name(fact.node);
  out.set_cause(fact.cause);
  wire::write(fact.stop_at, *out.mutable_stop_at());
}

void write(const model::NodeDrained& fact, api::Event& out) {
  out.set_node(fact.node.number());
  out.set_by(fact.by);
  out.set_reason(fact.reason);
  if (fact.until) wire::write(*fact.until, *out.mutable_until());
}

void write(const model::NodeResumed& fact, api::Event& out) {
  out.set_node(fact.node.number());
  out.set_by(fact.by);
}

void write(const model::GraceShortened& fact, api::Event& out) {
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  wire::write(fact.stop_at, *out.mutable_stop_at());
}

void write(const model::NodeTwin& fact, api::Event& out) {
  out.set_node(fact.node.number());
  out.set_machine(fact.machine);
}

void write(const model::NodeConditioned& fact, api::Event& out) {
  out.set_node(fact.node.number());
  out.set_fitness(std::string(to_text(fact.condition.fitness)));
  if (!fact.condition.reason.empty()) out.set_reason(fact.condition.reason);
  for (const auto& failing : fact.condition.gpus) wire::write(failing, *out.add_failing());
}

void write(const model::NodeSuspected& fact, api::Event& out) {
  out.set_node(fact.node.number());
  out.set_job(fact.suspicion.job.number());
  out.set_reason(fact.suspicion.what);
}

void write(const model::NodeQuarantined& fact, api::Event& out) {
  out.set_node(fact.node.number());
  for (const auto& process : fact.undying) wire::write(process, *out.add_undying());
}

void write(const model::GpusIdle& fact, api::Event& out) {
  write(fact.key, out);
  out.set_node(fact.node.number());
  if (fact.since) wire::write(*fact.since, *out.mutable_since());
}

void write(const model::FactBody& body, api::Event& out) {
  std::visit(
      base::Overloaded{[&](const model::NumbersGiven& f) {
                         out.set_next_job(f.next_job.number());
                         out.set_next_node(f.next_node.number());
                       },
                       [&](const model::NodeAway& f) { out.set_node(f.node.number()); },
                       [&](const model::NodeLost& f) { out.set_node(f.node.number()); },
                       [&](const model::NodeEvictionOver& f) { out.set_node(f.node.number()); },
                       [&](const model::JobHeld& f) {
                         out.set_job(f.job.number());
                         out.set_by(f.by);
                       },
                       [&](const model::JobReleased& f) {
                         out.set_job(f.job.number());
                         out.set_by(f.by);
                       },
                       [&](const model::LaunchStarted& f) {
                         write(f.key, out);
                         out.set_node(f.node.number());
                       },
                       [&](const model::LaunchPrepared& f) {
                         write(f.key, out);
                         out.set_node(f.node.number());
                       },
                       [&](const model::JobEnded& f) {
                         out.set_job(f.job.number());
                         wire::write(f.outcome, *out.mutable_outcome());
                       },
                       [&](const model::GraceEnded& f) {
                         out.set_job(f.job.number());
                         out.set_attempt(f.attempt);
                       },
                       [&](const model::AttemptWarned& f) {
                         out.set_job(f.job.number());
                         out.set_attempt(f.attempt);
                       },
                       [&](const model::BookingBegun& f) { out.set_booking(f.name); },
                       [&](const model::BookingEnded& f) {
                         out.set_booking(f.name);
                         out.set_by(f.by);
                       },
                       [&](const auto& f) { write(f, out); }},
      body);
}

}  // namespace

std::string fact_to_json(model::Seq seq, const model::Fact& fact) {
  api::Event out;
  out.set_seq(seq);
  wire::write(fact.at, *out.mutable_at());
  out.set_kind(std::string(model::kind_of(fact.body)));
  write(fact.body, out);
  return print_json(out);
}

}  // namespace wire
