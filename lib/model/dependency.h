#pragma once
// What a job waits for in other jobs: "afterok:12,after:13+5", "afterany:12?afterany:13".

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/index_set.h"
#include "lib/model/outcome.h"

namespace model {

enum class DependencyKind {
  after,       // the job has started, so long ago as the delay says; or ended without
  afterok,     // it has completed
  afternotok,  // it has ended in any other way
  afterany,    // it has ended
  aftercorr,   // of an array: its task of the same index has completed
  singleton,   // no earlier job of this user and name is there, and no other runs
};

std::string_view to_text(DependencyKind kind);
std::optional<DependencyKind> dependency_kind_from_text(std::string_view text);

struct DependencyTerm {
  DependencyKind kind = DependencyKind::afterok;
  JobId job{0};               // not of a singleton
  std::optional<int> task{};  // of an array, where one is meant
  base::Duration delay{};     // of `after`, whole minutes

  bool operator==(const DependencyTerm&) const = default;
};

struct Dependency {
  bool is_any = false;  // one of the terms is enough
  std::vector<DependencyTerm> terms;

  bool operator==(const Dependency&) const = default;
};

/// What a job that has ended means to those that depend on it.
struct PastJob {
  JobId job;
  Ending ending = Ending::completed;
  base::Time since;    // its last start, or its end if it never started
  IndexSet tasks;      // of an array: all of them
  IndexSet completed;  // and those that have

  bool operator==(const PastJob&) const = default;
};

/// "afterok:12", "after:13+5", "singleton".
std::string to_text(const DependencyTerm& term);
std::string to_text(const Dependency& dependency);

/// As sbatch has it: KIND:ID[:ID...] and "singleton", joined all by ',' (each must hold) or all by
/// '?' (one is enough); ID+MINUTES with `after`; ID_TASK for a task. "" has no terms.
/// errors: invalid, naming the part that is wrong
base::Result<Dependency> dependency_from_text(std::string_view text);

}  // namespace model
