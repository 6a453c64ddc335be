#pragma once
// Names of output files from the patterns of -o and -e.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/model/array.h"
#include "lib/model/ids.h"

namespace mapping {

/// What the letters of a pattern stand for.
struct PatternValues {
  model::JobId job;                            // %j, and %J with the step's number
  std::string_view job_name;                   // %x
  std::string_view node;                       // %N, of a script the name of the first node
  int node_index = 0;                          // %n, within the job
  std::optional<int> task;                     // %t, 0 for the script
  std::string_view user;                       // %u
  std::optional<model::ArrayTask> array = {};  // %A and %a (%b: its last digit); else the id and 0
  std::optional<model::StepId> step = {};      // %s, "batch" for the script
  std::uint32_t attempt = 1;                   // %r counts from 0
};

/// Replaces %j %J %x %N %n %t %s %u %A %a %b %r; a number before the letter pads a numeric value
/// with zeros ("%4j", man sbatch, "filename pattern"), %% is one %; anything else stays as it is.
/// Slashes in values become '_', so that a job's name never leads to another folder.
std::string expand_pattern(std::string_view pattern, const PatternValues& values);

/// Who shares a file: all ranks of the step, those of a node (%N or %n), or nobody (%t).
enum class FileScope { step, node, rank };

FileScope scope_of(std::string_view pattern);

}  // namespace mapping
