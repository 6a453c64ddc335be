// why: the reason for the state of a job.

#include <array>

#include "cli/api.h"
#include "cli/render/records.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

constexpr std::array why_table{dir_option, help_option};

Outcome why(const options::Parsed& line) {
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto job = only_job(*api, line);
  if (!job) return std::unexpected(job.error());
  const auto body = api->get(job_target(*job));
  if (!body) return std::unexpected(body.error());
  const auto record = wire::job_record_from_json(*body);
  if (!record) return refuse(record.error());
  print(render::why(*record, view()));
  if (record->state != model::JobState::waiting) return exit_done;
  // Not there for a job that does not wait for its turn, or that has just started.
  if (const auto answer = api->get(job_target(*job, "/advice"))) {
    const auto advice = wire::advice_from_json(*answer);
    if (!advice) return refuse(advice.error());
    print(render::changes(*advice));
  }
  return exit_done;
}

}  // namespace

constinit const Verb why_verb{
    "why",
    "[OPTIONS] ID|last",
    "Say why a job waits, or how it ended.",
    "For a waiting job: what it needs, what is missing, and which jobs stand before it. For a job "
    "that failed: what happened first, where, and where to look.",
    [] { return std::span<const options::Option>(why_table); },
    options::Operands::anywhere,
    why};

}  // namespace cli
