#pragma once
// What processes that outlived SIGKILL keep others from using.

#include <chrono>
#include <string>
#include <vector>

#include "agent/daemon/launch_dirs.h"
#include "lib/base/time.h"
#include "lib/loop/process_table.h"
#include "lib/model/ids.h"
#include "lib/model/undying.h"

namespace agentd {

/// For so long killed processes may take to go before anybody is told; a launcher takes as long
/// before it leaves them (launcher/exec/processes.cpp).
constexpr base::Duration undying_after = std::chrono::seconds(3);

/// The file `undying` of a launch directory, by its launcher or an agent: when SIGKILL was sent.
/// Read where it is, else written. What a launcher of another user says of it lies in that user's
/// folder and is not looked at: what such a launch left is looked for in any case.
base::Time note_undying(const std::string& launch_dir, base::Time killed_at);
bool has_undying(const std::string& launch_dir);
void forget_undying(const std::string& launch_dir);

/// Each holds the cores of its launch where it may run; all of these where it may run on none, or
/// where nobody can tell. It holds all GPUs of its launch, if it has one open or nobody can tell.
std::vector<model::Undying> held_by(const std::vector<loop::ProcessEntry>& processes,
                                    const LaunchDirs& dirs, const model::LaunchKey& key,
                                    base::Time since);

}  // namespace agentd
