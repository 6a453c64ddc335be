// How things end: LaunchReport and Outcome.

#include "lib/wire/convert.h"
#include "lib/wire/shared.h"

namespace wire {

namespace {

void write_use(const std::optional<model::GpuUse>& use, auto& out) {
  if (!use) return;
  auto& to = *out.mutable_gpu();
  to.set_watched_us(use->watched.count());
  to.set_busy_us(use->busy.count());
  to.set_memory_peak_bytes(use->memory_peak.count());
}

std::optional<model::GpuUse> read_use(auto& in, Strict& strict) {
  if (!in.has_gpu()) return std::nullopt;
  return model::GpuUse{strict.duration(in.gpu().watched_us(), "gpu.watched_us"),
                       strict.duration(in.gpu().busy_us(), "gpu.busy_us"),
                       base::Bytes(in.gpu().memory_peak_bytes())};
}

}  // namespace

void write(const model::LaunchReport& report, pb::LaunchReport& out) {
  write(report.key, *out.mutable_key());
  out.set_started_at_us(base::to_us(report.started_at));
  out.set_ended_at_us(base::to_us(report.ended_at));
  out.set_exit_code(report.exit_code);
  if (report.failure) write_failure(*report.failure, *out.mutable_failure());
  out.mutable_usage()->set_cpu_us(report.usage.cpu.count());
  out.mutable_usage()->set_memory_peak_bytes(report.usage.memory_peak.count());
  out.mutable_usage()->set_total_peak_bytes(report.usage.total_peak.count());
  write_use(report.usage.gpu, *out.mutable_usage());
  for (const auto& rank : report.ranks) {
    auto& to = *out.add_ranks();
    to.set_rank(u32(rank.rank));
    to.set_cpu_us(rank.cpu.count());
    to.set_memory_peak_bytes(rank.memory_peak.count());
    write_use(rank.gpu, to);
  }
}

model::LaunchReport read_report(pb::LaunchReport& in, Strict& strict) {
  model::LaunchReport report{
      .key = strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key),
      .started_at = strict.time(in.started_at_us(), "started_at_us"),
      .ended_at = strict.time(in.ended_at_us(), "ended_at_us"),
      .exit_code = in.exit_code(),
      .failure = {},
      .usage = {strict.duration(in.usage().cpu_us(), "usage.cpu_us"),
                base::Bytes(in.usage().memory_peak_bytes()),
                base::Bytes(in.usage().total_peak_bytes()), read_use(in.usage(), strict)},
      .ranks = {}};
  if (in.has_failure()) {
    report.failure = strict.part("failure", *in.mutable_failure(), read_failure<pb::Failure>);
  }
  report.ranks = strict.each("ranks", *in.mutable_ranks(), [](auto& from, Strict& s) {
    return model::RankUsage{s.count(from.rank(), "rank"), s.duration(from.cpu_us(), "cpu_us"),
                            base::Bytes(from.memory_peak_bytes()), read_use(from, s)};
  });
  return report;
}

void write(const model::Outcome& outcome, pb::Outcome& out) {
  out.set_ending(std::string(to_text(outcome.ending)));
  out.set_exit_code(outcome.exit_code);
  if (outcome.failure) write_failure(*outcome.failure, *out.mutable_failure());
}

}  // namespace wire
