#include "lib/model/hierarchy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <utility>

#include "lib/base/check.h"
#include "lib/base/text.h"

namespace model {

namespace {

constexpr std::array<std::pair<Controller, std::string_view>, 5> controller_names{
    {{Controller::memory, "memory"},
     {Controller::cpuset, "cpuset"},
     {Controller::cpuacct, "cpuacct"},
     {Controller::devices, "devices"},
     {Controller::freezer, "freezer"}}};

std::string_view deed(Controller controller) {
  switch (controller) {
    case Controller::memory:
      return "memory";
    case Controller::cpuset:
      return "cores";
    case Controller::cpuacct:
      return "CPU time";
    case Controller::devices:
      return "GPUs";
    case Controller::freezer:
      return "kill";
  }
  base::check(false, "every controller does something");
  return {};
}

}  // namespace

std::string_view to_text(Controller controller) {
  for (const auto& [candidate, name] : controller_names) {
    if (candidate == controller) return name;
  }
  base::check(false, "every controller has a name");
  return {};
}

std::optional<Controller> controller_from_text(std::string_view text) {
  for (const auto& [controller, name] : controller_names) {
    if (name == text) return controller;
  }
  return std::nullopt;
}

std::string to_text(const Hierarchy& hierarchy) {
  std::vector<std::string> names;
  for (const auto controller : hierarchy.controllers) names.emplace_back(to_text(controller));
  return fmt::format("v{}:{}:{}", hierarchy.version, base::join(names, ","), hierarchy.folder);
}

std::optional<Hierarchy> hierarchy_from_text(std::string_view text) {
  const auto first = text.find(':');
  const auto second = text.find(':', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const auto version = text.substr(0, first);
  if (version != "v1" && version != "v2") return std::nullopt;
  Hierarchy hierarchy{.version = version == "v1" ? 1 : 2,
                      .controllers = {},
                      .folder = std::string(text.substr(second + 1))};
  for (const auto name : base::split(text.substr(first + 1, second - first - 1), ',')) {
    if (name.empty()) continue;
    const auto controller = controller_from_text(name);
    if (!controller) return std::nullopt;
    hierarchy.controllers.insert(*controller);
  }
  if (!hierarchy.folder.starts_with('/')) return std::nullopt;
  return hierarchy;
}

std::vector<Hierarchy> needed(std::vector<Hierarchy> found, bool has_gpus) {
  const bool has_unified =
      std::ranges::any_of(found, [](const Hierarchy& each) { return each.version == 2; });
  for (auto& hierarchy : found) {
    if (has_unified) {
      hierarchy.controllers.erase(Controller::cpuacct);
      hierarchy.controllers.erase(Controller::freezer);
    }
    if (!has_gpus) hierarchy.controllers.erase(Controller::devices);
  }
  std::erase_if(
      found, [](const Hierarchy& each) { return each.version == 1 && each.controllers.empty(); });
  return found;
}

std::string describe(const std::vector<Hierarchy>& hierarchies) {
  std::map<int, std::vector<std::string>, std::greater<>> deeds;
  for (const auto& hierarchy : hierarchies) {
    auto& of_version = deeds[hierarchy.version];
    if (hierarchy.version == 2) of_version = {"kill", "CPU time"};
    for (const auto controller : hierarchy.controllers) of_version.emplace_back(deed(controller));
  }
  std::vector<std::string> versions;
  for (const auto& [version, of_version] : deeds)
    versions.push_back(fmt::format("v{} ({})", version, base::join(of_version, ", ")));
  return versions.empty() ? "none" : base::join(versions, ", ");
}

std::string to_text(const LaunchGroups& groups) {
  std::string text;
  for (const auto& folder : groups.own) text += "own " + folder + "\n";
  for (const auto& folder : groups.shared) text += "shared " + folder + "\n";
  return text;
}

LaunchGroups launch_groups_from_text(std::string_view text) {
  LaunchGroups groups;
  for (const auto line : base::split(text, '\n')) {
    if (line.starts_with("own /")) groups.own.emplace_back(line.substr(4));
    if (line.starts_with("shared /")) groups.shared.emplace_back(line.substr(7));
  }
  return groups;
}

}  // namespace model
