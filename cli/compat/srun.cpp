// srun: a step of the job that it is called in, by muster run.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cli/compat/command.h"
#include "cli/request/environment.h"
#include "cli/request/multi_prog.h"
#include "cli/request/srun_command.h"
#include "cli/run.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/owned_fd.h"

namespace cli {

namespace {

constexpr std::string_view srun_usage =
    "usage: srun [OPTIONS] PROGRAM [ARGUMENTS]\n"
    "       srun [OPTIONS] --multi-prog FILE\n\n"
    "Inside a job of Muster: starts PROGRAM as the job's tasks, or as many as -n and -N say, on\n"
    "its nodes, with muster run. It takes the options of Slurm's srun; those that have no effect\n"
    "here are named on standard error. More: muster-srun(1).\n";
constexpr std::size_t longest_programs_file = 1 << 20;

Try<void> read_from(const std::string& path) {
  const loop::OwnedFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || ::dup2(file.get(), STDIN_FILENO) < 0) {
    return refuse(
        base::fail_errno(errno, fmt::format("--input: cannot open '{}'", base::printable(path)))
            .error());
  }
  return {};
}

/// What this process has is what the tasks get.
Try<void> change_environment(const std::string& list) {
  const auto wanted = request::exported_to_step(list, environment());
  if (!wanted) return refuse(wanted.error().in("--export"));
  (void)::clearenv();
  for (const auto& [name, value] : *wanted) (void)::setenv(name.c_str(), value.c_str(), 1);
  return {};
}

Try<void> add_programs(request::SrunCommand& command) {
  const auto text = loop::read_file(command.programs_file, longest_programs_file);
  if (!text) return refuse(text.error().in("--multi-prog"));
  const auto script = request::script_of_programs(*text, command.programs_file, command.n_tasks);
  if (!script) return refuse(script.error());
  command.run.insert(command.run.end(), {"/bin/sh", "-c", *script, "srun"});
  return {};
}

Outcome run_srun(std::span<const std::string> words) {
  auto command = request::read_srun_command(words, environment());
  if (!command) return refuse(command.error());
  for (const auto& note : command->notes) print_error(fmt::format("srun: {}\n", note));
  if (command->lists_mpi) {
    print("MPI plugin types are...\n\tnone\n\tpmix\n\tpmi1\n");
    return exit_done;
  }
  if (!command->programs_file.empty()) {
    if (const auto added = add_programs(*command); !added) return std::unexpected(added.error());
  }
  if (!command->input_file.empty()) {
    if (const auto opened = read_from(command->input_file); !opened)
      return std::unexpected(opened.error());
  }
  const auto line = options::parse(run_verb.table(), command->run, run_verb.operands);
  if (!line) return refuse(line.error());
  if (!variable("MUSTER_JOB_ID") && !command->names_job) {
    return refuse(
        "this is not inside a job, and srun makes none here; put the line into a script and submit "
        "it, or name a running job with --jobid, or: submit --wait -- srun ...");
  }
  if (command->export_list) {
    if (const auto changed = change_environment(*command->export_list); !changed)
      return std::unexpected(changed.error());
  }
  return run_step(*line, "srun: error");
}

}  // namespace

const CompatCommand srun_command{
    .name = "srun", .dialect = model::Dialect::slurm, .usage = srun_usage, .run = run_srun};

}  // namespace cli
