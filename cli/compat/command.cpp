#include "cli/compat/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"

namespace cli {

namespace {

constexpr std::array all_commands{
    &scontrol_command, &squeue_command, &sacct_command, &scancel_command, &sinfo_command,
    &seff_command,     &sbatch_command, &srun_command,  &qsub_command,    &qstat_command,
    &qdel_command,     &qhold_command,  &qrls_command,  &pbsnodes_command};

std::string version_of(const CompatCommand& command) {
  const auto told = command.dialect == model::Dialect::pbs ? pbs_version : slurm_version;
  return std::string(told) + "\n";
}

bool asks_for_version(model::Dialect dialect, std::string_view word) {
  return word == "--version" || (dialect == model::Dialect::slurm && word == "-V");
}

/// Scripts tell such problems from those of their own jobs by it.
int code_of_problem(model::Dialect dialect) {
  constexpr int highest = 255;
  if (dialect != model::Dialect::slurm) return exit_refused;
  const auto wanted = base::parse_int(variable("SLURM_EXIT_ERROR").value_or(""), 0, highest);
  return wanted ? static_cast<int>(*wanted) : exit_refused;
}

}  // namespace

std::span<const CompatCommand* const> compat_commands() {
  return all_commands;
}

const CompatCommand* find_compat(std::string_view name) {
  const auto found = std::ranges::find(all_commands, name, &CompatCommand::name);
  return found == all_commands.end() ? nullptr : *found;
}

int run_compat(const CompatCommand& command, std::span<const std::string> words) {
  if (!words.empty() && asks_for_version(command.dialect, words.front())) {
    print(version_of(command));
    return finish_output(exit_done);
  }
  if (!words.empty() && words.front() == "--help") {
    print(command.usage);
    if (!command.table.empty())
      print("\nOptions:\n" + options::help_text(command.table, help_width));
    return finish_output(exit_done);
  }
  const auto outcome = command.run(words);
  if (outcome) return finish_output(*outcome);
  const auto* kind = command.dialect == model::Dialect::pbs ? "" : "error: ";
  print_error(fmt::format("{}: {}{}\n", command.name, kind, outcome.error().text));
  return code_of_problem(command.dialect);
}

}  // namespace cli
