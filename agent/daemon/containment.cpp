#include "agent/daemon/containment.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "agent/core/hierarchies.h"
#include "lib/base/text.h"
#include "lib/loop/control_group.h"
#include "lib/loop/files.h"

namespace agentd {

namespace {

using model::Controller;

constexpr std::size_t proc_limit = std::size_t{16} << 20;
constexpr std::array<std::pair<ContainmentMode, std::string_view>, 3> modes{
    {{ContainmentMode::automatic, "auto"},
     {ContainmentMode::required, "required"},
     {ContainmentMode::off, "off"}}};

std::string folder_above(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

/// Hands controllers down to the groups in this one.
bool enable(const std::string& folder, Controller controller) {
  const std::string file = folder + "/cgroup.subtree_control";
  return loop::write_group_file(file, fmt::format("+{}", to_text(controller))).has_value();
}

/// A group of version 2 hands none down while it has processes of its own. If this one is the only
/// one, as in a unit of systemd with Delegate=yes, it can go to a group below.
bool step_aside(const std::string& folder) {
  const std::string own = std::to_string(getpid());
  if (loop::read_group_file(folder + "/cgroup.procs") != own) return false;
  const std::string aside = folder + "/muster-agent";
  return loop::make_group(aside) && loop::write_group_file(aside + "/cgroup.procs", own);
}

std::set<Controller> offered(const std::string& parent) {
  std::set<Controller> controllers;
  const std::string text = loop::read_group_file(parent + "/cgroup.controllers");
  for (const auto word : base::split(text, ' ')) {
    const auto controller = model::controller_from_text(word);
    if (controller == Controller::memory || controller == Controller::cpuset)
      controllers.insert(*controller);
  }
  return controllers;
}

/// Another node may remove the folder of all just now, its own having been the last in it.
base::Result<void> make_folders(const std::string& parent, const std::string& group) {
  constexpr int most_tries = 20;
  base::Result<void> made;
  for (int i = 0; i < most_tries; ++i) {
    made = loop::make_group(folder_above(parent + "/" + group));
    if (made) made = loop::make_group(parent + "/" + group);
    if (made || made.error().code != base::Code::not_found) break;
  }
  return made;
}

base::Result<model::Hierarchy> make_unified(const std::string& parent, const std::string& group,
                                            bool may_step_aside) {
  model::Hierarchy made{.version = 2, .controllers = {}, .folder = parent + "/" + group};
  if (auto there = make_folders(parent, group); !there) return std::unexpected(there.error());
  if (access((made.folder + "/cgroup.procs").c_str(), W_OK) != 0)
    return base::fail_errno(errno, "cannot write '" + made.folder + "/cgroup.procs'");
  for (const auto controller : offered(parent)) {
    const bool is_handed_down =
        enable(parent, controller) ||
        (may_step_aside && step_aside(parent) && enable(parent, controller));
    if (is_handed_down && enable(folder_above(made.folder), controller) &&
        enable(made.folder, controller))
      made.controllers.insert(controller);
  }
  return made;
}

/// Of version 1: a new group has no cores, and takes no processes, unless it is told to have those
/// of the one above.
base::Result<void> fill_cpuset(const std::string& folder) {
  for (const std::string file : {"/cpuset.cpus", "/cpuset.mems"}) {
    const auto value = loop::read_group_file(folder_above(folder) + file);
    if (auto written = loop::write_group_file(folder + file, value); !written) return written;
  }
  return loop::write_group_file(folder + "/cgroup.clone_children", "1");
}

base::Result<model::Hierarchy> make_of_version_1(const agent::MountedHierarchy& mounted,
                                                 const std::string& group) {
  const std::string& parent = mounted.parents.front();
  model::Hierarchy made{
      .version = 1, .controllers = mounted.controllers, .folder = parent + "/" + group};
  if (auto there = make_folders(parent, group); !there) return std::unexpected(there.error());
  if (access((made.folder + "/tasks").c_str(), W_OK) != 0)
    return base::fail_errno(errno, "cannot write '" + made.folder + "/tasks'");
  for (const auto& folder : {folder_above(made.folder), made.folder}) {
    if (made.controllers.contains(Controller::cpuset)) {
      if (auto filled = fill_cpuset(folder); !filled) return std::unexpected(filled.error());
    }
    // Older kernels ask for it; others have it so, or say no for it is so already.
    if (made.controllers.contains(Controller::memory))
      (void)loop::write_group_file(folder + "/memory.use_hierarchy", "1");
  }
  return made;
}

/// The first parent in which memory can be limited, else the first that takes groups at all.
base::Result<model::Hierarchy> make_in(const agent::MountedHierarchy& mounted,
                                       const std::string& group) {
  if (mounted.version == 1) return make_of_version_1(mounted, group);
  const auto is_full = [](const base::Result<model::Hierarchy>& made) {
    return made && made->controllers.contains(Controller::memory);
  };
  auto best = make_unified(mounted.parents.front(), group, false);
  for (std::size_t i = 1; i < mounted.parents.size() && !is_full(best); ++i) {
    auto other = make_unified(mounted.parents[i], group, false);
    if (is_full(other) || !best) std::swap(best, other);
    if (other) (void)loop::remove_group_tree(other->folder);
  }
  return is_full(best) || !best
             ? best
             : make_unified(folder_above(folder_above(best->folder)), group, true);
}

/// What can not be removed yet is removed at the next start.
void clear(const std::string& folder) {
  (void)loop::kill_groups({folder});
  (void)loop::remove_group_tree(folder);
}

bool limits_memory(const std::vector<model::Hierarchy>& hierarchies) {
  return std::ranges::any_of(hierarchies, [](const auto& hierarchy) {
    return hierarchy.controllers.contains(Controller::memory);
  });
}

}  // namespace

std::string_view to_text(ContainmentMode mode) {
  return std::ranges::find(modes, mode, &decltype(modes)::value_type::first)->second;
}

std::optional<ContainmentMode> containment_mode_from_text(std::string_view text) {
  const auto* at = std::ranges::find(modes, text, &decltype(modes)::value_type::second);
  return at == modes.end() ? std::nullopt : std::optional(at->first);
}

base::Result<Containment> Containment::open(ContainmentMode mode, std::string_view node,
                                            const std::string& node_dir, const std::string& root) {
  Containment containment;
  containment.mode_ = mode;
  if (mode == ContainmentMode::off) {
    containment.description_ = "none: off";
    return containment;
  }
  const auto mounts = loop::read_file(root + "/proc/self/mountinfo", proc_limit);
  const auto own = loop::read_file(root + "/proc/self/cgroup", proc_limit);
  const bool has_gpus = access((root + "/proc/driver/nvidia/gpus").c_str(), F_OK) == 0;
  std::vector<model::Hierarchy> found;
  std::string why = "no hierarchy of control groups is mounted";
  for (auto& mounted : agent::find_hierarchies(mounts.value_or(""), own.value_or(""))) {
    for (auto& parent : mounted.parents) parent.insert(0, root);
    auto with_it = found;
    with_it.push_back(
        {.version = mounted.version, .controllers = mounted.controllers, .folder = {}});
    if (model::needed(std::move(with_it), has_gpus).size() == found.size()) continue;
    auto made = make_in(mounted, agent::node_group(node, node_dir));
    if (made) {
      found.push_back(std::move(*made));
    } else {
      why = made.error().text;
    }
  }
  containment.hierarchies_ = model::needed(std::move(found), has_gpus);
  containment.description_ = describe(containment.hierarchies_);
  if (containment.hierarchies_.empty()) containment.description_ += ": " + why;
  if (mode == ContainmentMode::required && !limits_memory(containment.hierarchies_)) {
    return base::fail(base::Code::unavailable,
                      fmt::format("containment is required, and memory can not be limited here "
                                  "(control groups: {}); run the agent as root or in a delegated "
                                  "group, or configure containment = \"auto\"",
                                  containment.description_));
  }
  return containment;
}

std::vector<std::string> Containment::launcher_arguments() const {
  std::vector<std::string> arguments;
  for (const auto& hierarchy : hierarchies_) {
    arguments.emplace_back("--group");
    arguments.push_back(to_text(hierarchy));
  }
  if (mode_ == ContainmentMode::required) arguments.emplace_back("--groups-required");
  return arguments;
}

void Containment::sweep(const std::set<model::LaunchKey>& open) const {
  std::set<std::string> used;
  for (const auto& key : open) {
    used.insert(fmt::format("{}.{}", to_text(key.job), key.attempt));
    used.insert(to_text(key));
  }
  for (const auto& hierarchy : hierarchies_) {
    for (const auto& attempt : loop::groups_in(hierarchy.folder)) {
      const std::string folder = hierarchy.folder + "/" + attempt;
      if (!used.contains(attempt)) clear(folder);
      for (const auto& launch : loop::groups_in(folder)) {
        if (!used.contains(launch)) clear(folder + "/" + launch);
      }
    }
  }
}

void Containment::close() const {
  for (const auto& hierarchy : hierarchies_) {
    (void)rmdir(hierarchy.folder.c_str());
    (void)rmdir(folder_above(hierarchy.folder).c_str());
  }
}

}  // namespace agentd
