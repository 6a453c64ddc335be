#pragma once
// The mounts that the pool of a node wants on it.

#include <functional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/model/mount.h"

namespace probe {

/// Is there something mounted at the folder? By the text of /proc/self/mountinfo (man 5 proc), so
/// that a file system which does not answer is not asked.
bool is_mounted(std::string_view folder, std::string_view mountinfo);

/// The mount is there and answers, or is made. `say` is told what is being done, before it is: all
/// of this takes as long as a file server lets it.
///
/// errors    of the mounter, which has said more on standard error; not_found, io
base::Result<void> see_to_mount(const model::Mount& mount,
                                const std::function<void(std::string_view)>& say);

}  // namespace probe
