#pragma once
// The configuration of a cluster as a replay sees it: --config and --set.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "scheduler/core/settings.h"
#include "scheduler/policy/policy.h"
#include "sim/replay/workload.h"

namespace replay {

struct Tuning {
  std::string order = "fcfs";  // that of `policy` by its name
  policy::Options policy;
  scheduler::Settings settings;
  std::optional<Machine> machine;  // of the pools; absent where they are not of one kind
};

/// May this change be tried on a log? errors: invalid, for a wrong key or value, and for a key that
/// changes no schedule
base::Result<void> check_change(std::string_view assignment);

/// The file with the changes, or the defaults with them where `path` is empty. Who may use a
/// class or workspace does not count: the jobs have run.
/// errors: those of the file; invalid for a change that the file does not bear
base::Result<Tuning> read_tuning(const std::string& path, std::span<const std::string> changes);

}  // namespace replay
