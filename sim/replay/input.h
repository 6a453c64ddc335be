#pragma once
// Logs of jobs from files, plain or compressed by gzip, in any format that is known.

#include <string>
#include <string_view>

#include "sim/replay/log.h"

namespace replay {

/// All of the file, decompressed where it is compressed.
/// errors: not_found, denied, io; invalid for a folder; corrupt for damaged gzip; exhausted for
/// more than 2 GiB
base::Result<std::string> read_text(const std::string& path);

/// The format is told by the first line: a comment or numbers are SWF, words with commas the names
/// of the columns of a GPU trace. errors: invalid, with the line
base::Result<Log> parse_log(std::string_view text, const Reading& reading);

/// Both; messages begin with the path, that of the first bad line too.
base::Result<Log> read_log(const std::string& path, const Reading& reading);

}  // namespace replay
