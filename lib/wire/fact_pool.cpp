#include "lib/wire/fact_pool.h"

#include "lib/wire/shared_node.h"

namespace wire {

namespace {

void write_pool_order(const model::PoolOrder& order, pb::PoolOrder& out) {
  if (order.least) out.set_least(u32(*order.least));
  if (order.most) out.set_most(u32(*order.most));
  if (order.idle_timeout) out.set_idle_timeout_us(order.idle_timeout->count());
  out.set_when_busy(std::string(to_text(order.when_busy)));
}

model::PoolOrder read_pool_order(pb::PoolOrder& in, Strict& strict) {
  model::PoolOrder order;
  order.least = strict.count_if(in.has_least(), in.least(), "least");
  order.most = strict.count_if(in.has_most(), in.most(), "most");
  if (in.has_idle_timeout_us())
    order.idle_timeout = strict.duration(in.idle_timeout_us(), "idle_timeout_us");
  order.when_busy =
      strict.named(model::when_busy_from_text(in.when_busy()), in.when_busy(), "when_busy");
  return order;
}

model::PoolDecision read_decision(pb::PoolDecision& in, Strict& strict) {
  return {strict.time(in.at_us(), "at_us"), take(in.mutable_node()), take(in.mutable_what()),
          take(in.mutable_cause())};
}

model::NodePlanned read_planned(pb::NodePlanned& in, Strict& strict) {
  return {model::NodeId(strict.from_one(in.node(), "node")),
          strict.required(in.has_info(), "info")
              .read(*in.mutable_info(), read_node_info<pb::NodeInfo>)};
}

model::NodeTurned read_turned(pb::NodeTurned& in, Strict& strict) {
  model::NodeTurned fact{
      .node = model::NodeId(strict.from_one(in.node(), "node")),
      .life = strict.named(model::node_life_from_text(in.life()), in.life(), "life"),
      .cause = take(in.mutable_cause()),
      .retry_at = {},
      .n_failures = in.n_failures(),
      .is_there = in.is_there(),
      .stands = in.stands(),
      .idle_since = {},
      .begun = {}};
  if (in.has_retry_at_us()) fact.retry_at = strict.time(in.retry_at_us(), "retry_at_us");
  if (in.has_begun_us()) fact.begun = strict.time(in.begun_us(), "begun_us");
  if (in.has_idle_since_us()) fact.idle_since = strict.time(in.idle_since_us(), "idle_since_us");
  return fact;
}

model::PoolChanged read_pool_changed(pb::PoolChanged& in, Strict& strict) {
  return {strict.filled(in.mutable_pool(), "pool"), take(in.mutable_by()),
          strict.required(in.has_order(), "order").read(*in.mutable_order(), read_pool_order)};
}

model::PoolStopped read_pool_stopped(pb::PoolStopped& in, Strict& strict) {
  return {strict.filled(in.mutable_pool(), "pool"), take(in.mutable_why()),
          strict.time(in.until_us(), "until_us")};
}

model::PoolResumed read_pool_resumed(pb::PoolResumed& in, Strict& strict) {
  return {strict.filled(in.mutable_pool(), "pool"), take(in.mutable_by())};
}

model::PoolStands read_pool_stands(pb::PoolStands& in, Strict& strict) {
  model::PoolStands fact{
      .pool = strict.filled(in.mutable_pool(), "pool"),
      .order = strict.required(in.has_order(), "order").read(*in.mutable_order(), read_pool_order),
      .is_ordered = in.is_ordered(),
      .n_failures = in.n_failures(),
      .retry_at = {},
      .is_stopped = in.is_stopped(),
      .trouble = take(in.mutable_trouble()),
      .decisions = strict.each("decisions", *in.mutable_decisions(), read_decision)};
  if (in.has_retry_at_us()) fact.retry_at = strict.time(in.retry_at_us(), "retry_at_us");
  return fact;
}

}  // namespace

void write_pool_fact(const model::NodePlanned& fact, pb::NodePlanned& out) {
  out.set_node(fact.node.number());
  write_node_info(fact.info, *out.mutable_info());
}

void write_pool_fact(const model::NodeTurned& fact, pb::NodeTurned& out) {
  out.set_node(fact.node.number());
  out.set_life(std::string(to_text(fact.life)));
  out.set_cause(fact.cause);
  if (fact.retry_at) out.set_retry_at_us(base::to_us(*fact.retry_at));
  out.set_n_failures(fact.n_failures);
  out.set_is_there(fact.is_there);
  out.set_stands(fact.stands);
  if (fact.idle_since) out.set_idle_since_us(base::to_us(*fact.idle_since));
  if (fact.begun) out.set_begun_us(base::to_us(*fact.begun));
}

void write_pool_fact(const model::PoolChanged& fact, pb::PoolChanged& out) {
  out.set_pool(fact.pool);
  out.set_by(fact.by);
  write_pool_order(fact.order, *out.mutable_order());
}

void write_pool_fact(const model::PoolStopped& fact, pb::PoolStopped& out) {
  out.set_pool(fact.pool);
  out.set_why(fact.why);
  out.set_until_us(base::to_us(fact.until));
}

void write_pool_fact(const model::PoolResumed& fact, pb::PoolResumed& out) {
  out.set_pool(fact.pool);
  out.set_by(fact.by);
}

void write_pool_fact(const model::PoolStands& fact, pb::PoolStands& out) {
  out.set_pool(fact.pool);
  write_pool_order(fact.order, *out.mutable_order());
  out.set_is_ordered(fact.is_ordered);
  out.set_n_failures(fact.n_failures);
  if (fact.retry_at) out.set_retry_at_us(base::to_us(*fact.retry_at));
  out.set_is_stopped(fact.is_stopped);
  out.set_trouble(fact.trouble);
  for (const auto& decision : fact.decisions) {
    auto& one = *out.add_decisions();
    one.set_at_us(base::to_us(decision.at));
    one.set_node(decision.node);
    one.set_what(decision.what);
    one.set_cause(decision.cause);
  }
}

model::FactBody read_of_pools(pb::Fact& in, Strict& strict) {
  if (in.has_node_planned())
    return strict.part("node_planned", *in.mutable_node_planned(), read_planned);
  if (in.has_node_turned())
    return strict.part("node_turned", *in.mutable_node_turned(), read_turned);
  if (in.has_pool_changed())
    return strict.part("pool_changed", *in.mutable_pool_changed(), read_pool_changed);
  if (in.has_pool_stopped())
    return strict.part("pool_stopped", *in.mutable_pool_stopped(), read_pool_stopped);
  if (in.has_pool_resumed())
    return strict.part("pool_resumed", *in.mutable_pool_resumed(), read_pool_resumed);
  return strict.part("pool_stands", *in.mutable_pool_stands(), read_pool_stands);
}

}  // namespace wire
