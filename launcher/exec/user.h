#pragma once
// The one place where a launcher of an agent that is root's becomes the user of its job. What is
// before it does nothing but make the launch's own folders and groups; whatever opens, mounts or
// runs something of the job comes after it.

#include "launcher/exec/launch.h"
#include "lib/base/result.h"

namespace exec {

/// Where the job is another user's, the launch's folders and groups become that user's. Everything
/// that root does by paths is done here, before the mounts of the job are joined.
///
/// errors    denied: of an agent that is not root's; those of loop::find_account(); and where users
///           do not come to what is theirs
base::Result<void> hand_over(Launch& launch);

/// After hand_over(): this process is the user's, and the environment of the job gets the user's
/// HOME, LOGNAME, SHELL and USER. Where it cannot become that, it ends.
base::Result<void> become_user(Launch& launch);

}  // namespace exec
