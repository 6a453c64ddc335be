// qsub: submits as that of PBS does, and prints the id of the job alone.

#include <string>
#include <string_view>

#include "cli/compat/command.h"
#include "cli/dialect/submission.h"
#include "cli/dialect/table.h"
#include "cli/submit_files.h"
#include "cli/submit_job.h"
#include "cli/terminal.h"

namespace cli {

namespace {

constexpr std::string_view qsub_usage =
    "usage: qsub [OPTIONS] [SCRIPT [ARGUMENTS]]\n"
    "       qsub [OPTIONS] -- COMMAND [ARGUMENTS]\n\n"
    "Submits a job as qsub of OpenPBS and Torque does: a script, one from standard input, or a\n"
    "command. Its #PBS lines count, then OPTIONS. What of an option is not done is told on\n"
    "standard error. submit(1) says more.\n";

Outcome run_qsub(std::span<const std::string> words) {
  auto line = options::parse(dialect::options_of(model::Dialect::pbs), words,
                             options::Operands::end_options);
  if (!line) return refuse(line.error());
  const SubmitStyle style{.who = "qsub",
                          .told = "",
                          .has_id = !options::has(*line, static_cast<int>(dialect::PbsId::quiet)),
                          .is_foreign = true};
  const auto here = surroundings();
  if (!here) return std::unexpected(here.error());
  std::optional<request::ScriptFile> script;
  if (line->rest.empty()) {
    if (auto fine = dialect::check_options({model::Dialect::pbs, *line}, *here); !fine)
      return refuse(fine.error());
  }
  if (line->rest.empty() || !line->after_dashes) {
    auto file = read_script_file(line->rest.empty() ? "-" : line->rest.front());
    if (!file) return std::unexpected(file.error());
    script = *std::move(file);
  }
  auto submission =
      dialect::make_submission({model::Dialect::pbs, *std::move(line)}, script, *here);
  if (!submission) return refuse(submission.error());
  tell_of(*submission, style);
  const auto api = Api::of({});
  if (!api) return std::unexpected(api.error());
  return submit_job(*api, *std::move(submission), style);
}

}  // namespace

const CompatCommand qsub_command{
    .name = "qsub", .dialect = model::Dialect::pbs, .usage = qsub_usage, .run = run_qsub};

}  // namespace cli
