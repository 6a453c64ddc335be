#pragma once
// The one place where a launcher of an agent that is root's becomes the user of its job. What is
// before it does nothing but make the launch's own folders and groups; whatever opens, mounts or
// runs something of the job comes after it.

#include "launcher/exec/launch.h"
#include "lib/base/result.h"

namespace exec {

/// Nothing has to be done where the job is this process's user's. Else the launch's folders and
/// groups are handed over, the environment of the job gets the user's HOME, LOGNAME, SHELL and
/// USER, and this process is the user's. Errors, of a process that has stayed what it was: denied,
/// of an agent that is not root's; those of loop::find_account(); and where users do not come to
/// what is theirs. Where it could not stay that, it ends.
base::Result<void> become_user(Launch& launch);

}  // namespace exec
