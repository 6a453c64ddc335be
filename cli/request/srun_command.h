#pragma once
// srun inside a job: its options and the variables that it reads, as the command line of
// `muster run`.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/job.h"

namespace request {

/// What an option of srun becomes.
struct SrunOption {
  enum class Value { none, needed, optional };
  enum class Meaning {
    option,      // that option of muster run, with the value
    flag,        // that flag of muster run
    cpus,        // cores of each task: of their own, unless the step overlaps others
    exact,       // cores of its own
    overlap,     // none of its own
    overcommit,  // the same, and more tasks than cores
    nodes,       // a number, or the fewest and the most
    exclude,     // nodes of the job that it leaves out
    relative,    // how many of them, from the first on
    output,      // a file, or who writes to the terminal
    input,       // a file, or who reads the terminal
    mpi,
    cpu_bind,
    mem_bind,
    gpu_bind,
    gpus_per_task,
    gpus,           // of the whole step
    gpus_per_node,  // also as a generic resource
    distribution,
    hint,
    kill,  // the step when a task fails
    export_list,
    job,
    het_group,
    multi_prog,
    terminal,
    quiet,
    open_mode,
    of_job,       // asks for what the job has been given already
    granted,      // it is so without asking
    without_use,  // said on standard error
    plugin,       // of a program that sites add to srun; the same
    refused,
  };
  std::string_view names;  // long ones, parted by blanks
  char letter = 0;         // 0: none
  Value value = Value::none;
  Meaning meaning = Meaning::granted;
  std::string_view target;    // of muster run: "--ntasks"
  std::string_view variable;  // that says the same where the option is left out
};

std::span<const SrunOption> srun_options();

struct SrunCommand {
  std::vector<std::string> run;            // what follows `muster run`
  std::vector<std::string> notes;          // what an option did not do
  std::string input_file;                  // for standard input; empty: as it is
  std::optional<std::string> export_list;  // variables of the tasks; nothing: all
  std::string programs_file;               // of --multi-prog, in place of the program; empty: none
  int n_tasks = 0;                         // as the options say; 0: they do not
  bool names_job = false;                  // that the step is to be in
  bool lists_mpi = false;                  // and starts nothing
};

/// words         what follows srun; options end at the first word without a dash
/// environment   of srun: what it is in, and defaults of options
/// errors        invalid, naming the word: an option that srun does not have, a value that is
///               missing or that muster run has no words for, several programs parted by ':'
/// source        man 1 srun of Slurm 22.05 to 23.11
base::Result<SrunCommand> read_srun_command(std::span<const std::string> words,
                                            const model::Environment& environment);

}  // namespace request
