// Pools of nodes that come and go.

#include "lib/wire/api.h"
#include "lib/wire/api_convert.h"
#include "lib/wire/shared.h"

namespace wire {

namespace {

void write(const model::PoolRecord& record, api::PoolRecord& out) {
  out.set_pool(record.pool);
  out.set_min_nodes(u32(record.least));
  out.set_max_nodes(u32(record.most));
  wire::write(record.idle_timeout, *out.mutable_idle_timeout());
  out.set_ordered(record.is_ordered);
  out.set_wanted(u32(record.wanted));
  out.set_idle(u32(record.idle));
  out.set_busy(u32(record.busy));
  out.set_starting(u32(record.starting));
  out.set_leaving(u32(record.leaving));
  out.set_unusable(u32(record.unusable));
  out.set_tier(std::string(to_text(record.tier)));
  out.set_trouble(record.trouble);
  if (record.retry_at) wire::write(*record.retry_at, *out.mutable_retry_at());
  out.set_stopped(record.is_stopped);
  for (const auto& decision : record.decisions) {
    auto& one = *out.add_decisions();
    wire::write(decision.at, *one.mutable_at());
    one.set_node(decision.node);
    one.set_what(decision.what);
    one.set_cause(decision.cause);
  }
}

model::PoolDecision read_decision(api::PoolDecision& in, Strict& strict) {
  return {strict.required(in.has_at(), "at").read(in.at(), read_time), take(in.mutable_node()),
          take(in.mutable_what()), take(in.mutable_cause())};
}

model::PoolRecord read_pool_record(api::PoolRecord& in, Strict& strict) {
  model::PoolRecord record{
      .pool = strict.filled(in.mutable_pool(), "pool"),
      .least = strict.count(in.min_nodes(), "min_nodes"),
      .most = strict.count(in.max_nodes(), "max_nodes"),
      .idle_timeout = strict.required(in.has_idle_timeout(), "idle_timeout")
                          .read(in.idle_timeout(), read_duration),
      .is_ordered = in.ordered(),
      .tier = strict.named(model::tier_from_text(in.tier()), in.tier(), "tier"),
      .wanted = strict.count(in.wanted(), "wanted"),
      .idle = strict.count(in.idle(), "idle"),
      .busy = strict.count(in.busy(), "busy"),
      .starting = strict.count(in.starting(), "starting"),
      .leaving = strict.count(in.leaving(), "leaving"),
      .unusable = strict.count(in.unusable(), "unusable"),
      .trouble = take(in.mutable_trouble()),
      .retry_at = {},
      .is_stopped = in.stopped(),
      .decisions = strict.each("decisions", *in.mutable_decisions(), read_decision)};
  if (in.has_retry_at()) record.retry_at = strict.part("retry_at", in.retry_at(), read_time);
  return record;
}

model::PoolChange read_pool_change(api::PoolChange& in, Strict& strict) {
  model::PoolChange change{
      .pool = strict.filled(in.mutable_pool(), "pool"),
      .nodes = strict.count_if(in.has_nodes(), in.nodes(), "nodes"),
      .least = strict.count_if(in.has_min_nodes(), in.min_nodes(), "min_nodes"),
      .most = strict.count_if(in.has_max_nodes(), in.max_nodes(), "max_nodes"),
      .idle_timeout = {},
      .when_busy = {},
      .is_auto = in.auto_(),
      .resume = in.resume()};
  if (in.has_idle_timeout())
    change.idle_timeout = strict.part("idle_timeout", in.idle_timeout(), read_duration);
  if (in.has_when_busy()) {
    change.when_busy =
        strict.named(model::when_busy_from_text(in.when_busy()), in.when_busy(), "when_busy");
  }
  return change;
}

}  // namespace

std::string to_json(std::span<const model::PoolRecord> pools) {
  api::PoolList out;
  for (const auto& pool : pools) write(pool, *out.add_pools());
  return print_json(out);
}

base::Result<std::vector<model::PoolRecord>> pools_from_json(std::string_view json) {
  return from_json<api::PoolList>(
      json, "pools", base::Code::corrupt, [](api::PoolList& in, Strict& strict) {
        return strict.each("pools", *in.mutable_pools(), read_pool_record);
      });
}

std::string to_json(const model::PoolChange& change) {
  api::PoolChange out;
  out.set_pool(change.pool);
  if (change.nodes) out.set_nodes(u32(*change.nodes));
  if (change.least) out.set_min_nodes(u32(*change.least));
  if (change.most) out.set_max_nodes(u32(*change.most));
  if (change.idle_timeout) write(*change.idle_timeout, *out.mutable_idle_timeout());
  if (change.when_busy) out.set_when_busy(std::string(to_text(*change.when_busy)));
  out.set_auto_(change.is_auto);
  out.set_resume(change.resume);
  return print_json(out);
}

base::Result<model::PoolChange> pool_change_from_json(std::string_view json) {
  return from_json<api::PoolChange>(json, "pool", base::Code::invalid, read_pool_change);
}

}  // namespace wire
