#pragma once
// The part of docs/compatibility.md that is made from slurm.def and pbs.def.

#include <string>

namespace dialect {

/// Every option of sbatch and qsub with what becomes of it, in Markdown.
std::string tables_of_options();

}  // namespace dialect
