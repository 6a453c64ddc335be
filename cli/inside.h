#pragma once
// A process in a running job, beside its script: with the same environment, folder, cores and GPUs.

#include <string>
#include <string_view>
#include <vector>

#include "cli/api.h"
#include "cli/problem.h"
#include "lib/wire/api.h"

namespace cli {

/// "17", "17_4", "last", and with the name of one of the job's nodes "17.n2".
struct InsidePlace {
  JobName job;
  std::string node;  // empty: the script's, which is the first
};
Try<InsidePlace> inside_place(const Api& api, std::string_view text);

struct InsideCommand {
  std::vector<std::string> arguments;
  std::string work_dir;  // as of this folder; empty: the job's
  bool terminal = false;
};

/// Misuse for what this terminal cannot do; refused for jobs that do not run and nodes that they
/// have not.
Try<wire::StepReply> start_inside(const Api& api, const InsidePlace& where, InsideCommand command);

}  // namespace cli
