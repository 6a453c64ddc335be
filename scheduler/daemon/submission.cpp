#include "scheduler/daemon/submission.h"

#include <set>
#include <string>
#include <vector>

#include "lib/base/text.h"

namespace musterd {

namespace {

using base::Code;
using base::fail;

// Linux takes no string of more than 128 KiB from execve, its final NUL included (man execve), and
// a quarter of the stack in total, of which some must be left to what the launcher adds.
constexpr std::size_t string_limit = 128 * 1024 - 1;
constexpr std::size_t total_limit = 2 * 1024 * 1024 - 128 * 1024;
constexpr std::size_t path_limit = 4095;

bool has_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

base::Result<void> check_string(const std::string& what, const std::string& text) {
  if (has_nul(text)) return fail(Code::invalid, what + " contains a NUL byte");
  if (text.size() > string_limit) {
    return fail(Code::invalid, what + " has " + std::to_string(text.size()) +
                                   " bytes; the system takes at most " +
                                   std::to_string(string_limit));
  }
  return {};
}

base::Result<void> check_process(const std::vector<std::string>& arguments,
                                 const model::Environment& environment) {
  std::size_t total = 0;
  for (const auto& argument : arguments) {
    if (auto fine = check_string("an argument", argument); !fine) return fine;
    total += argument.size() + 1 + sizeof(char*);
  }
  for (const auto& [name, value] : environment) {
    const auto what = "the environment variable '" + base::printable(name) + "'";
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name)) {
      return fail(Code::invalid, what + " has no valid name");
    }
    if (auto fine = check_string(what, name + "=" + value); !fine) return fine;
    total += name.size() + value.size() + 2 + sizeof(char*);
  }
  if (total > total_limit) {
    return fail(Code::invalid, "environment and arguments have " + std::to_string(total) +
                                   " bytes together; the system takes at most " +
                                   std::to_string(total_limit) + "; see --export");
  }
  return {};
}

base::Result<void> check_commands(const model::Roles& roles) {
  for (const auto& role : roles) {
    if (auto fine = check_string("the command of role " + role.name, role.command); !fine)
      return fine;
  }
  return {};
}

base::Result<void> check_mounts(const std::vector<model::Mount>& mounts) {
  std::set<std::string> targets;
  for (const auto& mount : mounts) {
    if (!targets.insert(mount.target).second) {
      return fail(Code::invalid, "two mounts have the target '" + base::printable(mount.target) +
                                     "'; give each one of its own");
    }
  }
  return {};
}

base::Result<void> check_path(const std::string& what, const std::string& path) {
  if (path.empty() || path.front() != '/' || has_nul(path)) {
    return fail(Code::invalid,
                what + " is '" + base::printable(path) + "'; expected an absolute path");
  }
  if (path.size() > path_limit) {
    return fail(Code::invalid, what + " has more than " + std::to_string(path_limit) + " bytes");
  }
  return {};
}

}  // namespace

base::Result<void> check_submission(const model::JobSpec& spec, base::Bytes script_limit) {
  if (spec.script.size() > script_limit.count()) {
    return fail(Code::exhausted, "the script has " + std::to_string(spec.script.size()) +
                                     " bytes; the limit is " +
                                     std::to_string(script_limit.count()) + " (limits.script)");
  }
  if (has_nul(spec.script)) return fail(Code::invalid, "the script contains a NUL byte");
  if (auto fine = check_path("work_dir", spec.work_dir); !fine) return fine;
  if (auto fine = check_path("output", spec.output); !fine) return fine;
  if (!spec.error.empty()) {
    if (auto fine = check_path("error", spec.error); !fine) return fine;
  }
  if (auto fine = check_commands(spec.roles); !fine) return fine;
  if (auto fine = check_mounts(spec.preparation.mounts); !fine) return fine;
  return check_process(spec.arguments, spec.environment);
}

base::Result<void> check_change(const model::JobChange& change) {
  using model::ChangedField;
  if (change.fields.contains(ChangedField::output)) {
    if (auto fine = check_path("output", change.spec.output); !fine) return fine;
  }
  if (!change.spec.error.empty()) return check_path("error", change.spec.error);
  return {};
}

base::Result<void> check_step(const model::StepSpec& spec) {
  if (!spec.arguments.empty() && spec.arguments.front().empty()) {
    return fail(Code::invalid, "the step's program has an empty name");
  }
  if (spec.terminal && (spec.tasks != 1 || (spec.roles && !spec.roles->empty()))) {
    return fail(Code::invalid, "a step on a terminal has one task and no roles; give tasks: 1");
  }
  if (spec.like_script && (spec.tasks != 1 || (spec.roles && !spec.roles->empty()))) {
    return fail(Code::invalid, "a step like the script has one task and no roles; give tasks: 1");
  }
  if (spec.terminal && (!spec.output.empty() || !spec.error.empty())) {
    return fail(Code::invalid, "a step has a terminal or files for its output; found both");
  }
  if (auto fine = model::check(spec.binding, spec.gpus_per_task); !fine) return fine;
  if (auto fine = check_path("work_dir", spec.work_dir); !fine) return fine;
  for (const auto* pattern : {&spec.output, &spec.error}) {
    if (pattern->empty()) continue;
    if (auto fine = check_path(pattern == &spec.output ? "output" : "error", *pattern); !fine)
      return fine;
  }
  if (auto fine = check_commands(spec.roles.value_or(model::Roles())); !fine) return fine;
  return check_process(spec.arguments, spec.environment);
}

}  // namespace musterd
