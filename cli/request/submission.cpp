#include "cli/request/submission.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/request/environment.h"
#include "cli/request/job_file.h"
#include "cli/request/role_values.h"
#include "cli/request/table.h"
#include "cli/request/values.h"
#include "lib/base/text.h"
#include "lib/model/role_demand.h"

namespace request {

namespace {

/// Of a job of PBS its options say it.
std::string default_output(const model::JobSpec& spec) {
  const auto* program = spec.dialect == model::Dialect::slurm ? "slurm" : "muster";
  return fmt::format("{}-{}.out", program, spec.array ? "%A_%a" : "%j");
}

std::string last_part(std::string_view path) {
  const auto slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

base::Result<void> apply_placed(std::span<const PlacedOption> options, Choices& choices) {
  for (const auto& option : options) {
    if (const auto applied = apply(option.given, choices); !applied)
      return std::unexpected(applied.error().in(option.place));
  }
  return {};
}

/// Whether the pattern names a file of each rank.
bool is_of_ranks(std::string_view pattern) {
  for (auto at = pattern.find('%'); at != std::string_view::npos; at = pattern.find('%', at)) {
    at = std::min(pattern.find_first_not_of("0123456789", at + 1), pattern.size() - 1);
    if (pattern[at++] == 't') return true;
  }
  return false;
}

/// `muster run` for the ranks of a job's command, which has files with their rank in the name
/// written by the ranks.
std::vector<std::string> starter_of_ranks(const model::JobSpec& spec) {
  std::vector<std::string> words{"muster", "run"};
  if (is_of_ranks(spec.output)) words.insert(words.end(), {"--output", spec.output});
  if (!spec.error.empty() && (is_of_ranks(spec.output) || is_of_ranks(spec.error)))
    words.insert(words.end(), {"--error", spec.error});
  words.emplace_back("--");
  return words;
}

/// "train" of "jobs/train.toml".
std::string stem_of(const std::string& path) {
  const auto name = last_part(path);
  return name.substr(0, name.rfind('.'));
}

/// What a job is called whose script came from standard input.
std::string name_of_input(model::Dialect dialect) {
  if (dialect == model::Dialect::slurm) return "sbatch";
  return dialect == model::Dialect::pbs ? "STDIN" : "stdin";
}

/// What runs, and the name that the job has unless another is chosen. A command of ranks is started
/// by `muster run`.
void set_program(const options::Parsed& line, const std::optional<ScriptFile>& script,
                 bool are_ranks, model::JobSpec& spec) {
  std::string name;
  if (const auto* wrapped = find(line.given, OptionId::wrap)) {
    spec.script = "#!/bin/sh\n" + wrapped->value + "\n";
    spec.script_name = "wrap";
    name = "wrap";
  } else if (script) {
    spec.script = script->text;
    spec.script_name = script->name;
    name = script->name == "-" ? name_of_input(spec.dialect) : last_part(script->name);
    if (!line.rest.empty()) spec.arguments.assign(std::next(line.rest.begin()), line.rest.end());
  } else {
    spec.arguments = line.rest;
    name = line.rest.empty() ? spec.roles.front().name : last_part(line.rest.front());
    const auto starter = are_ranks ? starter_of_ranks(spec) : std::vector<std::string>();
    spec.arguments.insert(spec.arguments.begin(), starter.begin(), starter.end());
  }
  if (spec.name.empty()) spec.name = name;
}

/// A list of nodes without a number of nodes means all of them.
void set_listed_nodes(model::JobSpec& spec) {
  auto& shape = spec.shape;
  if (shape.nodes || spec.choice.only.empty()) return;
  shape.nodes = static_cast<int>(spec.choice.only.size());
}

/// Roles say how many tasks the job has, or all that it needs.
base::Result<void> set_roles(const RoleChoice& choice, model::JobSpec& spec) {
  if (!choice.is_made()) return {};
  auto roles = roles_of(choice);
  if (!roles) return std::unexpected(roles.error());
  spec.roles = std::move(*roles);
  if (spec.roles.empty()) return {};
  auto& shape = spec.shape;
  if (model::have_resources(spec.roles)) return model::size_for_roles(shape, spec.roles);
  const auto n = model::n_ranks(spec.roles, shape.most_nodes ? std::nullopt : shape.nodes);
  if (!n) return std::unexpected(n.error());
  if (shape.tasks && *shape.tasks != *n) {
    return base::fail(base::Code::invalid,
                      fmt::format("--ntasks is {}, and the roles have {}; leave out --ntasks",
                                  *shape.tasks, base::plural(*n, "rank")));
  }
  shape.tasks = *n;
  return {};
}

/// Where the output goes unless that was said. What other schedulers do is told as an option.
void choose_output(FileContents& file, model::JobSpec& spec) {
  if (!spec.output.empty()) return;
  spec.output = default_output(spec);
  if (spec.dialect != model::Dialect::native)
    file.options.insert(file.options.begin(), {.given = {.id = static_cast<int>(OptionId::output),
                                                         .value = spec.output,
                                                         .written = "--output"},
                                               .place = "default of sbatch"});
}

void set_paths(const std::string& directory, model::JobSpec& spec) {
  spec.work_dir = absolute(spec.work_dir, directory);
  // qsub brings the files to where it was typed, though the job runs elsewhere.
  const auto& folder = spec.dialect == model::Dialect::pbs ? directory : spec.work_dir;
  spec.output = absolute(spec.output, folder);
  if (!spec.error.empty()) spec.error = absolute(spec.error, folder);
}

/// What `wanted` gives, with the variables of a job file; but those that the command line names
/// with a value keep it.
base::Result<model::Environment> environment_of(const std::string& wanted,
                                                const model::Environment& of_file,
                                                const options::Parsed& line,
                                                const model::Environment& present) {
  auto environment = exported(wanted, present);
  if (!environment) return environment;
  const auto* given = find(line.given, OptionId::environment);
  const auto of_line = given != nullptr ? exported(given->value, {}) : model::Environment();
  if (!of_line) return of_line;
  for (const auto& [name, value] : of_file) {
    if (!of_line->contains(name)) (*environment)[name] = value;
  }
  return environment;
}

/// A job file may leave to roles what runs, if all have commands.
base::Result<void> check_something_runs(const FileContents& file, const model::Roles& roles) {
  if (file.script || !file.command.empty()) return {};
  const auto without = std::ranges::find(roles, "", &model::Role::command);
  if (!roles.empty() && without == roles.end()) return {};
  const auto role =
      roles.empty() ? std::string() : fmt::format(", and role {} has no command", without->name);
  return base::fail(base::Code::invalid,
                    fmt::format("{}:1:1: there is nothing to run{}; say script = '''TEXT''', "
                                "command = [\"PROGRAM\"], or a command in each [[role]]",
                                file.name, role));
}

/// The command line with what a job file runs in place of its name.
base::Result<options::Parsed> line_of_command(options::Parsed line, const FileContents& file) {
  if (file.command.empty() && line.rest.size() > 1) {
    return base::fail(
        base::Code::invalid,
        fmt::format("{}: the commands of its roles take no arguments from the command "
                    "line, found '{}'",
                    line.rest.front(), base::printable(line.rest[1])));
  }
  line.rest.erase(line.rest.begin());
  line.rest.insert(line.rest.begin(), file.command.begin(), file.command.end());
  return line;
}

/// The options that hold: of those that were given several times the last, but all roles and
/// mounts.
std::vector<Origin> origins_of(std::vector<PlacedOption> options,
                               const std::vector<options::Given>& of_line) {
  options = without_replaced_roles(std::move(options), of_line);
  for (const auto& given : of_line) options.push_back({given, "command line"});
  std::vector<Origin> origins;
  for (const auto& option : table(Place::submit)) {
    if (option.help.empty() || option.id == static_cast<int>(OptionId::explain)) continue;
    std::vector<Origin> found;
    for (const auto& [given, place] : options) {
      if (given.id != option.id) continue;
      const auto id = static_cast<OptionId>(option.id);
      if (id != OptionId::role && id != OptionId::mount) found.clear();  // these add up
      found.push_back({"--" + std::string(option.name), given.value, place});
    }
    std::ranges::move(found, std::back_inserter(origins));
  }
  return origins;
}

/// A limit of what nobody asked for is a mistake, as is what belongs to an image that is not there.
base::Result<void> check_limits(const Submission& submission) {
  const auto& preparation = submission.spec.preparation;
  for (const auto& [option, value, place] : submission.origins) {
    const bool is_idle = (option == "--prepare-timeout" && preparation.command.empty()) ||
                         (option == "--epilog-timeout" && preparation.epilog.empty()) ||
                         (option == "--mount-timeout" && preparation.mounts.empty());
    const bool is_of_image = option.starts_with("--image-") || option == "--shm-size";
    if (is_of_image && !preparation.has_image()) {
      return base::fail(base::Code::invalid,
                        fmt::format("{} ({}): there is no --image that it is for; leave it out, or "
                                    "add --image",
                                    option, place));
    }
    if (!is_idle) continue;
    const auto limited = option.substr(0, option.rfind('-'));
    return base::fail(
        base::Code::invalid,
        fmt::format("{} ({}): there is no {} whose time it limits; leave it out, or add {}", option,
                    place, limited, limited));
  }
  return {};
}

}  // namespace

base::Result<Source> source_of(const options::Parsed& line, bool input_is_terminal) {
  if (has(line.given, OptionId::wrap)) {
    if (line.rest.empty()) return Source::wrapped;
    return base::fail(
        base::Code::invalid,
        fmt::format("give either --wrap or a script, found both: '{}'", line.rest.front()));
  }
  if (line.after_dashes && !line.rest.empty()) return Source::command;
  if (line.rest.empty() && all_roles_have_commands(line.given)) return Source::command;
  if (line.rest.empty() ? !input_is_terminal && !line.after_dashes : line.rest.front() == "-") {
    return Source::standard_input;
  }
  if (!line.rest.empty()) return Source::file;
  return base::fail(base::Code::invalid, "expected a script, or '--' and a command");
}

std::vector<PlacedOption> without_replaced_roles(std::vector<PlacedOption> options,
                                                 const std::vector<options::Given>& others) {
  const auto* mode = find(others, OptionId::mode);
  const bool all = has(others, OptionId::role) || (mode != nullptr && mode->value != "ps");
  if (!all && mode == nullptr) return options;
  std::erase_if(options, [all](const PlacedOption& one) {
    return all ? is_of_roles(one.given) : one.given.id == static_cast<int>(OptionId::role);
  });
  return options;
}

base::Result<Submission> make_submission(const options::Parsed& line, FileContents file,
                                         const Surroundings& surroundings) {
  Choices choices{.spec = {.dialect = file.dialect}, .now = surroundings.now};
  if (auto applied = apply_placed(file.options, choices); !applied)
    return std::unexpected(applied.error());
  choices.roles = without_replaced(std::move(choices.roles), line.given);
  for (const auto& given : line.given) {
    if (auto applied = apply(given, choices); !applied) return std::unexpected(applied.error());
  }
  auto environment =
      environment_of(choices.environment, file.environment, line, surroundings.environment);
  if (!environment) return std::unexpected(environment.error());

  Submission submission{.spec = std::move(choices.spec)};
  submission.spec.environment = std::move(*environment);
  set_listed_nodes(submission.spec);
  if (auto set = set_roles(choices.roles, submission.spec); !set)
    return std::unexpected(set.error());
  auto program = base::Result<options::Parsed>(line);
  if (!file.name.empty() && !file.script) {
    if (auto runs = check_something_runs(file, submission.spec.roles); !runs)
      return std::unexpected(runs.error());
    program = line_of_command(line, file);
    if (!program) return std::unexpected(program.error());
  }
  const bool has_name = !submission.spec.name.empty();
  choose_output(file, submission.spec);
  set_program(*program, file.script, choices.roles.is_made(), submission.spec);
  if (!has_name && is_job_file(file.name)) submission.spec.name = stem_of(file.name);
  set_paths(surroundings.directory, submission.spec);
  submission.wait = choices.wait;
  submission.parsable = choices.parsable;
  submission.test_only = choices.test_only;
  submission.warnings = std::move(file.warnings);
  submission.notes = std::move(file.notes);
  submission.origins = origins_of(std::move(file.options), line.given);
  if (auto fine = check_limits(submission); !fine) return std::unexpected(std::move(fine).error());
  return submission;
}

}  // namespace request
