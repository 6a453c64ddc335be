#pragma once
// The files of a step's --output and --error that this node writes (mapping::step_files).

#include <cstddef>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "launcher/exec/output_file.h"
#include "lib/base/result.h"
#include "lib/model/head_message.h"
#include "lib/model/launch.h"
#include "lib/model/rank_lines.h"

namespace exec {

class StepFiles {
 public:
  /// None.
  StepFiles() = default;
  /// Opens all of them: truncated by the first attempt of the job, continued by later ones.
  static base::Result<StepFiles> open(const model::LaunchOrder& order);

  /// Whole lines, where a file has several ranks. False: the output goes to no file of this node.
  /// After the first error of a file, which is returned, the file is left alone.
  base::Result<bool> write(const model::RankOutput& output);

  /// Writes the unfinished lines: all output is there.
  base::Result<void> finish();

 private:
  struct Entry {
    OutputFile file;
    std::optional<model::RankLines> lines;  // none: as it comes
  };
  std::vector<Entry> entries_;
  std::map<std::pair<int, model::OutputStream>, std::size_t> places_;  // in entries_
};

}  // namespace exec
