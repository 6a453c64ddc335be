#include "launcher/map/step_output.h"

#include <algorithm>
#include <cstddef>

#include "launcher/map/output_path.h"
#include "launcher/map/step_nodes.h"

namespace mapping {

namespace {

/// Standard error without a file of its own goes where the output goes, if that is a file.
const std::string& pattern_of(const model::StepSpec& step, model::OutputStream stream) {
  const bool is_error = stream == model::OutputStream::err && !step.error.empty();
  return is_error ? step.error : step.output;
}

std::string path_of(const model::LaunchOrder& order, const std::string& pattern, int rank) {
  const auto& node = order.allocation.nodes[static_cast<std::size_t>(order.node_index)];
  return expand_pattern(pattern, {.job = order.key.job,
                                  .job_name = order.job->name,
                                  .node = node.name,
                                  .node_index = order.node_index,
                                  .task = rank,
                                  .user = order.user.name,
                                  .array = order.task,
                                  .step = order.key.step,
                                  .attempt = order.key.attempt});
}

void add(std::vector<StepFile>& files, std::string path, int rank, model::OutputStream stream) {
  // The last is the likely one: the files of a rank's two streams, or that of all ranks.
  auto file = std::find_if(files.rbegin(), files.rend(),
                           [&path](const StepFile& known) { return known.path == path; });
  if (file == files.rend()) {
    files.push_back({.path = std::move(path), .sources = {}});
    file = files.rbegin();
  }
  file->sources.emplace_back(rank, stream);
}

}  // namespace

bool has_files(const model::StepSpec& step) {
  return !step.output.empty() || !step.error.empty();
}

std::vector<StepFile> step_files(const model::LaunchOrder& order) {
  std::vector<StepFile> files;
  const auto dealt = model::deal_ranks(order.tasks, order.step->binding.by_node);
  const auto& own = dealt[static_cast<std::size_t>(order.node_index)];
  for (const auto stream : {model::OutputStream::out, model::OutputStream::err}) {
    const auto& pattern = pattern_of(*order.step, stream);
    if (pattern.empty()) continue;
    const bool is_of_step = scope_of(pattern) == FileScope::step;
    if (is_of_step && order.node_index != head_index(order)) continue;
    if (is_of_step) {
      for (int rank = 0; rank < n_ranks(order); ++rank)
        add(files, path_of(order, pattern, rank), rank, stream);
    } else {
      for (const int rank : own) add(files, path_of(order, pattern, rank), rank, stream);
    }
  }
  return files;
}

bool is_shared(const StepFile& file) {
  return std::ranges::any_of(file.sources, [&file](const auto& source) {
    return source.first != file.sources.front().first;
  });
}

}  // namespace mapping
