#pragma once
// Which files of --output and --error a launcher of a step writes, and whose output goes into each.

#include <string>
#include <utility>
#include <vector>

#include "lib/model/head_message.h"
#include "lib/model/launch.h"

namespace mapping {

struct StepFile {
  std::string path;
  std::vector<std::pair<int, model::OutputStream>> sources;  // ranks and their streams

  bool operator==(const StepFile&) const = default;
};

/// Does any output of the step go to files, of whatever node?
bool has_files(const model::StepSpec& step);

/// Of the node that gets the order: the files of its ranks and of the node, and on the node of
/// rank 0 those of the whole step, for all ranks. What goes to the client is in none.
std::vector<StepFile> step_files(const model::LaunchOrder& order);

/// Is there more than one rank among the sources?
bool is_shared(const StepFile& file);

}  // namespace mapping
