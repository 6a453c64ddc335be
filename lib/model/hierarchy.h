#pragma once
// Where the kernel lets groups of processes be made (man 7 cgroups), as an agent finds it and tells
// its launchers; and the groups of one launch.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace model {

/// What a hierarchy of control groups does to the processes in them, as far as it is used here.
enum class Controller { memory, cpuset, cpuacct, devices, freezer };

std::string_view to_text(Controller controller);
std::optional<Controller> controller_from_text(std::string_view text);

/// Version 2 always counts CPU time and kills (cgroup.kill), so it needs no cpuacct and no freezer.
struct Hierarchy {
  int version = 2;
  std::set<Controller> controllers;
  std::string folder;  // of the node: its launches have their groups below

  bool operator==(const Hierarchy&) const = default;
};

/// "v1:memory:/sys/fs/cgroup/memory/muster/n1", "v2::/sys/fs/cgroup/muster/n1".
std::string to_text(const Hierarchy& hierarchy);
std::optional<Hierarchy> hierarchy_from_text(std::string_view text);

/// The hierarchies that together do everything once. What watches one another's work is left out:
/// beside version 2, the others' freezer and cpuacct; without GPUs on the machine, devices.
std::vector<Hierarchy> needed(std::vector<Hierarchy> found, bool has_gpus);

/// What is done with them, for people: "v2 (kill, CPU time), v1 (memory, cores)"; "none".
std::string describe(const std::vector<Hierarchy>& hierarchies);

/// The groups of one launch, the file `groups` of its directory: "own /PATH" and "shared /PATH"
/// lines.
struct LaunchGroups {
  std::vector<std::string> own;     // only the launch's processes are in them
  std::vector<std::string> shared;  // those above, of the attempt on this node

  bool operator==(const LaunchGroups&) const = default;
};

std::string to_text(const LaunchGroups& groups);
/// Lines that say something else are left out.
LaunchGroups launch_groups_from_text(std::string_view text);

}  // namespace model
