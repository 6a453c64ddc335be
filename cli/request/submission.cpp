#include "cli/request/submission.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/request/environment.h"
#include "cli/request/role_values.h"
#include "cli/request/script.h"
#include "cli/request/table.h"
#include "cli/request/values.h"
#include "lib/base/text.h"

namespace request {

namespace {

constexpr std::string_view default_output = "muster-%j.out";
constexpr std::string_view default_array_output = "muster-%A_%a.out";

std::string last_part(std::string_view path) {
  const auto slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

base::Result<void> apply_directives(std::span<const Directive> directives, std::string_view name,
                                    Choices& choices) {
  for (const auto& directive : directives) {
    if (const auto applied = apply(directive.given, choices); !applied) {
      return std::unexpected(applied.error().in(
          fmt::format("{}: line {}: '{}'", name, directive.line, directive.text)));
    }
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
    name = script->name == "-" ? "stdin" : last_part(script->name);
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

/// Roles say how many tasks the job has.
base::Result<void> set_roles(const RoleChoice& choice, model::JobSpec& spec) {
  if (!choice.is_made()) return {};
  auto roles = roles_of(choice);
  if (!roles) return std::unexpected(roles.error());
  spec.roles = std::move(*roles);
  if (spec.roles.empty()) return {};
  auto& shape = spec.shape;
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

void set_paths(const std::string& directory, model::JobSpec& spec) {
  spec.work_dir = absolute(spec.work_dir, directory);
  if (spec.output.empty()) spec.output = spec.array ? default_array_output : default_output;
  spec.output = absolute(spec.output, spec.work_dir);
  if (!spec.error.empty()) spec.error = absolute(spec.error, spec.work_dir);
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

base::Result<Submission> make_submission(const options::Parsed& line,
                                         const std::optional<ScriptFile>& script,
                                         const Surroundings& surroundings) {
  Submission submission;
  Choices choices{.spec = {}, .now = surroundings.now};
  if (script) {
    const std::string shown = script->name == "-" ? "standard input" : script->name;
    auto read = read_script(script->text, shown);
    if (!read) return std::unexpected(read.error());
    submission.warnings = std::move(read->warnings);
    for (const auto& directives : {read->sbatch, read->submit}) {
      if (auto applied = apply_directives(directives, shown, choices); !applied) {
        return std::unexpected(applied.error());
      }
    }
  }
  choices.roles = without_replaced(std::move(choices.roles), line.given);
  for (const auto& given : line.given) {
    if (auto applied = apply(given, choices); !applied) return std::unexpected(applied.error());
  }
  auto environment = exported(choices.environment, surroundings.environment);
  if (!environment) return std::unexpected(environment.error());
  submission.spec = std::move(choices.spec);
  submission.spec.environment = std::move(*environment);
  set_listed_nodes(submission.spec);
  if (auto set = set_roles(choices.roles, submission.spec); !set)
    return std::unexpected(set.error());
  set_program(line, script, choices.roles.is_made(), submission.spec);
  set_paths(surroundings.directory, submission.spec);
  submission.wait = choices.wait;
  submission.parsable = choices.parsable;
  submission.test_only = choices.test_only;
  return submission;
}

}  // namespace request
