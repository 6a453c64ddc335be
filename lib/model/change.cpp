#include "lib/model/change.h"

#include <algorithm>
#include <array>

#include "lib/base/check.h"

namespace model {

namespace {

struct Row {
  ChangedField field;
  std::string_view name;
  std::string_view option;
  void (*copy)(const JobChange& from, JobSpec& to);
};

template <auto member>
void copy(const JobChange& from, JobSpec& to) {
  to.*member = from.spec.*member;
}

template <auto member>
void copy_shape(const JobChange& from, JobSpec& to) {
  to.shape.*member = from.spec.shape.*member;
}

template <auto member>
void copy_choice(const JobChange& from, JobSpec& to) {
  to.choice.*member = from.spec.choice.*member;
}

void copy_nodes(const JobChange& from, JobSpec& to) {
  copy_shape<&Shape::nodes>(from, to);
  copy_shape<&Shape::most_nodes>(from, to);
}

/// GPUs are asked for with their kind.
template <auto member>
void copy_gpus(const JobChange& from, JobSpec& to) {
  copy_shape<member>(from, to);
  copy_choice<&NodeChoice::gpu_kind>(from, to);
}

void copy_memory(const JobChange& from, JobSpec& to) {
  copy_shape<&Shape::memory_per_node>(from, to);
  copy_shape<&Shape::memory_per_cpu>(from, to);
}

void copy_array_limit(const JobChange& from, JobSpec& to) {
  if (to.array) to.array->most_running = from.array_limit;
}

constexpr std::array<Row, 32> rows{{
    {ChangedField::nodes, "nodes", "--nodes", copy_nodes},
    {ChangedField::tasks, "tasks", "--ntasks", copy_shape<&Shape::tasks>},
    {ChangedField::tasks_per_node, "tasks_per_node", "--ntasks-per-node",
     copy_shape<&Shape::tasks_per_node>},
    {ChangedField::cpus_per_task, "cpus_per_task", "--cpus-per-task",
     copy_shape<&Shape::cpus_per_task>},
    {ChangedField::gpus_per_node, "gpus_per_node", "--gpus-per-node",
     copy_gpus<&Shape::gpus_per_node>},
    {ChangedField::gpus_per_task, "gpus_per_task", "--gpus-per-task",
     copy_gpus<&Shape::gpus_per_task>},
    {ChangedField::memory, "memory", "--mem", copy_memory},
    {ChangedField::time_limit, "time_limit", "--time", copy<&JobSpec::time_limit>},
    {ChangedField::name, "name", "--job-name", copy<&JobSpec::name>},
    {ChangedField::output, "output", "--output", copy<&JobSpec::output>},
    {ChangedField::error, "error", "--error", copy<&JobSpec::error>},
    {ChangedField::priority, "priority", "--priority", copy<&JobSpec::priority>},
    {ChangedField::pool, "pool", "--pool", copy<&JobSpec::pool>},
    {ChangedField::constraint, "constraint", "--constraint", copy_choice<&NodeChoice::constraint>},
    {ChangedField::nodelist, "nodelist", "--nodelist", copy_choice<&NodeChoice::only>},
    {ChangedField::exclude, "exclude", "--exclude", copy_choice<&NodeChoice::never>},
    {ChangedField::tier, "tier", "--tier", copy_choice<&NodeChoice::tiers>},
    {ChangedField::exclusive, "exclusive", "--exclusive", copy_shape<&Shape::whole_nodes>},
    {ChangedField::licenses, "licenses", "--licenses", copy<&JobSpec::licenses>},
    {ChangedField::booking, "booking", "--booking", copy_choice<&NodeChoice::booking>},
    {ChangedField::class_name, "class", "--class", copy<&JobSpec::class_name>},
    {ChangedField::workspace, "workspace", "--workspace", copy<&JobSpec::workspace>},
    {ChangedField::save_signal, "save_signal", "--signal", copy<&JobSpec::save_signal>},
    {ChangedField::requeue, "requeue", "--requeue", copy<&JobSpec::requeue>},
    {ChangedField::restart, "restart", "--restart", copy<&JobSpec::restart>},
    {ChangedField::hang_timeout, "hang_timeout", "--hang-timeout", copy<&JobSpec::hang_timeout>},
    {ChangedField::grow_after, "grow_after", "--grow-after", copy<&JobSpec::grow_after>},
    {ChangedField::array_limit, "array_limit", "--array-limit", copy_array_limit},
    {ChangedField::begin, "begin", "--begin", copy<&JobSpec::begin>},
    {ChangedField::deadline, "deadline", "--deadline", copy<&JobSpec::deadline>},
    {ChangedField::dependency, "dependency", "--dependency", copy<&JobSpec::dependency>},
    {ChangedField::comment, "comment", "--comment", copy<&JobSpec::comment>},
}};

const Row& row_of(ChangedField field) {
  const auto* const found = std::ranges::find(rows, field, &Row::field);
  base::check(found != rows.end(), "every field that can change has a row");
  return *found;
}

}  // namespace

std::string_view to_text(ChangedField field) {
  return row_of(field).name;
}

std::optional<ChangedField> changed_field_from_text(std::string_view text) {
  const auto* const found = std::ranges::find(rows, text, &Row::name);
  return found == rows.end() ? std::nullopt : std::optional(found->field);
}

std::string_view option_of(ChangedField field) {
  return row_of(field).option;
}

JobSpec changed(JobSpec before, const JobChange& change) {
  for (const auto field : change.fields) row_of(field).copy(change, before);
  return before;
}

bool is_exact(const JobChange& change) {
  const bool has_limit = change.fields.contains(ChangedField::array_limit);
  return changed({}, change) == change.spec && (has_limit || !change.array_limit);
}

}  // namespace model
