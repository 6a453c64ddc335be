#pragma once
// Commands of other schedulers, which scripts and tools call: each is muster by another name.

#include <span>
#include <string>
#include <string_view>

#include "cli/options/option.h"
#include "cli/problem.h"
#include "lib/model/dialect.h"

namespace cli {

struct CompatCommand {
  std::string_view name;
  model::Dialect dialect;
  std::string_view usage;  // what --help prints
  Outcome (*run)(std::span<const std::string> words);
  std::span<const options::Option> table = {};  // of those that have one; --help lists it
};

extern const CompatCommand qsub_command;
extern const CompatCommand sbatch_command;
extern const CompatCommand scontrol_command;
extern const CompatCommand srun_command;
extern const CompatCommand squeue_command;
extern const CompatCommand sacct_command;
extern const CompatCommand scancel_command;
extern const CompatCommand sinfo_command;
extern const CompatCommand seff_command;
extern const CompatCommand qstat_command;
extern const CompatCommand qdel_command;
extern const CompatCommand qhold_command;
extern const CompatCommand qrls_command;
extern const CompatCommand pbsnodes_command;

std::span<const CompatCommand* const> compat_commands();
/// By the name of the program that was started; nullptr: it is none of them.
const CompatCommand* find_compat(std::string_view name);

/// What every command of Slurm prints for --version, and nothing else: tools compare it.
constexpr std::string_view slurm_version = "slurm 23.11.4";
/// The same of PBS.
constexpr std::string_view pbs_version = "pbs_version = 23.06.06";

/// Runs it with the options that all have: help and version. Problems are told as the original
/// does, "squeue: error: TEXT" or "qstat: TEXT"; the exit code of every one is 1, of those of Slurm
/// $SLURM_EXIT_ERROR where that is set.
int run_compat(const CompatCommand& command, std::span<const std::string> words);

}  // namespace cli
