#pragma once
// What starters of MPI libraries say to ssh, which is muster-rsh inside a job.

#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace request {

struct ShellWords {
  std::string node;
  std::string command;  // for a shell there
};

/// [OPTIONS] NODE COMMAND...: options of ssh and rsh are skipped, the command's words are joined by
/// blanks, as both do.
///
/// errors    invalid: no node, or no command
base::Result<ShellWords> read_shell_words(std::span<const std::string> words);

/// Cores that the job has on its node.
///
/// nodes     of the job, such as "n[1-3]"
/// cores     of each of them, such as "4(x2),2"
/// errors    invalid: the job has no such node, or no list says
base::Result<int> cores_of_node(std::string_view node, std::string_view nodes,
                                std::string_view cores);

}  // namespace request
