// show: everything about one job.

#include <array>

#include "cli/api.h"
#include "cli/render/json.h"
#include "cli/render/records.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

constexpr std::array table{json_option, dir_option, help_option};

Outcome show(const options::Parsed& line) {
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto job = only_job(*api, line);
  if (!job) return std::unexpected(job.error());
  const auto body = api->get(job_target(*job));
  if (!body) return std::unexpected(body.error());
  if (options::has(line, json_id)) {
    const auto text = render::pretty(*body);
    if (!text) return refuse(text.error());
    print(*text);
    return exit_done;
  }
  const auto record = wire::job_record_from_json(*body);
  if (!record) return refuse(record.error());
  print(render::job_block(*record, view()));
  return exit_done;
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
