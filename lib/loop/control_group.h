#pragma once
// Control groups as folders (man 7 cgroups): their files, the end of all that is in them, their
// removal.

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/hierarchy.h"

namespace loop {

/// Writes a value to a file that is there. Errors: not_found, denied, and what the kernel has
/// against the value.
base::Result<void> write_group_file(const std::string& path, std::string_view value);

/// The text of such a file without the line's end; empty: there is none.
std::string read_group_file(const std::string& path);

/// Makes the folder; it may be there.
base::Result<void> make_group(const std::string& folder);

/// The processes of the group and of those below it.
std::vector<pid_t> processes_in(const std::string& folder);

/// Sends SIGKILL to all processes of the groups and of those below them, to all at once where the
/// kernel can; false: there are none.
bool kill_groups(const std::vector<std::string>& folders);

/// Removes groups of a launch that have no processes: its own with those below them, the shared
/// ones that nothing else uses. False: something of its own is left, for the kernel is not done
/// with the processes.
bool remove_groups(const model::LaunchGroups& groups);

/// The group with those below it, if all are empty.
bool remove_group_tree(const std::string& folder);

/// Names of the groups in a group.
std::vector<std::string> groups_in(const std::string& folder);

}  // namespace loop
