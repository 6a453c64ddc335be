#pragma once
// The API's JSON as it came, laid out for reading, and its events as lines.

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/model/ids.h"

namespace render {

/// The same JSON, indented.
/// errors: corrupt for text that is no JSON
base::Result<std::string> pretty(std::string_view json);

/// {"jobs":[...]} of the jobs in several pages of a listing that are among `jobs`, in its order.
base::Result<std::string> pretty_pages(std::span<const std::string> pages,
                                       std::span<const model::JobId> jobs);

/// Names of nodes by their numbers.
using NodeNames = std::map<std::string, std::string>;

/// An event on one line: time, kind, what it is about, and the fields that people look for.
/// `time` turns RFC 3339 into what is shown; an event that names a node adds to `names`.
base::Result<std::string> event_line(std::string_view json,
                                     const std::function<std::string(std::string_view)>& time,
                                     NodeNames& names);

}  // namespace render
