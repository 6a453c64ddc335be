// show: everything about one job.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/render/rank_map.h"
#include "cli/render/records.h"
#include "cli/render/usage.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/wire/api.h"
#include "lib/wire/map_line.h"

namespace cli {

namespace {

enum ShowId { map_id, stacks_id, step_id, attempt_id, usage_id };
constexpr std::array<options::Option, 8> show_table{{
    {map_id, "map", 0, "",
     "Print where the ranks of its last step run, or ran: node, hardware threads, memory domain, "
     "GPUs and role, as muster run --map does."},
    {stacks_id, "stacks", 0, "",
     "Print the stacks of the ranks of its last step, which were saved when the step hung: see "
     "--hang-timeout of submit."},
    {usage_id, "usage", 0, "",
     "Print what its script and its steps used over time: cores, memory, disks and GPUs. Of those "
     "that run now it is what they have used until a few seconds ago. "
     "Network traffic is not in it: the kernel counts that by interface, not by process."},
    {step_id, "step", 's', "STEP", "With --map or --stacks, of this step. Steps count from 0."},
    {attempt_id, "attempt", 0, "ATTEMPT",
     "With --stacks and --step, of this attempt to run the job. Attempts count from 1; left out: "
     "the "
     "last."},
    json_option,
    dir_option,
    help_option,
}};

/// "&step=2" if the option is there, else "".
Try<std::string> number_part(const options::Parsed& line, ShowId id, std::string_view name,
                             int least) {
  const auto* given = options::find(line, id);
  if (given == nullptr) return std::string();
  if (base::parse_int(given->value, least, INT32_MAX))
    return fmt::format("&{}={}", name, given->value);
  return misuse(fmt::format("{}: expected a whole number from {}, found '{}'", given->written,
                            least, base::printable(given->value)));
}

Outcome show_stacks(const Api& api, const JobName& job, const options::Parsed& line) {
  const auto step = number_part(line, step_id, "step", 0);
  if (!step) return std::unexpected(step.error());
  const auto attempt = number_part(line, attempt_id, "attempt", 1);
  if (!attempt) return std::unexpected(attempt.error());
  const auto stacks = api.get(job_target(job, "/logs?stacks=true" + *step + *attempt));
  if (!stacks) return std::unexpected(stacks.error());
  if (stacks->empty()) {
    return refuse(
        "no stacks are kept: they are saved of a step that hangs, and whose --hang-timeout "
        "says from when on it does");
  }
  print(*stacks);
  return exit_done;
}

Outcome show_map(const Api& api, const JobName& job, const options::Parsed& line) {
  const auto step = number_part(line, step_id, "step", 0);
  if (!step) return std::unexpected(step.error());
  const auto lines = api.get(job_target(job, "/logs?map=true" + *step));
  if (!lines) return std::unexpected(lines.error());
  auto map = wire::read_map_lines(*lines);
  if (!map) return refuse(map.error());
  if (map->empty()) {
    return refuse("none of the step's ranks was placed, so that it has no map; muster show " +
                  to_text(job) + " says why");
  }
  print(render::rank_map(std::move(*map)));
  return exit_done;
}

std::string usage_text(const model::JobRecord& job) {
  auto text = render::usage_over_time(job, view());
  return text.empty() ? "Nothing is known over time: nothing of it has run for a second.\n" : text;
}

/// With what it uses now; if that cannot be had, what has ended is shown still.
Outcome show_usage(const Api& api, const JobName& name, const options::Parsed& line) {
  const auto body = api.get(job_target(name));
  if (!body) return std::unexpected(body.error());
  auto job = wire::job_record_from_json(*body);
  if (!job) return refuse(job.error());
  if (is_final(job->state) || job->attempt == 0)
    return print_answer(line, body, wire::job_record_from_json, usage_text);
  const auto lines = api.get(job_target(name, "/logs?usage=true"));
  if (lines) {
    auto now = wire::usage_lines_from_json(*lines);
    if (!now) return refuse(now.error());
    std::ranges::move(*now, std::back_inserter(job->over_time));
  } else {
    print_error("show: what it uses now is not known: " + lines.error().text + "\n");
  }
  return print_answer(line, wire::to_json(*job), wire::job_record_from_json, usage_text);
}

Outcome show(const options::Parsed& line) {
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto job = only_job(*api, line);
  if (!job) return std::unexpected(job.error());
  if (options::has(line, map_id) && options::has(line, json_id))
    return misuse("--map has no JSON; GET /v1/jobs/ID/logs?map=true has it as plain lines");
  if (options::has(line, stacks_id) && (options::has(line, json_id) || options::has(line, map_id)))
    return misuse("--stacks goes with neither --json nor --map; they are plain text");
  if (options::has(line, attempt_id) && !options::has(line, stacks_id))
    return misuse("--attempt goes with --stacks");
  if (options::has(line, stacks_id)) return show_stacks(*api, *job, line);
  if (options::has(line, map_id)) return show_map(*api, *job, line);
  if (options::has(line, step_id)) return misuse("--step goes with --map or --stacks");
  if (options::has(line, usage_id)) return show_usage(*api, *job, line);
  return print_answer(line, api->get(job_target(*job)), wire::job_record_from_json,
                      [](const auto& record) { return render::job_block(record, view()); });
}

}  // namespace

constinit const Verb show_verb{"show",
                               "[OPTIONS] ID|last",
                               "Show everything about one job.",
                               "",
                               [] { return std::span<const options::Option>(show_table); },
                               options::Operands::anywhere,
                               show};

}  // namespace cli
