// show: everything about one job.

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/render/rank_map.h"
#include "cli/render/records.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/wire/api.h"
#include "lib/wire/map_line.h"

namespace cli {

namespace {

enum Id { map_id, step_id };
constexpr std::array<options::Option, 5> table{{
    {map_id, "map", 0, "",
     "Print where the ranks of its last step run, or ran: node, hardware threads, memory domain, "
     "GPUs and role, as muster run --map does."},
    {step_id, "step", 's', "STEP", "With --map, of this step. Steps count from 0."},
    json_option,
    dir_option,
    help_option,
}};

Outcome show_map(const Api& api, const JobName& job, const options::Parsed& line) {
  std::string target = "/logs?map=true";
  if (const auto* step = options::find(line, step_id)) {
    if (!base::parse_int(step->value, 0, INT32_MAX)) {
      return misuse(fmt::format("{}: expected a whole number from 0, found '{}'", step->written,
                                base::printable(step->value)));
    }
    target += "&step=" + step->value;
  }
  const auto lines = api.get(job_target(job, target));
  if (!lines) return std::unexpected(lines.error());
  auto map = wire::read_map_lines(*lines);
  if (!map) return refuse(map.error());
  print(render::rank_map(std::move(*map)));
  return exit_done;
}

Outcome show(const options::Parsed& line) {
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto job = only_job(*api, line);
  if (!job) return std::unexpected(job.error());
  if (options::has(line, map_id) && options::has(line, json_id))
    return misuse("--map has no JSON; GET /v1/jobs/ID/logs?map=true has it as plain lines");
  if (options::has(line, map_id)) return show_map(*api, *job, line);
  if (options::has(line, step_id)) return misuse("--step goes with --map");
  return print_answer(line, api->get(job_target(*job)), wire::job_record_from_json,
                      [](const auto& record) { return render::job_block(record, view()); });
}

}  // namespace

constinit const Verb show_verb{"show",
                               "[OPTIONS] ID|last",
                               "Show everything about one job.",
                               "",
                               [] { return std::span<const options::Option>(table); },
                               options::Operands::anywhere,
                               show};

}  // namespace cli
