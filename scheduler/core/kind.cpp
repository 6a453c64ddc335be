#include "scheduler/core/kind.h"

#include <algorithm>
#include <iterator>

namespace scheduler {

JobKind kind_of(const Job& job) {
  return {.uid = job.user.uid,
          .priority = job.spec->priority,
          .pool = job.spec->pool,
          .class_name = job.spec->class_name,
          .workspace = job.spec->workspace,
          .time_limit = job.spec->time_limit,
          .layout = job.layout,
          .choice = job.spec->choice,
          .avoided = avoided_nodes(job),
          .licenses = job.spec->licenses,
          .family = family_of(job.spec->name),
          .is_array = job.tasks.has_value()};
}

std::string family_of(const std::string& name) {
  std::string family;
  std::ranges::copy_if(name, std::back_inserter(family), [](char c) { return c < '0' || c > '9'; });
  return family;
}

}  // namespace scheduler
