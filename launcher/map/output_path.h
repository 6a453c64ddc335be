#pragma once
// Names of output files from the patterns of -o and -e.

#include <optional>
#include <string>
#include <string_view>

#include "lib/model/array.h"
#include "lib/model/ids.h"

namespace mapping {

/// What the letters of a pattern stand for.
struct PatternValues {
  model::JobId job;                            // %j
  std::string_view job_name;                   // %x
  std::string_view node;                       // %N, name of the first node
  int node_index = 0;                          // %n, within the job
  std::optional<int> task;                     // %t, 0 for the script
  std::string_view user;                       // %u
  std::optional<model::ArrayTask> array = {};  // %A and %a; of other jobs their id and 0
};

/// Replaces %j %x %N %n %t %u %A %a; a number before the letter pads a numeric value with zeros
/// ("%4j", man sbatch, "filename pattern"), %% is one %; anything else stays as it is. Slashes in
/// values become '_', so that a job's name never leads to another folder.
std::string expand_pattern(std::string_view pattern, const PatternValues& values);

}  // namespace mapping
