#include "nodeprep/probe/memory.h"

#include <algorithm>
#include <limits>

#include "lib/base/text.h"
#include "lib/loop/files.h"

namespace probe {

namespace {

constexpr std::size_t file_limit = std::size_t{1} << 16;
// Version 1 says "no limit" as the largest number of whole pages.
constexpr std::uint64_t no_limit_from = std::uint64_t{1} << 60;

/// This process's group in the hierarchy of `controller` ("" for version 2), as /proc/self/cgroup
/// has it: "4:memory:/user.slice", "0::/user.slice".
std::optional<std::string> group_path(const std::string& root, std::string_view controller) {
  const auto text = loop::read_file(root + "/proc/self/cgroup", file_limit);
  if (!text) return std::nullopt;
  for (const auto line : base::split(*text, '\n')) {
    const auto parts = base::split(line, ':');
    if (parts.size() < 3) continue;
    const auto names = base::split(parts[1], ',');
    if (std::find(names.begin(), names.end(), controller) == names.end()) continue;
    return std::string(line.substr(parts[0].size() + parts[1].size() + 2));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> read_limit(const std::string& path) {
  const auto text = loop::read_file(path, file_limit);
  if (!text) return std::nullopt;
  const auto number =
      base::parse_int(base::trim(*text), 0, std::numeric_limits<std::int64_t>::max());
  if (!number) return std::nullopt;  // "max"
  const auto limit = static_cast<std::uint64_t>(*number);
  return limit < no_limit_from ? std::optional(limit) : std::nullopt;
}

/// The smallest limit in `file` of the group and of all above it.
std::optional<base::Bytes> smallest(const std::string& mount, std::string group,
                                    const std::string& file) {
  std::optional<std::uint64_t> least;
  while (true) {
    const auto limit = read_limit(mount + group + (group.ends_with('/') ? "" : "/") + file);
    if (limit) least = std::min(least.value_or(*limit), *limit);
    if (group.empty() || group == "/") break;
    group.erase(group.rfind('/'));
  }
  if (!least) return std::nullopt;
  return base::Bytes(*least);
}

}  // namespace

std::optional<base::Bytes> memory_limit(const std::string& root) {
  if (const auto group = group_path(root, "")) {
    const auto limit = smallest(root + "/sys/fs/cgroup", *group, "memory.max");
    if (limit) return limit;
  }
  if (const auto group = group_path(root, "memory")) {
    return smallest(root + "/sys/fs/cgroup/memory", *group, "memory.limit_in_bytes");
  }
  return std::nullopt;
}

}  // namespace probe
