// show: everything about one job.

#include <array>

#include "cli/answer.h"
#include "cli/api.h"
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
