#include "scheduler/policy/rank.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace policy {

namespace {

/// As if every job had waited so long already. While waits are shorter than this, the shortest job
/// is first; beyond, all jobs are to wait in proportion to their run times.
constexpr base::Duration head_start = std::chrono::hours(1);

double seconds(base::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

double rank_of(Order order, const scheduler::JobKind& kind, base::Duration predicted,
               base::Duration waited) {
  const double limit = kind.time_limit ? std::max(seconds(*kind.time_limit), 1.0)
                                       : std::numeric_limits<double>::infinity();
  const double wait = std::max(seconds(waited), 0.0);
  switch (order) {
    case Order::fcfs:
      return 0;
    case Order::sjf:
      return -limit;
    case Order::lxf:
      return wait / limit;
    case Order::wfp3:
      return std::pow(wait / limit, 3) * kind.layout.tasks * kind.layout.cpus_per_task;
    case Order::predicted:
      return (wait + seconds(head_start)) / std::max(seconds(predicted), 1.0);
    case Order::served:
      return 0;  // a matter of what the job and others were served (served.h)
  }
  return 0;
}

base::Duration duration_of(const scheduler::JobKind& kind) {
  return kind.time_limit.value_or(base::Duration::max());
}

bool is_overdue(base::Duration wait, base::Duration drain_time) {
  return wait > patience && wait - patience > drain_time;
}

std::optional<Order> order_from_text(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, Order>, 6> names{
      {{"fcfs", Order::fcfs},
       {"sjf", Order::sjf},
       {"lxf", Order::lxf},
       {"wfp3", Order::wfp3},
       {"predicted", Order::predicted},
       {"served", Order::served}}};
  const auto* const found =
      std::ranges::find(names, text, &std::pair<std::string_view, Order>::first);
  if (found == names.end()) return std::nullopt;
  return found->second;
}

std::optional<BackfillOrder> backfill_order_from_text(std::string_view text) {
  if (text == "queue") return BackfillOrder::queue;
  if (text == "sjf") return BackfillOrder::sjf;
  return std::nullopt;
}

}  // namespace policy
