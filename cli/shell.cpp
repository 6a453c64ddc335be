// shell: a terminal in a running job.

#include <array>
#include <string>
#include <utility>

#include "cli/api.h"
#include "cli/inside.h"
#include "cli/step_client.h"
#include "cli/verb.h"

namespace cli {

namespace {

enum ShellId { chdir_id };

constexpr std::array shell_table{
    options::Option{chdir_id, "chdir", 'D', "DIR", "Start in this folder. Left out: the job's."},
    dir_option, help_option};

/// Not a login shell, whose files would put another PATH in place of the job's.
constexpr const char* any_shell = "exec \"${SHELL:-/bin/sh}\" -i";

Outcome shell(const options::Parsed& line) {
  if (line.rest.size() != 1) {
    return misuse(
        "expected one job, such as 17 or 17.n2; for a command: muster exec 17 -- COMMAND");
  }
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto where = inside_place(*api, line.rest.front());
  if (!where) return std::unexpected(where.error());
  InsideCommand command{
      .arguments = {"/bin/sh", "-c", any_shell}, .work_dir = {}, .terminal = true};
  if (const auto* given = options::find(line, chdir_id)) command.work_dir = given->value;
  const auto reply = start_inside(*api, *where, std::move(command));
  if (!reply) return std::unexpected(reply.error());
  return follow_step(*reply, "muster shell", {.terminal = true});
}

}  // namespace

constinit const Verb shell_verb{
    "shell",
    "[OPTIONS] JOB[.NODE]|last",
    "Open a shell in a running job.",
    "Starts $SHELL on a node of the job, the script's if none is named, with the environment, the "
    "folder, the cores, the GPUs and the limits of its script. The shell counts as a step of the "
    "job, and ends with it.\n"
    "Ctrl-] d leaves it running, as does a terminal that is lost; muster attach goes back. Exits "
    "as "
    "the shell does; with 0 when detached.",
    [] { return std::span<const options::Option>(shell_table); },
    options::Operands::anywhere,
    shell};

}  // namespace cli
