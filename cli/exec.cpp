// exec: a command in a running job.

#include <array>
#include <utility>

#include "cli/api.h"
#include "cli/inside.h"
#include "cli/step_client.h"
#include "cli/verb.h"

namespace cli {

namespace {

enum ExecId { exec_chdir_id, pty_id };

constexpr std::array exec_table{
    options::Option{exec_chdir_id, "chdir", 'D', "DIR",
                    "Start in this folder. Left out: the job's."},
    options::Option{pty_id, "pty", 't', "", "On this terminal, as muster shell."}, dir_option,
    help_option};

Outcome exec(const options::Parsed& line) {
  if (line.rest.size() < 2) {
    return misuse("expected a job and a command, such as 17 nvidia-smi, or 17.n2 -- ls -l");
  }
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto where = inside_place(*api, line.rest.front());
  if (!where) return std::unexpected(where.error());
  const bool terminal = options::has(line, pty_id);
  auto words = line.rest.begin() + 1;
  if (*words == "--") ++words;
  if (words == line.rest.end()) return misuse("expected a command after '--'");
  InsideCommand command{
      .arguments = {words, line.rest.end()}, .work_dir = {}, .terminal = terminal};
  if (const auto* given = options::find(line, exec_chdir_id)) command.work_dir = given->value;
  const auto reply = start_inside(*api, *where, std::move(command));
  if (!reply) return std::unexpected(reply.error());
  return follow_step(*reply, "muster exec", {.terminal = terminal});
}

}  // namespace

constinit const Verb exec_verb{
    "exec",
    "[OPTIONS] JOB[.NODE]|last [--] COMMAND [ARGUMENTS]",
    "Run a command in a running job.",
    "Runs COMMAND once, on the job's first node or the one that is named, with the environment, "
    "the "
    "folder, the cores, the GPUs and the limits of the job's script. Standard input goes to it, "
    "its "
    "output comes out here. It counts as a step of the job, and ends with it.\n"
    "Exits as COMMAND does; 128 and the signal's number for one that was killed.",
    [] { return std::span<const options::Option>(exec_table); },
    options::Operands::end_options,
    exec};

}  // namespace cli
