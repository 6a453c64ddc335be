#pragma once
// The parts of scontrol.

#include <span>
#include <string>
#include <string_view>

#include "cli/problem.h"

namespace cli {

struct ControlStyle {
  bool one_line = false;
  bool is_json = false;
};

/// show WHAT ...: what the cluster is asked for.
Outcome show_entity(std::string_view what, std::span<const std::string> words,
                    const ControlStyle& style);

/// hold, release, requeue, requeuehold: on each of the jobs.
Outcome change_jobs(std::string_view command, std::span<const std::string> words);
/// update JobId=17 TimeLimit=2:00:00, update NodeName=n1 State=DRAIN.
Outcome update_entity(std::span<const std::string> words);
Outcome ping();
/// write batch_script ID [FILE]
Outcome write_script(std::span<const std::string> words);

}  // namespace cli
