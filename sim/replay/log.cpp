#include "sim/replay/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

#include "lib/base/text.h"
#include "lib/model/index_set.h"

namespace replay {

namespace {

using std::chrono::seconds;

constexpr int largest_node = 65'536;
// Run one after the other, jobs must end before the clock does.
constexpr base::Duration longest_log = seconds(4'000'000'000'000);

std::string_view flaw_text(Flaw flaw) {
  switch (flaw) {
    case Flaw::no_size:
      return "without a number of processors";
    case Flaw::too_large:
      return "larger than the machine";
    case Flaw::no_run_time:
      return "without a run time";
    case Flaw::no_requested_time:
      return "without a requested time";
    case Flaw::no_submission:
      return "without a time of submission";
    case Flaw::no_start:
      return "that never started";
    case Flaw::no_end:
      return "that has not ended";
  }
  return "";
}

int size_of(const Machine& machine) {
  return machine.nodes * machine.cores_per_node;
}

/// The tasks of the layout that an empty node takes.
int tasks_of_node(const Machine& machine, const model::Layout& layout) {
  int n = 0;
  const int most = std::min(layout.most_tasks_per_node.value_or(layout.tasks), layout.tasks);
  while (n < most) {
    const auto demand = model::demand_of(layout, n + 1);
    if (demand.cores > machine.cores_per_node || demand.gpus > machine.gpus_per_node) break;
    ++n;
  }
  return n;
}

bool is_too_large(const Job& job, const Machine& machine) {
  if (!job.layout) return job.cores > size_of(machine);
  const auto& layout = *job.layout;
  const int nodes = layout.nodes.value_or(machine.nodes);
  const std::int64_t room = std::int64_t{nodes} * tasks_of_node(machine, layout);
  return nodes > machine.nodes || room < layout.tasks;
}

std::string flaw_found(Flaw flaw, const Job& job, const Machine& machine) {
  const auto s = [](base::Duration time) { return std::chrono::floor<seconds>(time).count(); };
  switch (flaw) {
    case Flaw::no_size:
      return fmt::format("expected at least 1 processor, found {}", job.cores);
    case Flaw::too_large:
      return fmt::format("expected at most the {} processors of the machine, found {}",
                         size_of(machine), job.cores);
    case Flaw::no_run_time:
      return fmt::format("expected a run time above 0, found {} s", s(job.run));
    case Flaw::no_requested_time:
      return fmt::format("expected a requested time above 0, found {} s", s(job.requested));
    case Flaw::no_submission:
      return fmt::format("expected a submission at 0 or later, found {} s", s(job.submit));
    case Flaw::no_start:
    case Flaw::no_end:
      break;  // dropped by every filter
  }
  return "";
}

std::string counts_text(const Log& log) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < n_flaws; ++i) {
    if (log.dropped[i] == 0) continue;
    parts.push_back(fmt::format("{} {}", log.dropped[i], flaw_text(static_cast<Flaw>(i))));
  }
  return base::join(parts, ", ");
}

}  // namespace

MachineSize pool_of(int n_processors) {
  int nodes = 1;
  while (n_processors % nodes != 0 || n_processors / nodes > largest_node) ++nodes;
  return {nodes, n_processors / nodes};
}

base::Result<MachineSize> parse_machine(std::string_view text) {
  const auto cross = text.find('x');
  if (cross == std::string_view::npos) {
    const auto all = base::parse_int(text, 1, largest_machine);
    if (all) return pool_of(static_cast<int>(*all));
  } else {
    const auto nodes = base::parse_int(text.substr(0, cross), 1, largest_machine);
    const auto per_node = base::parse_int(text.substr(cross + 1), 1, largest_node);
    if (nodes && per_node && *nodes * *per_node <= largest_machine) {
      return MachineSize{static_cast<int>(*nodes), static_cast<int>(*per_node)};
    }
  }
  return base::fail(base::Code::invalid,
                    fmt::format("expected a number of processors such as 128, or nodes and "
                                "processors of each such as 16x8, at most {} in all and {} of a "
                                "node, found '{}'",
                                largest_machine, largest_node, base::printable(text)));
}

