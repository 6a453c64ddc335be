#pragma once
// Files that are whole or absent, whenever the process is killed: they are written under another
// name, synced and renamed.

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace digits {

/// Replaces the file; `path` with ".part" behind it is the name while it is written.
base::Result<void> write_whole(const std::string& path, std::string_view bytes);

/// nullopt when there is no such file.
base::Result<std::optional<std::string>> read_whole(const std::string& path);

}  // namespace digits
