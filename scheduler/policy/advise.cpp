#include "scheduler/policy/advise.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace policy {

namespace {

using model::Change;
using model::JobSpec;

/// The largest number of [least, most] for which `fits`, which gets harder with the number.
std::optional<std::int64_t> largest(std::int64_t least, std::int64_t most,
                                    const std::function<bool(std::int64_t)>& fits) {
  if (most < least || !fits(least)) return std::nullopt;
  while (least < most) {
    const auto middle = least + (most - least + 1) / 2;
    if (fits(middle)) {
      least = middle;
    } else {
      most = middle - 1;
    }
  }
  return least;
}

class Changes {
 public:
  Changes(const JobSpec& spec, const StartsNow& starts_now)
      : spec_(spec), starts_now_(starts_now) {}

  /// Tries smaller numbers of something; `set` puts one into a request.
  template <class Set>
  void fewer(std::string option, std::int64_t least, std::int64_t now, std::string_view unit,
             Set set) {
    const auto fits = [&](std::int64_t number) {
      auto changed = spec_;
      set(changed, number);
      return starts_now_(changed);
    };
    if (const auto found = largest(least, now - 1, fits))
      found_.push_back({std::move(option), fmt::format("{}{}", *found, unit)});
  }

  void pool(const std::string& name) {
    auto changed = spec_;
    changed.pool = name;
    if (name != spec_.pool && starts_now_(changed)) found_.push_back({"--pool", name});
  }

  std::vector<Change> take() { return std::move(found_); }

 private:
  const JobSpec& spec_;
  const StartsNow& starts_now_;
  std::vector<Change> found_;
};

/// With a number of nodes, fewer of them have as many tasks each.
void fewer_nodes(Changes& changes, const model::Shape& shape) {
  if (!shape.nodes) return;
  const bool is_by_tasks = shape.tasks && !shape.tasks_per_node;
  const int each = is_by_tasks ? *shape.tasks / *shape.nodes : 0;
  changes.fewer("--nodes", 1, *shape.nodes, "", [&](JobSpec& spec, std::int64_t n) {
    spec.shape.nodes = static_cast<int>(n);
    if (is_by_tasks) spec.shape.tasks = each * static_cast<int>(n);
    if (shape.tasks && shape.tasks_per_node)
      spec.shape.tasks = std::min(*shape.tasks, *shape.tasks_per_node * static_cast<int>(n));
  });
}

void less_memory(Changes& changes, const model::Shape& shape) {
  constexpr std::uint64_t mib = 1 << 20;
  if (!shape.memory_per_node) return;
  const auto now = static_cast<std::int64_t>(shape.memory_per_node->count() / mib);
  changes.fewer("--mem", 1, now, "M", [](JobSpec& spec, std::int64_t n) {
    spec.shape.memory_per_node = base::Bytes(static_cast<std::uint64_t>(n) * mib);
  });
}

/// Not of jobs whose roles say what their ranks have: they need all of it.
void smaller_shapes(Changes& changes, const model::Shape& shape) {
  fewer_nodes(changes, shape);
  if (!shape.nodes) {
    changes.fewer("--ntasks", 1, shape.tasks.value_or(1), "", [](JobSpec& changed, std::int64_t n) {
      changed.shape.tasks = static_cast<int>(n);
    });
  }
  changes.fewer(
      "--cpus-per-task", 1, shape.cpus_per_task, "",
      [](JobSpec& changed, std::int64_t n) { changed.shape.cpus_per_task = static_cast<int>(n); });
  changes.fewer(
      "--gpus-per-node", 1, shape.gpus_per_node, "",
      [](JobSpec& changed, std::int64_t n) { changed.shape.gpus_per_node = static_cast<int>(n); });
  less_memory(changes, shape);
}

}  // namespace

std::vector<Change> changes_for(const JobSpec& spec, base::Duration shortest_of_use,
                                const std::vector<std::string>& pools,
                                const StartsNow& starts_now) {
  constexpr base::Duration longest = std::chrono::days(7);
  const auto minutes = [](base::Duration time) {
    return std::chrono::duration_cast<std::chrono::minutes>(time).count();
  };
  Changes changes(spec, starts_now);
  const auto limit = std::min(spec.time_limit.value_or(longest), longest);
  changes.fewer(
      "--time", std::max<std::int64_t>(minutes(shortest_of_use), 1), minutes(limit), "m",
      [](JobSpec& changed, std::int64_t n) { changed.time_limit = std::chrono::minutes(n); });
  if (!model::have_resources(spec.roles)) smaller_shapes(changes, spec.shape);
  for (const auto& pool : pools) {
    if (!spec.pool.empty()) changes.pool(pool);
  }
  return changes.take();
}

}  // namespace policy
