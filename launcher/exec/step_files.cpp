#include "launcher/exec/step_files.h"

#include "launcher/map/step_output.h"

namespace exec {

base::Result<StepFiles> StepFiles::open(const model::LaunchOrder& order) {
  StepFiles files;
  const bool is_labelled = order.step->label;
  for (const auto& wanted : mapping::step_files(order)) {
    auto file = OutputFile::open(wanted.path, order.key.attempt > 1);
    if (!file) return std::unexpected(file.error());
    for (const auto& source : wanted.sources) files.places_[source] = files.entries_.size();
    Entry entry{.file = std::move(*file), .lines = {}};
    if (is_labelled || mapping::is_shared(wanted))
      entry.lines.emplace(is_labelled ? model::Labels::rank : model::Labels::none);
    files.entries_.push_back(std::move(entry));
  }
  return files;
}

base::Result<bool> StepFiles::write(const model::RankOutput& output) {
  const auto place = places_.find({output.rank, output.stream});
  if (place == places_.end()) return false;
  auto& [file, lines] = entries_[place->second];
  auto written = lines ? file.write(lines->take(output.rank, output.stream, output.bytes))
                       : file.write(output.bytes);
  if (!written) return std::unexpected(std::move(written).error());
  return true;
}

base::Result<void> StepFiles::finish() {
  base::Result<void> result;
  for (auto& [file, lines] : entries_) {
    if (!lines) continue;
    for (const auto stream : {model::OutputStream::out, model::OutputStream::err}) {
      auto written = file.write(lines->finish(stream));
      if (!written && result) result = std::move(written);
    }
  }
  return result;
}

}  // namespace exec
