// attach: back to the terminal of a step that goes on without one.

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "cli/api.h"
#include "cli/raw_terminal.h"
#include "cli/step_client.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/model/launch.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

constexpr std::array attach_table{dir_option, help_option};

struct Wanted {
  JobName job;
  std::optional<std::int64_t> step;
};

/// 17, 17.0, 17_4.0 or last.
Try<Wanted> wanted(const Api& api, const options::Parsed& line) {
  if (line.rest.size() != 1) return misuse("expected one job or step, such as 17 or 17.0");
  const std::string& text = line.rest.front();
  const auto dot = text.find('.');
  Wanted result{.job = {model::JobId(0)}, .step = {}};
  if (dot != std::string::npos) {
    result.step = base::parse_int(text.substr(dot + 1), 0, UINT32_MAX);
    if (!result.step) {
      return misuse(fmt::format("expected a step such as 17.0, found '{}'", base::printable(text)));
    }
  }
  auto job = job_name(api, text.substr(0, dot));
  if (!job) return std::unexpected(job.error());
  result.job = std::move(*job);
  return result;
}

Outcome attach(const options::Parsed& line) {
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto what = wanted(*api, line);
  if (!what) return std::unexpected(what.error());
  const auto answer = api->get(
      job_target(what->job, what->step ? fmt::format("/attach?step={}", *what->step) : "/attach"));
  if (!answer) return std::unexpected(answer.error());
  auto reply = wire::step_reply_from_json(*answer);
  if (!reply) return refuse(reply.error());
  reply->head_address = model::on_node(reply->head_address, api->cluster().paths.dir);
  if (!is_on_terminal()) return refuse("standard input and output are not a terminal");
  return follow_step(*reply, "muster attach", {.terminal = true});
}

}  // namespace

constinit const Verb attach_verb{
    "attach",
    "[OPTIONS] ID[.STEP]|last",
    "Go back to the terminal of a step.",
    "For a step that was started with muster run --pty, by its user: shows the last lines of its "
    "terminal, and passes on what is typed, until the program ends or Ctrl-] d is typed. Left out, "
    "STEP is the last of the job with a terminal. Who was attached before is detached. Exits as "
    "muster run does; with 0 when detached.",
    [] { return std::span<const options::Option>(attach_table); },
    options::Operands::anywhere,
    attach};

}  // namespace cli
