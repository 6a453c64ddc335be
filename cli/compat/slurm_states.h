#pragma once
// The states, reasons and exit codes of jobs and nodes in Slurm's words. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/record.h"

namespace compat {

struct SlurmState {
  std::string_view name;     // "PENDING"
  std::string_view letters;  // "PD"
  bool is_final = false;
};

/// Jobs of Muster are in a part of them only; the others can be asked for, and no job has them.
std::span<const SlurmState> slurm_states();

const SlurmState& slurm_state(const model::JobRecord& job);

/// "R,PENDING" by names and letters, in any case; "all" is all of them.
/// errors: invalid: the state that is unknown
base::Result<std::vector<std::string_view>> states_from_text(std::string_view text);

/// One word: why it waits, or why it ended: "Resources", "TimeLimit"; "None".
std::string slurm_reason(const model::JobRecord& job);

/// As Slurm shows an end: 137 of a shell is {137, 0}, a script that SIGKILL ended {0, 9}.
struct ExitStatus {
  int code = 0;
  int signal = 0;

  bool operator==(const ExitStatus&) const = default;
};
ExitStatus exit_status(const model::JobRecord& job);
ExitStatus exit_status(const model::StepRecord& step);
/// "1:0"
std::string to_text(const ExitStatus& status);

/// What sacct shows: of a cancelled job with the number of who did it, where that is known.
std::string account_state(const model::JobRecord& job);
std::string account_state(const model::StepRecord& step, const model::JobRecord& job);

/// "idle", "mixed", "allocated", "down*" ...; the mark says more: '*' for a node that is not heard.
std::string node_state(const model::NodeRecord& node);
/// For scontrol: "IDLE+DRAIN".
std::string long_node_state(const model::NodeRecord& node);
/// "alloc", "mix", "drng": as sinfo shows it by default.
std::string short_node_state(const model::NodeRecord& node);

}  // namespace compat