base::Result<std::int64_t> parse_whole(std::string_view text, std::int64_t most,
                                       std::string_view unit) {
  constexpr auto any = std::numeric_limits<std::int64_t>::max();
  if (const auto number = base::parse_int(text, -most, most)) return *number;
  const auto shown = base::printable(text, 40);
  const auto of_unit = unit.empty() ? "" : fmt::format(" of {}", unit);
  const bool is_number = base::parse_int(text, -any, any).has_value();
  return base::fail(base::Code::invalid,
                    is_number
                        ? fmt::format("expected at most {}, found {}", most, shown)
                        : fmt::format("expected a whole number{}, found '{}'", of_unit, shown));
}

std::size_t Log::n_dropped() const {
  return std::accumulate(dropped.begin(), dropped.end(), std::size_t{0});
}

std::string dropped_text(const Log& log) {
  if (log.n_dropped() == 0) return "";
  return fmt::format("dropped {} of {} jobs: {}", log.n_dropped(),
                     log.n_dropped() + log.workload.jobs.size(), counts_text(log));
}

std::optional<std::string_view> Lines::next() {
  while (!rest_.empty()) {
    const auto end = rest_.find('\n');
    const auto line = base::trim(rest_.substr(0, end));
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++number_;
    if (!line.empty()) return line;
  }
  return std::nullopt;
}

Intake::Intake(const Reading& reading, const Machine& machine, std::string_view place)
    : reading_(reading),
      place_(place),
      log_{.workload = {machine, {}}, .rows = {}, .dropped = {}} {}

std::optional<Flaw> Intake::flaw_of(const Job& job) const {
  if (job.cores <= 0) return Flaw::no_size;
  if (is_too_large(job, log_.workload.machine)) return Flaw::too_large;
  if (job.run <= base::Duration(0)) return Flaw::no_run_time;
  if (job.requested <= base::Duration(0)) return Flaw::no_requested_time;
  if (job.submit < base::Duration(0)) return Flaw::no_submission;
  return std::nullopt;
}

base::Result<void> Intake::take(std::size_t number, Claim claim) {
  auto& job = claim.job;
  if (reading_.filter == Filter::none && job.requested <= base::Duration(0)) {
    job.requested = job.run;
  }
  if (const auto flaw = flaw_of(job)) {
    if (reading_.filter == Filter::strong) {
      ++log_.dropped[static_cast<std::size_t>(*flaw)];
      return {};
    }
    return reject(
        number, {base::Code::invalid,
                 fmt::format("job {}: {}", job.id, flaw_found(*flaw, job, log_.workload.machine))});
  }
  job.run = std::min(job.run, job.requested);
  claims_.push_back(std::move(claim));
  return {};
}

base::Result<void> Intake::reject(std::size_t number, const base::Error& error) {
  auto placed = error.in(fmt::format("{} {}", place_, number));
  if (!reading_.skip_bad) return std::unexpected(std::move(placed));
  if (log_.n_bad++ == 0) log_.first_bad = std::move(placed.text);
  return {};
}

base::Result<Log> Intake::finish() && {
  if (claims_.empty()) {
    const auto n_dropped = log_.n_dropped();
    if (n_dropped == 0 && log_.n_bad == 0) return base::fail(base::Code::invalid, "has no job");
    std::string why;
    if (n_dropped > 0) {
      why = fmt::format("; the filter dropped {} ({}): try --filter none", n_dropped,
                        counts_text(log_));
    }
    if (log_.n_bad > 0) {
      why += fmt::format("; skipped {}, the first: {}",
                         base::plural(static_cast<std::int64_t>(log_.n_bad), "bad line"),
                         log_.first_bad);
    }
    return base::fail(base::Code::invalid, "no job is left" + why);
  }
  std::ranges::stable_sort(claims_, {},
                           [](const Claim& one) { return std::tuple(one.job.submit, one.job.id); });
  base::Duration sum = claims_.back().job.submit;
  for (auto& claim : claims_) {
    sum += claim.job.run;
    if (sum > longest_log) {
      return base::fail(base::Code::invalid, "its run times add up to more than can be simulated");
    }
    log_.workload.jobs.push_back(std::move(claim.job));
    log_.rows.push_back(std::move(claim.row));
  }
  return std::move(log_);
}

}  // namespace replay
