#pragma once
// What a log of jobs says, whatever its format: the input of a replay.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/layout.h"

namespace replay {

/// Nodes of one kind that the log's jobs ran on.
struct Machine {
  int nodes = 1;
  int cores_per_node = 1;
  int gpus_per_node = 0;

  bool operator==(const Machine&) const = default;
};

/// Requested by a job without a time limit.
constexpr base::Duration unlimited = base::Duration::max();

struct Job {
  std::int64_t id = 0;      // as in the log
  base::Duration submit{};  // since the start of the log
  base::Duration run{};     // true run time, at most what was requested
  base::Duration requested{};
  int cores = 1;
  int gpus = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::string name;  // of what it ran, as far as the log knows: equal names ran the same

  // Of jobs of this scheduler:
  std::optional<model::Layout> layout = std::nullopt;  // absent: each core is a task of its own
  std::string class_name{};
  std::string workspace{};
  int priority = 0;

  bool operator==(const Job&) const = default;
};

/// Jobs in order of submission; jobs of the same time in order of their numbers.
struct Workload {
  Machine machine;
  std::vector<Job> jobs;
};

}  // namespace replay
