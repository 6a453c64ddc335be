#pragma once
// Files of /proc, read whole.

#include <optional>
#include <string>

namespace exec {

/// nullopt when it cannot be opened: the process is gone, or another user's.
std::optional<std::string> read_proc(const std::string& path);

}  // namespace exec
