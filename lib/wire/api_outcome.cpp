// How things end and why they wait, with the sentences that the API adds.

#include "lib/base/overloaded.h"
#include "lib/wire/api_convert.h"
#include "lib/wire/shared.h"

namespace wire {

namespace {

constexpr std::int64_t us_per_s = 1'000'000;
constexpr std::int32_t ns_per_us = 1'000;

void write(const model::ShortOfResources& reason, api::Reason& out) {
  out.set_nodes_needed(u32(reason.nodes_needed));
  out.set_nodes_ready(u32(reason.nodes_ready));
  out.set_nodes_fitting(u32(reason.nodes_fitting));
  auto& demand = *out.mutable_per_node();
  demand.set_tasks(u32(reason.per_node.tasks));
  demand.set_cores(u32(reason.per_node.cores));
  demand.set_gpus(u32(reason.per_node.gpus));
  demand.set_memory_bytes(reason.per_node.memory.count());
  out.set_whole_nodes(reason.whole_nodes);
  if (!reason.undying.empty()) out.set_undying(reason.undying);
  if (!reason.failing.empty()) out.set_failing(reason.failing);
  for (const auto job : reason.holders) out.add_holders(job.number());
}

void write(const model::ShortOfLicenses& reason, api::Reason& out) {
  out.set_license(reason.license);
  out.set_needed(u32(reason.needed));
  out.set_free(u32(reason.free));
  out.set_all(u32(reason.all));
  for (const auto job : reason.holders) out.add_holders(job.number());
}

void write(const model::Booked& reason, api::Reason& out) {
  out.set_booking(reason.booking);
  if (reason.from) wire::write(*reason.from, *out.mutable_from());
  wire::write(reason.until, *out.mutable_until());
  out.set_own(reason.is_own);
}

model::Booked read_booked(api::Reason& in, Strict& strict) {
  model::Booked reason{
      .booking = take(in.mutable_booking()),
      .from = {},
      .until = strict.required(in.has_until(), "until").read(in.until(), read_time),
      .is_own = in.own()};
  if (in.has_from()) reason.from = strict.part("from", in.from(), read_time);
  return reason;
}

model::Demand read_demand(api::Demand& in, Strict& strict) {
  return {strict.count(in.tasks(), "tasks"), strict.count(in.cores(), "cores"),
          strict.count(in.gpus(), "gpus"), base::Bytes(in.memory_bytes())};
}

model::ShortOfResources read_short(api::Reason& in, Strict& strict) {
  return {
      .nodes_needed = strict.count(in.nodes_needed(), "nodes_needed"),
      .nodes_ready = strict.count(in.nodes_ready(), "nodes_ready"),
      .nodes_fitting = strict.count(in.nodes_fitting(), "nodes_fitting"),
      .per_node =
          strict.required(in.has_per_node(), "per_node").read(*in.mutable_per_node(), read_demand),
      .holders = read_holders(in, strict),
      .whole_nodes = in.whole_nodes(),
      .undying = take(in.mutable_undying()),
      .failing = take(in.mutable_failing())};
}

void write(const model::DependsOn& reason, api::Reason& out) {
  out.set_any(reason.is_any);
  out.set_n_terms(u32(reason.n_terms));
  for (const auto& open : reason.terms) {
    auto& term = *out.add_terms();
    term.set_term(to_text(open.term));
    term.set_job(open.job.number());
    term.set_state(std::string(to_text(open.state)));
  }
}

model::OpenTerm read_term(api::OpenTerm& in, Strict& strict) {
  const auto dependency = read_dependency(in.term(), strict);
  if (dependency.terms.size() != 1) strict.wrong("term", "is not one");
  return {dependency.terms.empty() ? model::DependencyTerm{} : dependency.terms.front(),
          model::JobId(strict.from_one(in.job(), "job")),
          strict.named(model::job_state_from_text(in.state()), in.state(), "state")};
}

}  // namespace

std::vector<model::JobId> read_holders(const api::Reason& in, Strict& strict) {
  std::vector<model::JobId> jobs;
  for (const auto job : in.holders()) jobs.emplace_back(strict.from_one(job, "holders"));
  return jobs;
}

void write(base::Time time, google::protobuf::Timestamp& out) {
  out.set_seconds(base::to_us(time) / us_per_s);
  out.set_nanos(static_cast<std::int32_t>(base::to_us(time) % us_per_s) * ns_per_us);
}

void write(base::Duration duration, google::protobuf::Duration& out) {
  out.set_seconds(duration.count() / us_per_s);
  out.set_nanos(static_cast<std::int32_t>(duration.count() % us_per_s) * ns_per_us);
}

base::Time read_time(const google::protobuf::Timestamp& in, Strict& strict) {
  return strict.time(in.seconds() * us_per_s + in.nanos() / ns_per_us, "time");
}

base::Duration read_duration(const google::protobuf::Duration& in, Strict& strict) {
  return strict.duration(in.seconds() * us_per_s + in.nanos() / ns_per_us, "duration");
}

void write(const model::Failure& failure, api::Failure& out) {
  write_failure(failure, out);
  out.set_sentence(describe(failure));
}

void write(const model::Outcome& outcome, api::Outcome& out) {
  out.set_ending(std::string(to_text(outcome.ending)));
  out.set_exit_code(outcome.exit_code);
  if (outcome.failure) write(*outcome.failure, *out.mutable_failure());
}

void write(const model::GpuUse& use, api::GpuUse& out) {
  write(use.watched, *out.mutable_watched());
  write(use.busy, *out.mutable_busy());
  out.set_memory_peak_bytes(use.memory_peak.count());
}

model::GpuUse read_gpu_use(api::GpuUse& in, Strict& strict) {
  return {strict.part("watched", in.watched(), read_duration),
          strict.part("busy", in.busy(), read_duration), base::Bytes(in.memory_peak_bytes())};
}

void write(const model::Usage& usage, api::Usage& out) {
  write(usage.cpu, *out.mutable_cpu());
  out.set_memory_peak_bytes(usage.memory_peak.count());
  out.set_total_peak_bytes(usage.total_peak.count());
  if (usage.gpu) write(*usage.gpu, *out.mutable_gpu());
}

model::Usage read_usage(api::Usage& in, Strict& strict) {
  model::Usage usage{.cpu = strict.part("cpu", in.cpu(), read_duration),
                     .memory_peak = base::Bytes(in.memory_peak_bytes()),
                     .total_peak = base::Bytes(in.total_peak_bytes())};
  if (in.has_gpu()) usage.gpu = strict.part("gpu", *in.mutable_gpu(), read_gpu_use);
  return usage;
}

model::NodesComing read_coming(api::Reason& in, Strict& strict) {
  model::NodesComing reason{.pool = take(in.mutable_pool()),
                            .n_nodes = strict.count(in.nodes_coming(), "nodes_coming"),
                            .trouble = take(in.mutable_trouble()),
                            .retry_at = {},
                            .is_stopped = in.stopped(),
                            .unfit = take(in.mutable_unfit())};
  if (in.has_until()) reason.retry_at = strict.part("until", in.until(), read_time);
  return reason;
}

void write_drained(const model::NodesAway& reason, api::Reason& out) {
  for (const auto& node : reason.drained) {
    auto& one = *out.add_drained();
    one.set_node(node.node);
    one.set_by(node.by);
    one.set_reason(node.reason);
    if (node.until) write(*node.until, *one.mutable_until());
  }
  if (reason.n_drained > 0) out.set_n_drained(u32(reason.n_drained));
}

model::DrainedNode read_drained(api::DrainedNode& in, Strict& strict) {
  model::DrainedNode node{.node = take(in.mutable_node()),
                          .by = take(in.mutable_by()),
                          .reason = take(in.mutable_reason()),
                          .until = {}};
  if (in.has_until()) node.until = strict.part("until", in.until(), read_time);
  return node;
}

void write(const model::Reason& reason, api::Reason& out) {
  out.set_kind(std::string(kind_of(reason)));
  out.set_text(describe(reason));
  std::visit(
      base::Overloaded{[](const model::NotConsidered&) {},
                       [&](const model::Held& r) {
                         out.set_by(r.by);
                         if (!r.why.empty()) out.set_why(r.why);
                       },
                       [&](const model::ShortOfResources& r) { write(r, out); },
                       [&](const model::NodesAway& r) {
                         out.set_nodes_needed(u32(r.nodes_needed));
                         out.set_nodes_ready(u32(r.nodes_ready));
                         write_drained(r, out);
                         if (!r.unfit.empty()) out.set_unfit(r.unfit);
                       },
                       [&](const model::Behind& r) { out.set_job(r.job.number()); },
                       [&](const model::WouldDelay& r) {
                         out.set_job(r.job.number());
                         write(r.start, *out.mutable_until());
                       },
                       [&](const model::BackOff& r) {
                         write(r.until, *out.mutable_until());
                         out.set_after(r.after);
                       },
                       [&](const model::Preempting& r) {
                         for (const auto job : r.victims) out.add_holders(job.number());
                         write(r.until, *out.mutable_until());
                       },
                       [&](const model::BeginTime& r) { write(r.at, *out.mutable_until()); },
                       [&](const model::DependsOn& r) { write(r, out); },
                       [&](const model::ArrayLimit& r) { out.set_n_running(u32(r.n_running)); },
                       [&](const model::ShortOfLicenses& r) { write(r, out); },
                       [&](const model::Booked& r) { write(r, out); },
                       [&](const model::Quota& r) { write(r, out); },
                       [&](const model::NodesComing& r) {
                         out.set_pool(r.pool);
                         out.set_nodes_coming(u32(r.n_nodes));
                         out.set_trouble(r.trouble);
                         out.set_stopped(r.is_stopped);
                         if (!r.unfit.empty()) out.set_unfit(r.unfit);
                         if (r.retry_at) write(*r.retry_at, *out.mutable_until());
                       }},
      reason);
}

model::Reason read_reason(api::Reason& in, Strict& strict) {
  const auto& kind = in.kind();
  if (kind == "not_considered") return model::NotConsidered{};
  if (kind == "held") return model::Held{take(in.mutable_by()), take(in.mutable_why())};
  if (kind == "resources") return read_short(in, strict);
  if (kind == "nodes_away") {
    return model::NodesAway{strict.count(in.nodes_needed(), "nodes_needed"),
                            strict.count(in.nodes_ready(), "nodes_ready"),
                            strict.each("drained", *in.mutable_drained(), read_drained),
                            strict.count(in.n_drained(), "n_drained"), take(in.mutable_unfit())};
  }
  if (kind == "behind") return model::Behind{model::JobId(strict.from_one(in.job(), "job"))};
  if (kind == "would_delay") {
    return model::WouldDelay{model::JobId(strict.from_one(in.job(), "job")),
                             strict.required(in.has_until(), "until").read(in.until(), read_time)};
  }
  if (kind == "back_off") {
    return model::BackOff{strict.required(in.has_until(), "until").read(in.until(), read_time),
                          take(in.mutable_after())};
  }
  if (kind == "preempting") {
    return model::Preempting{read_holders(in, strict),
                             strict.required(in.has_until(), "until").read(in.until(), read_time)};
  }
  if (kind == "begin_time") {
    return model::BeginTime{strict.required(in.has_until(), "until").read(in.until(), read_time)};
  }
  if (kind == "dependency") {
    return model::DependsOn{in.any(), strict.each("terms", *in.mutable_terms(), read_term),
                            strict.count(in.n_terms(), "n_terms")};
  }
  if (kind == "licenses") {
    return model::ShortOfLicenses{take(in.mutable_license()), strict.count(in.needed(), "needed"),
                                  strict.count(in.free(), "free"), strict.count(in.all(), "all"),
                                  read_holders(in, strict)};
  }
  if (kind == "booked") return read_booked(in, strict);
  if (kind == "array_limit") return model::ArrayLimit{strict.count(in.n_running(), "n_running")};
  if (kind == "quota") return read_quota(in, strict);
  if (kind == "nodes_coming") return read_coming(in, strict);
  strict.wrong("kind", "is one that this version does not know");
  return model::NotConsidered{};
}

}  // namespace wire
