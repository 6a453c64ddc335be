// submit: makes a job of a script or a command.

#include <fmt/format.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "cli/api.h"
#include "cli/dialect/submission.h"
#include "cli/render/records.h"
#include "cli/render/table.h"
#include "cli/request/table.h"
#include "cli/submit_files.h"
#include "cli/submit_job.h"
#include "cli/terminal.h"
#include "cli/verb.h"

namespace cli {

namespace {

constexpr SubmitStyle own_style{.who = "submit", .told = "Submitted batch job "};
constexpr std::size_t longest_value = 60;  // of an option that is explained, in columns

std::span<const options::Option> submit_table() {
  return request::table(request::Place::submit);
}

Try<std::optional<request::ScriptFile>> script_of(const options::Parsed& line) {
  const auto source = request::source_of(line, ::isatty(STDIN_FILENO) == 1);
  if (!source) return misuse(source.error().text);
  if (*source == request::Source::wrapped || *source == request::Source::command) {
    return std::nullopt;
  }
  auto file = read_script_file(*source == request::Source::file ? line.rest.front() : "-");
  if (!file) return std::unexpected(file.error());
  return std::move(*file);
}

Try<request::Submission> submission_of(const options::Parsed& line) {
  const auto script = script_of(line);
  if (!script) return std::unexpected(script.error());
  const auto here = surroundings();
  if (!here) return std::unexpected(here.error());
  auto submission = dialect::make_submission(line, *script, *here);
  if (!submission) return refuse(submission.error());
  tell_of(*submission, own_style);
  return std::move(*submission);
}

/// The value as a shell and a #SUBMIT line take it.
std::string quoted(const std::string& value) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
  if (!value.empty() && value.find_first_not_of(plain) == std::string::npos) return value;
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

/// Whether an option that was given still holds beside those that were given later.
bool holds(const std::string& option, const model::JobSpec& spec) {
  if (option == "--mem") return spec.shape.memory_per_node.has_value();
  if (option == "--mem-per-cpu") return spec.shape.memory_per_cpu.has_value();
  if (option == "--requeue") return spec.requeue;
  if (option == "--no-requeue") return !spec.requeue;
  return true;
}

/// Files of PBS are looked for from another folder than ours, which is that of the job.
const std::string& path_shown(const std::string& written, const std::string& path,
                              const std::string& folder) {
  return folder + "/" + written == path ? written : path;
}

/// The same job in our own words.
std::string native_form(const request::Submission& submission) {
  const auto& here = submission.spec.work_dir;
  std::string text;
  for (const auto& [option, value, place] : submission.origins) {
    if (place == dialect::command_line || !holds(option, submission.spec)) continue;
    const auto& shown = option == "--output"  ? path_shown(value, submission.spec.output, here)
                        : option == "--error" ? path_shown(value, submission.spec.error, here)
                                              : value;
    text += shown.empty() ? fmt::format("#SUBMIT {}\n", option)
                          : fmt::format("#SUBMIT {}={}\n", option, quoted(shown));
  }
  return text;
}

/// Says where each option comes from.
Outcome explain(const request::Submission& submission) {
  const auto layout = model::resolve(submission.spec.shape);
  if (!layout) return refuse(layout.error());
  std::vector<render::Cells> rows;
  for (const auto& [option, value, place] : submission.origins)
    rows.push_back({option, value, place});
  print(render::table({{"OPTION"}, {.title = "VALUE", .most = longest_value}, {"FROM"}}, rows,
                      view().width));
  print(fmt::format("The job asks for {}.\n", render::request_text(*layout)));
  if (submission.spec.dialect == model::Dialect::native) return exit_done;
  print(fmt::format("Its script is read as one of {}; in the words of submit it says:\n{}",
                    submission.spec.dialect == model::Dialect::slurm ? "Slurm" : "PBS",
                    native_form(submission)));
  return exit_done;
}

Outcome submit(const options::Parsed& line) {
  auto submission = submission_of(line);
  if (!submission) return std::unexpected(submission.error());
  if (request::has(line.given, request::OptionId::explain)) return explain(*submission);
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  return submit_job(*api, *std::move(submission), own_style);
}

}  // namespace

constinit const Verb submit_verb{
    "submit",
    "[OPTIONS] SCRIPT [ARGUMENTS]\n[OPTIONS] FILE.toml [ARGUMENTS]\n"
    "[OPTIONS] -- COMMAND [ARGUMENTS]",
    "Submit a script, a job file or a command as a job.",
    "The script's options stand in its #SUBMIT lines before the first command; those of the "
    "command line win. A script for Slurm or PBS, with #SBATCH or #PBS lines alone, is read as "
    "sbatch or qsub read it, and what of it is not done is told. Without a script, or with '-', it "
    "is read from standard input. The "
    "script is kept as it is now; later changes have no effect.\n"
    "A file whose name ends with .toml is a job file: its keys are the long names of the options.\n"
    "Prints 'Submitted batch job ID'. The command is also there by the name submit.",
    submit_table,
    options::Operands::end_options,
    submit};

}  // namespace cli
