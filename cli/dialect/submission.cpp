#include "cli/dialect/submission.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "cli/dialect/table.h"
#include "cli/dialect/variables.h"
#include "cli/request/job_file.h"
#include "lib/base/text.h"

namespace dialect {

namespace {

using request::FileContents;
using request::PlacedOption;
using request::ScriptFile;
using request::Submission;
using request::Surroundings;

void append(std::vector<PlacedOption>& to, std::vector<PlacedOption> from) {
  std::ranges::move(from, std::back_inserter(to));
}

std::vector<PlacedOption> placed(std::span<const Directive> directives, std::string_view name) {
  std::vector<PlacedOption> options;
  for (const auto& one : directives)
    options.push_back(
        {.given = one.given, .place = fmt::format("{}: line {}: '{}'", name, one.line, one.text)});
  return options;
}

std::vector<PlacedOption> placed(std::span<const options::Given> given) {
  std::vector<PlacedOption> options;
  for (const auto& one : given)
    options.push_back({.given = one, .place = std::string(command_line)});
  return options;
}

std::string shown_name(const ScriptFile& script) {
  return script.name == "-" ? "standard input" : script.name;
}

/// A submission on its way.
struct Draft {
  FileContents file;
  Translation translation;
};

/// The script with what other options there are in its dialect.
base::Result<Draft> draft_of(Script script, std::string_view name,
                             const std::vector<PlacedOption>& more,
                             const Surroundings& surroundings) {
  auto foreign = placed(script.dialect == model::Dialect::pbs ? script.pbs : script.sbatch, name);
  append(foreign, more);
  auto translation = script.dialect == model::Dialect::pbs
                         ? from_pbs(foreign, surroundings.environment)
                         : from_slurm(foreign);
  if (!translation) return std::unexpected(translation.error());
  Draft draft{.file = {}, .translation = *std::move(translation)};
  draft.file.dialect = script.dialect;
  draft.file.options = std::move(draft.translation.options);
  append(draft.file.options, placed(script.submit, name));
  draft.file.warnings = std::move(script.warnings);
  draft.file.notes = std::move(script.notes);
  std::ranges::move(draft.translation.notes, std::back_inserter(draft.file.notes));
  return draft;
}

/// PBS runs a script without `#!` by the shell of the user; another one may be asked for.
ScriptFile with_shell(ScriptFile script, std::string shell, const Surroundings& surroundings) {
  if (shell.empty() && script.text.starts_with("#!")) return script;
  if (shell.empty()) {
    const auto own = surroundings.environment.find("SHELL");
    shell = own == surroundings.environment.end() ? "/bin/sh" : own->second;
  }
  // PBS has them read the script as after a login; those of csh take that option alone.
  const auto name = shell.substr(shell.rfind('/') + 1);
  const bool knows_login = name == "bash" || name == "sh" || name == "ksh" || name == "zsh";
  script.text = fmt::format("#!{}{}\n{}", shell, knows_login ? " -l" : "", script.text);
  return script;
}

options::Parsed with_arguments(options::Parsed line, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return line;
  if (line.rest.empty()) line.rest.emplace_back("-");
  line.rest.insert(std::next(line.rest.begin()), arguments.begin(), arguments.end());
  return line;
}

base::Result<Submission> finish(const options::Parsed& line, Draft draft,
                                const Surroundings& surroundings) {
  auto& translation = draft.translation;
  if (draft.file.script && draft.file.dialect == model::Dialect::pbs)
    draft.file.script = with_shell(*std::move(draft.file.script), translation.shell, surroundings);
  auto submission = request::make_submission(with_arguments(line, translation.arguments),
                                             std::move(draft.file), surroundings);
  if (!submission || submission->spec.dialect == model::Dialect::native) return submission;
  auto variables = variables_of(*submission, std::move(translation.variables), surroundings);
  for (auto& [name, value] : variables)
    submission->spec.environment.insert_or_assign(name, std::move(value));
  return submission;
}

base::Result<Draft> draft_of_script(const ScriptFile& file, Reading reading,
                                    const std::vector<PlacedOption>& more,
                                    const Surroundings& surroundings) {
  auto script = read_script(file.text, shown_name(file), reading);
  if (!script) return std::unexpected(script.error());
  auto draft = draft_of(*std::move(script), shown_name(file), more, surroundings);
  if (!draft) return draft;
  draft->file.name = file.name;
  draft->file.script = file;
  return draft;
}

/// Keys of a job file win over directives in its script.
base::Result<Draft> draft_of_job_file(const ScriptFile& file, const Surroundings& surroundings) {
  auto read = request::read_job_file(file.text, file.name);
  if (!read) return std::unexpected(read.error());
  Draft draft;
  if (read->script) {
    const auto name = file.name + ": script";
    auto script = read_script(*read->script, name);
    if (!script) return std::unexpected(script.error());
    auto made = draft_of(*std::move(script), name, {}, surroundings);
    if (!made) return made;
    draft = *std::move(made);
    draft.file.script = ScriptFile{file.name, std::move(*read->script)};
    std::vector<options::Given> keys;
    for (const auto& option : read->options) keys.push_back(option.given);
    draft.file.options = without_replaced_roles(std::move(draft.file.options), keys);
  }
  draft.file.name = file.name;
  append(draft.file.options, std::move(read->options));
  draft.file.environment = std::move(read->environment);
  draft.file.command = std::move(read->command);
  return draft;
}

/// The command line of sbatch or qsub, with what submit itself reads of one.
options::Parsed native_line(const ForeignLine& foreign) {
  options::Parsed line{.rest = foreign.line.rest, .after_dashes = foreign.line.after_dashes};
  if (foreign.dialect != model::Dialect::slurm) return line;
  if (const auto* wrapped = options::find(foreign.line, static_cast<int>(SlurmId::wrap)))
    line.given.push_back({.id = static_cast<int>(request::OptionId::wrap),
                          .value = wrapped->value,
                          .written = wrapped->written});
  if (options::has(foreign.line, static_cast<int>(SlurmId::test_only)))
    line.given.push_back({.id = static_cast<int>(request::OptionId::test_only),
                          .value = {},
                          .written = "--test-only"});
  return line;
}

}  // namespace

base::Result<Submission> make_submission(const options::Parsed& line,
                                         const std::optional<ScriptFile>& script,
                                         const Surroundings& surroundings) {
  if (!script) return finish(line, {}, surroundings);
  auto draft = request::is_job_file(script->name)
                   ? draft_of_job_file(*script, surroundings)
                   : draft_of_script(*script, Reading::by_content, {}, surroundings);
  if (!draft) return std::unexpected(draft.error());
  return finish(line, *std::move(draft), surroundings);
}

base::Result<Submission> make_submission(const ForeignLine& foreign,
                                         const std::optional<ScriptFile>& script,
                                         const Surroundings& surroundings) {
  const bool is_pbs = foreign.dialect == model::Dialect::pbs;
  auto more = is_pbs ? std::vector<PlacedOption>() : slurm_options_in(surroundings.environment);
  append(more, placed(foreign.line.given));
  auto draft =
      script ? draft_of_script(*script, is_pbs ? Reading::pbs : Reading::slurm, more, surroundings)
             : draft_of({.dialect = foreign.dialect}, "", more, surroundings);
  if (!draft) return std::unexpected(draft.error());
  return finish(native_line(foreign), *std::move(draft), surroundings);
}

base::Result<void> check_options(const ForeignLine& foreign,
                                 const request::Surroundings& surroundings) {
  auto made = make_submission(foreign, ScriptFile{"-", "#!/bin/sh\n"}, surroundings);
  if (!made) return std::unexpected(std::move(made).error());
  return {};
}

}  // namespace dialect
