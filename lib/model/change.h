#pragma once
// What a user changes of a job after its submission: some members of its request, and nothing else.

#include <optional>
#include <set>
#include <string_view>

#include "lib/model/job.h"

namespace model {

/// The members of a request that can change, in the order of the manual.
enum class ChangedField {
  nodes,
  tasks,
  tasks_per_node,
  cpus_per_task,
  gpus_per_node,
  gpus_per_task,
  memory,  // per node or per core
  time_limit,
  name,
  output,
  error,
  priority,
  pool,
  constraint,
  nodelist,
  exclude,
  tier,
  exclusive,
  licenses,
  booking,
  class_name,
  workspace,
  save_signal,
  requeue,
  restart,
  hang_timeout,
  grow_after,
  array_limit,
  begin,
  deadline,
  dependency,
  comment
};

/// "time_limit", "class": as the API and the journal name it.
std::string_view to_text(ChangedField field);
std::optional<ChangedField> changed_field_from_text(std::string_view text);

/// "--time": the option of muster update that sets it.
std::string_view option_of(ChangedField field);

/// Says what was not asked for, too: a listed field that has its default is taken back.
struct JobChange {
  std::set<ChangedField> fields;
  JobSpec spec;                    // only the listed fields of it count; the others have defaults
  std::optional<int> array_limit;  // most tasks at a time; for arrays

  bool operator==(const JobChange&) const = default;
};

/// The request with the change made.
JobSpec changed(JobSpec before, const JobChange& change);

/// Has nothing but the listed fields been set?
bool is_exact(const JobChange& change);

}  // namespace model
