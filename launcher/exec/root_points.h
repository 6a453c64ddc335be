#pragma once
// What the layer over an image (`upper`) has from the start: places to mount on, and files that
// differ from the image's (`lower`). Nothing is on top of the other yet; links of the image are
// followed as in there.

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace exec {

bool has_directory(const std::string& lower, const std::string& path);

/// A folder, or an empty file, is at `path` when this returns. Folders on the way keep the image's
/// rights.
///
/// errors    conflict: the image has something else there; io
base::Result<void> add_point(const std::string& lower, const std::string& upper,
                             const std::string& path, bool is_folder);

/// The image's file with `line` added, if no line has the third field `id` (passwd, group).
base::Result<void> add_line(const std::string& lower, const std::string& upper,
                            const std::string& path, std::string_view id, const std::string& line);

/// The node's file in place of the image's; nothing where the node has none.
base::Result<void> copy_in(const std::string& lower, const std::string& upper,
                           const std::string& path);

}  // namespace exec
