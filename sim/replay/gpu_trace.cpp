#include "sim/replay/gpu_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "lib/base/text.h"
#include "sim/replay/swf.h"

namespace replay {

namespace {

using std::chrono::milliseconds;

constexpr MachineSize usual_machine{8, 8};
constexpr auto n_numbers = std::numeric_limits<std::int64_t>::max();
constexpr auto n_users = std::numeric_limits<std::uint32_t>::max();

/// Columns that count. Those from the model on may be absent.
enum ColumnId : std::size_t {
  id_column,
  gpus_column,
  submit_column,
  duration_column,
  model_column,
  user_column,
  class_column
};
constexpr std::array<std::string_view, 7> column_names{
    "job_id", "num_gpu", "submit_time", "duration", "model_name", "user", "class"};

/// Where the columns are in a line.
struct Header {
  std::size_t n_columns = 0;
  std::array<std::size_t, column_names.size()> at{};  // n_columns: absent
};

std::vector<std::string_view> cells_of(std::string_view line) {
  auto cells = base::split(line, ',');
  for (auto& cell : cells) cell = base::trim(cell);
  return cells;
}

base::Result<Header> header_of(std::string_view line) {
  const auto cells = cells_of(line);
  Header header{.n_columns = cells.size()};
  for (std::size_t i = 0; i < column_names.size(); ++i) {
    header.at[i] =
        static_cast<std::size_t>(std::ranges::find(cells, column_names[i]) - cells.begin());
    if (header.at[i] == cells.size() && i < model_column) {
      return base::fail(
          base::Code::invalid,
          fmt::format("expected the columns job_id, num_gpu, submit_time and duration, found no "
                      "'{}' in '{}'",
                      column_names[i], base::printable(line)));
    }
  }
  return header;
}

base::Result<Claim> gpu_claim_of(std::string_view line, const Header& header) {
  const auto cells = cells_of(line);
  if (cells.size() != header.n_columns) {
    return base::fail(base::Code::invalid,
                      fmt::format("expected {} columns, found {}: '{}'", header.n_columns,
                                  cells.size(), base::printable(line, 60)));
  }
  const auto number = [&](ColumnId column, std::int64_t most, std::string_view unit) {
    auto value = parse_whole(cells[header.at[column]], most, unit);
    if (!value) value = std::unexpected(std::move(value).error().in(column_names[column]));
    return value;
  };
  const auto id = number(id_column, n_numbers, "");
  if (!id) return std::unexpected(id.error());
  const auto gpus = number(gpus_column, largest_machine, "GPUs");
  if (!gpus) return std::unexpected(gpus.error());
  const auto submit = number(submit_column, last_submission_s * 1000, "milliseconds");
  if (!submit) return std::unexpected(submit.error());
  const auto duration = number(duration_column, longest_time_s * 1000, "milliseconds");
  if (!duration) return std::unexpected(duration.error());
  Job job{.id = *id,
          .submit = milliseconds(*submit),
          .run = milliseconds(*duration),
          .requested = milliseconds(*duration),
          .cores = static_cast<int>(*gpus),
          .gpus = static_cast<int>(*gpus)};
  const auto has = [&](ColumnId column) { return header.at[column] < cells.size(); };
  if (has(user_column)) {
    const auto user = number(user_column, n_users, "");
    if (!user) return std::unexpected(user.error());
    job.user = static_cast<std::uint32_t>(std::max<std::int64_t>(*user, 0));
  }
  if (has(model_column)) job.name = cells[header.at[model_column]];
  if (has(class_column)) job.class_name = cells[header.at[class_column]];
  auto row = swf_row(job);
  return Claim{std::move(job), std::move(row)};
}

}  // namespace

base::Result<Log> read_gpu_trace(std::string_view text, const Reading& reading) {
  const auto size = reading.machine.value_or(usual_machine);
  Intake intake(reading, {size.nodes, size.per_node, size.per_node});
  Lines lines(text);
  const auto header = header_of(lines.next().value_or(""));
  if (!header) return std::unexpected(header.error().in(fmt::format("line {}", lines.number())));
  while (const auto line = lines.next()) {
    auto claim = gpu_claim_of(*line, *header);
    const auto taken = claim ? intake.take(lines.number(), std::move(*claim))
                             : intake.reject(lines.number(), claim.error());
    if (!taken) return std::unexpected(taken.error());
  }
  return std::move(intake).finish();
}

}  // namespace replay
