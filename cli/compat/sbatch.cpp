// sbatch: submits as Slurm's does, and says the same.

#include <fmt/format.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "cli/compat/command.h"
#include "cli/dialect/submission.h"
#include "cli/dialect/table.h"
#include "cli/submit_files.h"
#include "cli/submit_job.h"
#include "cli/terminal.h"
#include "lib/base/text.h"

namespace cli {

namespace {

using dialect::SlurmId;

constexpr std::string_view sbatch_usage =
    "usage: sbatch [OPTIONS] [SCRIPT [ARGUMENTS]]\n"
    "       sbatch [OPTIONS] --wrap=COMMAND\n\n"
    "Submits a job as Slurm's sbatch does: a script, or one from standard input. Its #SBATCH\n"
    "lines count, then variables such as SBATCH_TIMELIMIT, then OPTIONS. What of an option is\n"
    "not done is told on standard error. submit(1) says more.\n";

bool is_given(const options::Parsed& line, SlurmId id) {
  return options::has(line, static_cast<int>(id));
}

Try<std::optional<request::ScriptFile>> script_of_sbatch(const options::Parsed& line) {
  if (is_given(line, SlurmId::wrap)) {
    if (line.rest.empty()) return std::nullopt;
    return refuse(fmt::format("script arguments are not permitted with --wrap, found '{}'",
                              base::printable(line.rest.front())));
  }
  auto file = read_script_file(line.rest.empty() ? "-" : line.rest.front());
  if (!file) return std::unexpected(file.error());
  return *std::move(file);
}

Outcome run_sbatch(std::span<const std::string> words) {
  auto line = options::parse(dialect::options_of(model::Dialect::slurm), words,
                             options::Operands::end_options);
  if (!line) return refuse(line.error());
  if (is_given(*line, SlurmId::version)) {
    print(fmt::format("{}\n", slurm_version));
    return exit_done;
  }
  if (is_given(*line, SlurmId::help) || is_given(*line, SlurmId::usage)) {
    print(sbatch_usage);
    return exit_done;
  }
  const auto* clusters = options::find(*line, static_cast<int>(SlurmId::clusters));
  const auto cluster = clusters == nullptr ? std::string() : clusters->value;
  const SubmitStyle style{.who = "sbatch",
                          .told = "Submitted batch job ",
                          .cluster = cluster,
                          .is_quiet = is_given(*line, SlurmId::quiet),
                          .is_foreign = true};
  const auto here = surroundings();
  if (!here) return std::unexpected(here.error());
  if (line->rest.empty() && !is_given(*line, SlurmId::wrap)) {
    if (auto fine = dialect::check_options({model::Dialect::slurm, *line}, *here); !fine)
      return refuse(fine.error());
  }
  const auto script = script_of_sbatch(*line);
  if (!script) return std::unexpected(script.error());
  auto submission =
      dialect::make_submission({model::Dialect::slurm, *std::move(line)}, *script, *here);
  if (!submission) return refuse(submission.error());
  tell_of(*submission, style);
  const auto api = Api::of({});
  if (!api) return std::unexpected(api.error());
  return submit_job(*api, *std::move(submission), style);
}

}  // namespace

const CompatCommand sbatch_command{
    .name = "sbatch", .dialect = model::Dialect::slurm, .usage = sbatch_usage, .run = run_sbatch};

}  // namespace cli
