#include "lib/wire/fact_node.h"

#include "lib/wire/convert.h"
#include "lib/wire/shared_node.h"

namespace wire {

namespace {

template <class Message>
model::NodeId its_node(const Message& in, Strict& strict) {
  return model::NodeId(strict.from_one(in.node(), "node"));
}

model::NodeEvicted read_evicted(pb::NodeEvicted& in, Strict& strict) {
  return {.node = its_node(in, strict),
          .until = strict.time(in.until_us(), "until_us"),
          .over_at = strict.time(in.over_at_us(), "over_at_us"),
          .cause = take(in.mutable_cause()),
          .by = take(in.mutable_by())};
}

model::AttemptEvicted read_attempt_evicted(pb::AttemptEvicted& in, Strict& strict) {
  return {.job = model::JobId(strict.from_one(in.job(), "job")),
          .attempt = strict.from_one(in.attempt(), "attempt"),
          .node = take(in.mutable_node()),
          .cause = take(in.mutable_cause()),
          .stop_at = strict.time(in.stop_at_us(), "stop_at_us")};
}

model::GraceShortened read_shortened(pb::GraceShortened& in, Strict& strict) {
  return {.job = model::JobId(strict.from_one(in.job(), "job")),
          .attempt = strict.from_one(in.attempt(), "attempt"),
          .stop_at = strict.time(in.stop_at_us(), "stop_at_us")};
}

model::NodeDrained read_drained(pb::NodeDrained& in, Strict& strict) {
  model::NodeDrained fact{.node = its_node(in, strict),
                          .by = take(in.mutable_by()),
                          .reason = take(in.mutable_reason()),
                          .until = {}};
  if (in.has_until_us()) fact.until = strict.time(in.until_us(), "until_us");
  return fact;
}

model::NodeConditioned read_conditioned(pb::NodeConditioned& in, Strict& strict) {
  return {.node = its_node(in, strict),
          .condition = strict.required(in.has_condition(), "condition")
                           .read(*in.mutable_condition(), read_condition<pb::NodeCondition>)};
}

model::NodeSuspected read_suspected(pb::NodeSuspected& in, Strict& strict) {
  return {.node = its_node(in, strict),
          .suspicion = {.job = model::JobId(strict.from_one(in.job(), "job")),
                        .uid = in.uid(),
                        .what = take(in.mutable_what())}};
}

model::GpusIdle read_gpus_idle(pb::GpusIdle& in, Strict& strict) {
  model::GpusIdle fact{
      .key = strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key),
      .node = its_node(in, strict),
      .since = {}};
  if (in.has_since_us()) fact.since = strict.time(in.since_us(), "since_us");
  return fact;
}

}  // namespace

void write_node_fact(const model::NodeEvicted& fact, pb::Fact& to) {
  auto& out = *to.mutable_node_evicted();
  out.set_node(fact.node.number());
  out.set_until_us(base::to_us(fact.until));
  out.set_over_at_us(base::to_us(fact.over_at));
  out.set_cause(fact.cause);
  out.set_by(fact.by);
}

void write_node_fact(const model::NodeEvictionOver& fact, pb::Fact& out) {
  out.mutable_node_eviction_over()->set_node(fact.node.number());
}

void write_node_fact(const model::AttemptEvicted& fact, pb::Fact& to) {
  auto& out = *to.mutable_attempt_evicted();
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  out.set_node(fact.node);
  out.set_cause(fact.cause);
  out.set_stop_at_us(base::to_us(fact.stop_at));
}

void write_node_fact(const model::NodeDrained& fact, pb::Fact& to) {
  auto& out = *to.mutable_node_drained();
  out.set_node(fact.node.number());
  out.set_by(fact.by);
  out.set_reason(fact.reason);
  if (fact.until) out.set_until_us(base::to_us(*fact.until));
}

void write_node_fact(const model::NodeResumed& fact, pb::Fact& out) {
  out.mutable_node_resumed()->set_node(fact.node.number());
  out.mutable_node_resumed()->set_by(fact.by);
}

void write_node_fact(const model::GraceShortened& fact, pb::Fact& to) {
  auto& out = *to.mutable_grace_shortened();
  out.set_job(fact.job.number());
  out.set_attempt(fact.attempt);
  out.set_stop_at_us(base::to_us(fact.stop_at));
}

void write_node_fact(const model::NodeTwin& fact, pb::Fact& out) {
  out.mutable_node_twin()->set_node(fact.node.number());
  out.mutable_node_twin()->set_machine(fact.machine);
}

void write_node_fact(const model::NodeConditioned& fact, pb::Fact& out) {
  out.mutable_node_conditioned()->set_node(fact.node.number());
  write_condition(fact.condition, *out.mutable_node_conditioned()->mutable_condition());
}

void write_node_fact(const model::NodeSuspected& fact, pb::Fact& to) {
  auto& out = *to.mutable_node_suspected();
  out.set_node(fact.node.number());
  out.set_job(fact.suspicion.job.number());
  out.set_uid(fact.suspicion.uid);
  out.set_what(fact.suspicion.what);
}

void write_node_fact(const model::NodeQuarantined& fact, pb::Fact& to) {
  auto& out = *to.mutable_node_quarantined();
  out.set_node(fact.node.number());
  for (const auto& process : fact.undying) write(process, *out.add_undying());
}

void write_node_fact(const model::GpusIdle& fact, pb::Fact& to) {
  auto& out = *to.mutable_gpus_idle();
  write(fact.key, *out.mutable_key());
  out.set_node(fact.node.number());
  if (fact.since) out.set_since_us(base::to_us(*fact.since));
}

model::FactBody read_node_fact(pb::Fact& in, Strict& strict) {
  if (in.has_node_evicted())
    return strict.part("node_evicted", *in.mutable_node_evicted(), read_evicted);
  if (in.has_attempt_evicted())
    return strict.part("attempt_evicted", *in.mutable_attempt_evicted(), read_attempt_evicted);
  if (in.has_node_drained())
    return strict.part("node_drained", *in.mutable_node_drained(), read_drained);
  if (in.has_grace_shortened())
    return strict.part("grace_shortened", *in.mutable_grace_shortened(), read_shortened);
  if (in.has_node_twin()) {
    auto& twin = *in.mutable_node_twin();
    return model::NodeTwin{its_node(twin, strict), take(twin.mutable_machine())};
  }
  if (in.has_node_conditioned())
    return strict.part("node_conditioned", *in.mutable_node_conditioned(), read_conditioned);
  if (in.has_node_suspected())
    return strict.part("node_suspected", *in.mutable_node_suspected(), read_suspected);
  if (in.has_node_quarantined()) {
    auto& all = *in.mutable_node_quarantined();
    return model::NodeQuarantined{its_node(all, strict),
                                  strict.each("undying", *all.mutable_undying(), read_undying)};
  }
  if (in.has_gpus_idle()) return strict.part("gpus_idle", *in.mutable_gpus_idle(), read_gpus_idle);
  if (in.has_node_resumed()) {
    auto& resumed = *in.mutable_node_resumed();
    return model::NodeResumed{its_node(resumed, strict), take(resumed.mutable_by())};
  }
  return model::NodeEvictionOver{its_node(in.node_eviction_over(), strict)};
}

}  // namespace wire
