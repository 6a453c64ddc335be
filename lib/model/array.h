#pragma once
// Job arrays: one job with many tasks that differ by their index.

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/model/ids.h"
#include "lib/model/index_set.h"

namespace model {

/// What --array asks for: "0-999999%200".
struct Array {
  static constexpr int most_tasks = 1'000'000;

  IndexSet tasks;
  std::optional<int> most_running;  // at a time

  bool operator==(const Array&) const = default;
};

/// One task of an array, written 17_4.
struct ArrayTask {
  JobId array;
  int index = 0;

  bool operator==(const ArrayTask&) const = default;
};

std::string to_text(const ArrayTask& task);

/// The number of the task's job. They are set aside when the array is submitted, in the order of
/// the indices, so that a task has the same number wherever it is asked for.
JobId task_job(JobId array, const IndexSet& tasks, int index);

/// "0-999999", "1-9:2", "1,3,5-7": as short as it gets.
/// cost: O(words of the set + parts)
std::string ranges_text(const IndexSet& tasks);

/// "1-10:2%3".
std::string to_text(const Array& array);

/// As sbatch has it: numbers, ranges and ranges with a step, then %N for the most that run at a
/// time.
/// errors: invalid, with the nearest that is in range
base::Result<Array> array_from_text(std::string_view text);

/// The same without %N; "" is empty.
base::Result<IndexSet> tasks_from_text(std::string_view text);

}  // namespace model
