#pragma once
// srun --multi-prog: a file that says which task runs which program.

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace request {

/// A line of shell that, in each task of a step, becomes the program that the file names for it.
///
/// text      lines of TASKS PROGRAM [ARGUMENTS]; TASKS is a list such as 0,4-6 or '*', which stands
///           for all others; in arguments %t is the number of the task, %o its place in the list
/// name      of the file, for messages
/// n_tasks   that have to have a program; 0: not known
/// errors    invalid, with the line: no list of tasks, no program, a task without one, quotes that
///           do not end
/// source    man 1 srun, MULTIPLE PROGRAM CONFIGURATION
base::Result<std::string> script_of_programs(std::string_view text, std::string_view name,
                                             int n_tasks);

}  // namespace request
