// How things end: LaunchReport and Outcome.

#include <algorithm>
#include <cstdint>

#include "lib/wire/convert.h"
#include "lib/wire/shared.h"
#include "lib/wire/shared_node.h"

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

/// A column of a series; one that is all 0 is left out.
template <class Numbers, class Of>
void write_column(const std::vector<model::UsagePoint>& points, Numbers& out, Of of) {
  for (const auto& point : points) out.Add(static_cast<std::uint64_t>(of(point)));
  if (std::ranges::all_of(out, [](std::uint64_t number) { return number == 0; })) out.Clear();
}

void write_series(const model::UsageSeries& series, pb::UsageSeries& out) {
  const auto& points = series.points;
  out.set_since_us(base::to_us(series.since));
  out.set_interval_us(series.interval.count());
  out.set_last_us(series.last.count());
  for (const auto& point : points) out.add_cpu_us(static_cast<std::uint64_t>(point.cpu.count()));
  write_column(points, *out.mutable_memory_bytes(), [](auto& p) { return p.memory.count(); });
  write_column(points, *out.mutable_read_bytes(), [](auto& p) { return p.read.count(); });
  write_column(points, *out.mutable_written_bytes(), [](auto& p) { return p.written.count(); });
  write_column(points, *out.mutable_gpu_busy_us(), [](auto& p) { return p.gpu_busy.count(); });
  write_column(points, *out.mutable_gpu_memory_bytes(),
               [](auto& p) { return p.gpu_memory.count(); });
}

/// Calls `set` with each point and its number.
template <class Numbers, class Set>
void read_column(const Numbers& in, std::string_view name, Strict& strict,
                 std::vector<model::UsagePoint>& points, Set set) {
  if (in.empty()) return;
  const auto n_given = static_cast<std::size_t>(in.size());
  if (n_given != points.size()) return strict.wrong(name, "has another length than cpu_us");
  for (std::size_t i = 0; i < points.size(); ++i) set(points[i], in.Get(static_cast<int>(i)));
}

base::Duration duration_of(std::uint64_t us, std::string_view name, Strict& strict) {
  if (us > INT64_MAX) strict.wrong(name, "is too long");
  return strict.duration(static_cast<std::int64_t>(us & INT64_MAX), name);
}

model::UsageSeries read_series(pb::UsageSeries& in, Strict& strict) {
  using Point = model::UsagePoint;
  model::UsageSeries series{.since = strict.time(in.since_us(), "since_us"),
                            .interval = strict.duration(in.interval_us(), "interval_us"),
                            .points = {},
                            .last = strict.duration(in.last_us(), "last_us")};
  auto& points = series.points;
  for (const auto cpu : in.cpu_us()) points.push_back({.cpu = duration_of(cpu, "cpu_us", strict)});
  read_column(in.memory_bytes(), "memory_bytes", strict, points,
              [](Point& to, std::uint64_t n) { to.memory = base::Bytes(n); });
  read_column(in.read_bytes(), "read_bytes", strict, points,
              [](Point& to, std::uint64_t n) { to.read = base::Bytes(n); });
  read_column(in.written_bytes(), "written_bytes", strict, points,
              [](Point& to, std::uint64_t n) { to.written = base::Bytes(n); });
  read_column(in.gpu_busy_us(), "gpu_busy_us", strict, points, [&](Point& to, std::uint64_t n) {
    to.gpu_busy = duration_of(n, "gpu_busy_us", strict);
  });
  read_column(in.gpu_memory_bytes(), "gpu_memory_bytes", strict, points,
              [](Point& to, std::uint64_t n) { to.gpu_memory = base::Bytes(n); });
  return series;
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
  if (!report.series.points.empty()) write_series(report.series, *out.mutable_series());
  out.set_epilog_due(report.is_epilog_due);
  out.set_epilog_fault(report.epilog_fault);
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
  if (in.has_series()) report.series = strict.part("series", *in.mutable_series(), read_series);
  report.is_epilog_due = in.epilog_due();
  report.epilog_fault = take(in.mutable_epilog_fault());
  return report;
}

void write(const model::Undying& undying, pb::Undying& out) {
  write(undying.launch, *out.mutable_launch());
  write_undying_text(undying, out);
  out.set_since_us(base::to_us(undying.since));
}

model::Undying read_undying(pb::Undying& in, Strict& strict) {
  const auto launch =
      strict.required(in.has_launch(), "launch").read(*in.mutable_launch(), read_key);
  auto undying = read_undying_text(in, launch, strict);
  undying.since = strict.time(in.since_us(), "since_us");
  return undying;
}

void write(const model::Outcome& outcome, pb::Outcome& out) {
  out.set_ending(std::string(to_text(outcome.ending)));
  out.set_exit_code(outcome.exit_code);
  if (outcome.failure) write_failure(*outcome.failure, *out.mutable_failure());
}

}  // namespace wire
