#pragma once
// Paths and queries of request targets (RFC 3986). Pure.

#include <map>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace http {

struct Target {
  std::string path;                          // decoded, starts with '/'
  std::map<std::string, std::string> query;  // decoded; of repeated keys the last
};

/// Splits and decodes "/v1/jobs?user=ann%20lee". Error invalid for a bad escape, an encoded NUL or
/// a path that does not start with '/'.
base::Result<Target> parse_target(std::string_view text);

base::Result<std::string> percent_decode(std::string_view text, bool plus_is_blank);
/// Safe as one path segment or query value: all but letters, digits and -._~ is escaped.
std::string percent_encode(std::string_view text);

}  // namespace http
