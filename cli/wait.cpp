// wait: returns when jobs have ended.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/api.h"
#include "cli/render/usage.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

constexpr std::array wait_table{dir_option, help_option};

Outcome wait(const options::Parsed& line) {
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto jobs = some_jobs(*api, line);
  if (!jobs) return std::unexpected(jobs.error());
  int highest = exit_done;
  for (const auto& job : *jobs) {
    const auto record = wait_for(*api, job);
    if (!record) return std::unexpected(record.error());
    if (record->state != model::JobState::completed) {
      print_error(
          fmt::format("muster wait: job {}: {}\n", to_text(job), wire::summary_of(*record)));
    }
    if (is_watched()) print_error(render::efficiency_line(*record));
    highest = std::max(highest, exit_code_of(*record));
  }
  return highest;
}

}  // namespace

constinit const Verb wait_verb{
    "wait",
    "[OPTIONS] ID|last...",
    "Wait until jobs have ended.",
    "Exits with the highest exit code of the jobs; a job that was cancelled, timed out or lost its "
    "node counts as 1 where its script has no other code. On a terminal, each is said to have used "
    "so and "
    "so much of its cores, memory and GPUs.",
    [] { return std::span<const options::Option>(wait_table); },
    options::Operands::anywhere,
    wait};

}  // namespace cli
