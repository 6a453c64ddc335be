#include "cli/program.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "cli/compat/command.h"
#include "cli/mpirun.h"
#include "cli/request/mpi_command.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"

namespace cli {

namespace {

int complain(std::string_view who, const Problem& problem) {
  print_error(fmt::format("{}: {}\n", who, problem.text));
  if (problem.exit_code == exit_usage) print_error(fmt::format("try: {} --help\n", who));
  return problem.exit_code;
}

int run_verb_named(const Verb& verb, std::string_view who, std::span<const std::string> words) {
  const auto line = options::parse(verb.table(), words, verb.operands);
  if (!line) return complain(who, {exit_usage, line.error().text});
  for (const auto& option : verb.table()) {
    if (option.name == "help" && options::has(*line, option.id)) {
      print(help_of(verb));
      return finish_output(exit_done);
    }
  }
  const auto outcome = verb.run(*line);
  if (!outcome) return complain(who, outcome.error());
  return finish_output(*outcome);
}

int unknown_command(const std::string& name) {
  std::vector<std::string_view> names;
  for (const auto* verb : verbs()) names.push_back(verb->name);
  const auto nearest = base::nearest(name, names);
  return complain(
      "muster",
      {exit_usage, fmt::format("unknown command '{}'{}", base::printable(name),
                               nearest ? fmt::format("; did you mean '{}'?", *nearest) : "")});
}

/// mpirun and mpiexec, which jobs find in front of those of the machine.
int start_mpi(std::string_view starter, std::span<const std::string> words) {
  const auto first = words.empty() ? std::string_view("--help") : std::string_view(words[0]);
  if (first == "--help" || first == "-help" || first == "-h") {
    print(mpi_help(starter));
    return finish_output(words.empty() ? exit_usage : exit_done);
  }
  if (first == "--version" || first == "-version" || first == "-V") {
    print(fmt::format("{} of muster {}\n", starter, MUSTER_VERSION));
    return finish_output(exit_done);
  }
  const auto run = words_for_run(starter, words);
  return run ? run_verb_named(run_verb, "muster run", *run) : complain(starter, run.error());
}

/// Which takes the place of ssh where a starter of an MPI library would call that.
int start_shell(std::span<const std::string> words) {
  if (words.empty() || words[0] == "--help") {
    print(
        "usage: muster-rsh [OPTIONS OF SSH] NODE COMMAND\n\nInside a job of Muster: runs COMMAND "
        "by "
        "a shell on NODE, one of the job's, as a step\nwith all of the job's cores there. More: "
        "muster-mpirun(1).\n");
    return finish_output(words.empty() ? exit_usage : exit_done);
  }
  const auto run = words_for_shell(words);
  return run ? run_verb_named(run_verb, "muster run", *run) : complain("muster-rsh", run.error());
}

int dispatch(std::span<char* const> arguments) {
  const std::vector<std::string> words(arguments.begin() + (arguments.empty() ? 0 : 1),
                                       arguments.end());
  const std::string_view path = arguments.empty() ? "muster" : arguments[0];
  const auto called = path.substr(path.rfind('/') + 1);
  if (called == "submit") return run_verb_named(submit_verb, "submit", words);
  if (request::is_mpi_starter(called)) return start_mpi(called, words);
  if (called == "muster-rsh") return start_shell(words);
  if (const auto* command = find_compat(called)) return run_compat(*command, words);
  if (words.empty()) {
    print_error(overview());
    return exit_usage;
  }
  auto name = words[0];
  if (name == "--help" || name == "-h") name = "help";
  if (name == "--version" || name == "-V") name = "version";
  const auto* verb = find_verb(name);
  if (verb == nullptr) return unknown_command(name);
  return run_verb_named(*verb, fmt::format("muster {}", verb->name), std::span(words).subspan(1));
}

}  // namespace

int program(std::span<char* const> arguments) {
  try {
    return dispatch(arguments);
  } catch (const std::exception& error) {
    return complain("muster", {exit_refused, error.what()});
  }
}

}  // namespace cli
