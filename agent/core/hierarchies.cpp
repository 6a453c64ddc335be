#include "agent/core/hierarchies.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>

#include "lib/base/text.h"

namespace agent {

namespace {

constexpr std::string_view folder_of_all = "muster";

struct Mount {
  std::string root;  // the group that is the top of what the mount shows
  std::string point;
  std::string type;
  std::vector<std::string_view> options;  // of the file system
};

/// "36 35 0:30 ROOT POINT rw,nosuid shared:9 - TYPE SOURCE OPTIONS"; blanks in paths are \040.
std::optional<Mount> read_mount(std::string_view line) {
  const auto words = base::split(line, ' ');
  const auto dash = std::ranges::find(words, "-");
  if (words.size() < 6 || words.end() - dash < 4) return std::nullopt;
  return Mount{.root = std::string(words[3]),
               .point = std::string(words[4]),
               .type = std::string(dash[1]),
               .options = base::split(dash[3], ',')};
}

/// "4:memory:/user.slice"; of version 2 "0::/user.slice".
std::optional<std::string> own_group(std::string_view own, int version,
                                     std::string_view controller) {
  for (const auto line : base::split(own, '\n')) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const auto names = base::split(line.substr(first + 1, second - first - 1), ',');
    const bool is_it = version == 2 ? line.starts_with("0::")
                                    : std::ranges::find(names, controller) != names.end();
    if (is_it) return std::string(line.substr(second + 1));
  }
  return std::nullopt;
}

std::string joined(const std::string& folder, std::string_view below) {
  return below.empty() || below == "/" ? folder : folder + std::string(below);
}

/// The group as the mount shows it; its top where it is not below that.
std::string shown(const Mount& mount, const std::string& group) {
  if (mount.root == "/") return joined(mount.point, group);
  if (group == mount.root) return mount.point;
  if (group.starts_with(mount.root + "/"))
    return joined(mount.point, std::string_view(group).substr(mount.root.size()));
  return mount.point;
}

bool is_in_launch(const std::string& group) {
  return (group + "/").contains("/" + std::string(folder_of_all) + "/");
}

std::optional<MountedHierarchy> unified(const Mount& mount, std::string_view own) {
  const auto group = own_group(own, 2, "");
  if (!group) return std::nullopt;
  MountedHierarchy found{.version = 2, .controllers = {}, .parents = {shown(mount, *group)}};
  if (found.parents.front() != mount.point && !is_in_launch(*group))
    found.parents.push_back(mount.point);
  return found;
}

std::optional<MountedHierarchy> of_version_1(const Mount& mount, std::string_view own) {
  MountedHierarchy found{.version = 1, .controllers = {}, .parents = {}};
  std::optional<std::string> group;
  for (const auto option : mount.options) {
    const auto controller = model::controller_from_text(option);
    if (!controller) continue;
    found.controllers.insert(*controller);
    group = own_group(own, 1, option);
  }
  if (!group) return std::nullopt;
  found.parents = {shown(mount, *group)};
  return found;
}

}  // namespace

std::vector<MountedHierarchy> find_hierarchies(std::string_view mounts, std::string_view own) {
  std::vector<MountedHierarchy> found;
  for (const auto line : base::split(mounts, '\n')) {
    const auto mount = read_mount(line);
    if (!mount) continue;
    auto hierarchy = mount->type == "cgroup2"  ? unified(*mount, own)
                     : mount->type == "cgroup" ? of_version_1(*mount, own)
                                               : std::nullopt;
    const auto is_same = [&](const MountedHierarchy& other) {
      return hierarchy->version == other.version && hierarchy->controllers == other.controllers;
    };
    if (hierarchy && std::ranges::none_of(found, is_same)) found.push_back(*std::move(hierarchy));
  }
  std::ranges::stable_sort(found, std::greater(), &MountedHierarchy::version);
  return found;
}

std::string node_group(std::string_view name, std::string_view node_dir) {
  std::uint32_t number = 2166136261U;  // FNV-1a
  for (const char c : node_dir) number = (number ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format("{}/{}-{:08x}", folder_of_all, name, number);
}

}  // namespace agent
