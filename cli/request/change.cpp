#include "cli/request/change.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "cli/request/table.h"
#include "cli/request/values.h"
#include "lib/base/text.h"

namespace request {

namespace {

using model::ChangedField;

constexpr int most_tasks_at_a_time = 1'000'000;

constexpr std::array<std::pair<OptionId, ChangedField>, 34> fields_of_options{{
    {OptionId::nodes, ChangedField::nodes},
    {OptionId::ntasks, ChangedField::tasks},
    {OptionId::ntasks_per_node, ChangedField::tasks_per_node},
    {OptionId::cpus_per_task, ChangedField::cpus_per_task},
    {OptionId::gpus_per_node, ChangedField::gpus_per_node},
    {OptionId::gpus_per_task, ChangedField::gpus_per_task},
    {OptionId::mem, ChangedField::memory},
    {OptionId::mem_per_cpu, ChangedField::memory},
    {OptionId::time, ChangedField::time_limit},
    {OptionId::job_name, ChangedField::name},
    {OptionId::output, ChangedField::output},
    {OptionId::error, ChangedField::error},
    {OptionId::priority, ChangedField::priority},
    {OptionId::pool, ChangedField::pool},
    {OptionId::constraint, ChangedField::constraint},
    {OptionId::nodelist, ChangedField::nodelist},
    {OptionId::exclude, ChangedField::exclude},
    {OptionId::tier, ChangedField::tier},
    {OptionId::exclusive, ChangedField::exclusive},
    {OptionId::licenses, ChangedField::licenses},
    {OptionId::booking, ChangedField::booking},
    {OptionId::job_class, ChangedField::class_name},
    {OptionId::workspace, ChangedField::workspace},
    {OptionId::signal, ChangedField::save_signal},
    {OptionId::requeue, ChangedField::requeue},
    {OptionId::no_requeue, ChangedField::requeue},
    {OptionId::restart, ChangedField::restart},
    {OptionId::hang_timeout, ChangedField::hang_timeout},
    {OptionId::grow_after, ChangedField::grow_after},
    {OptionId::array_limit, ChangedField::array_limit},
    {OptionId::begin, ChangedField::begin},
    {OptionId::deadline, ChangedField::deadline},
    {OptionId::dependency, ChangedField::dependency},
    {OptionId::comment, ChangedField::comment},
}};

/// "5" or, as at the end of --array, "%5".
base::Result<std::optional<int>> array_limit(const options::Given& given) {
  if (given.value.empty()) return std::nullopt;
  std::string_view text = given.value;
  if (text.starts_with('%')) text.remove_prefix(1);
  const auto limit = base::parse_int(text, 1, most_tasks_at_a_time);
  if (limit) return static_cast<int>(*limit);
  return base::fail(base::Code::invalid,
                    fmt::format("{}: expected a whole number from 1 to {}, found '{}'",
                                given.written, most_tasks_at_a_time, base::printable(given.value)));
}

/// Flags have no value, and a job without these two none that would be its own.
bool is_taken_back(const options::Given& given) {
  const auto id = static_cast<OptionId>(given.id);
  return given.value.empty() && id != OptionId::requeue && id != OptionId::no_requeue &&
         id != OptionId::exclusive && id != OptionId::job_name && id != OptionId::output;
}

}  // namespace

base::Result<model::JobChange> make_change(std::span<const options::Given> given, base::Time now) {
  model::JobChange change;
  Choices choices{.spec = {}, .now = now};
  for (const auto& one : given) {
    const auto id = static_cast<OptionId>(one.id);
    const auto* const row =
        std::ranges::find(fields_of_options, id, &std::pair<OptionId, ChangedField>::first);
    if (row == fields_of_options.end()) continue;
    change.fields.insert(row->second);
    if (id == OptionId::array_limit) {
      const auto limit = array_limit(one);
      if (!limit) return std::unexpected(limit.error());
      change.array_limit = *limit;
    } else if (is_taken_back(one)) {
      choices.spec = model::changed(std::move(choices.spec), {{row->second}, {}, {}});
    } else if (auto applied = apply(one, choices); !applied) {
      return std::unexpected(applied.error());
    }
  }
  change.spec = std::move(choices.spec);
  return change;
}

}  // namespace request
