#pragma once
// The control groups of a launch: which folders to make, what to write into their files, where
// processes go and where the numbers stand. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/model/hierarchy.h"
#include "lib/model/launch.h"
#include "lib/model/topology.h"

namespace mapping {

/// A GPU of the machine: its place on the bus, its /dev/nvidiaN.
struct GpuDevice {
  std::string pci;
  int minor = 0;
};

/// Where processes are put: by `tasks` of version 1, or born into the folder of version 2.
struct GroupEntrance {
  int version = 2;
  std::string folder;

  bool operator==(const GroupEntrance&) const = default;
};

struct GroupValue {
  std::string path;
  std::string value;
  bool may_lack = false;  // some kernels have no such file

  bool operator==(const GroupValue&) const = default;
};

/// In each hierarchy the attempt has a group on the node, with the limits that its script and its
/// steps share there; below it each launch has its own, which is filled, counted and killed.
struct GroupPlan {
  model::LaunchGroups groups;      // the shared ones are made first, then filled in, then the own
  std::vector<GroupValue> values;  // of the shared ones, to write in order
  std::vector<GroupEntrance> entrances;
  std::optional<base::Bytes> memory_limit;
  std::string peak_file;      // bytes, of the attempt on this node; empty: none, as below
  std::string own_peak_file;  // bytes, of the launch
  std::string memory_file;    // bytes, of the launch now
  std::string oom_file;       // has a line "oom_kill N"
  std::string cpu_file;       // "usage_usec N" in version 2, nanoseconds in version 1
};

/// Memory is limited if the job asked for some; cores are those of the job on the node, unless they
/// stand for cores that others use too; of the machine's GPUs those of the job can be opened. The
/// first of the launch's own groups is the best to kill by.
GroupPlan plan_groups(const std::vector<model::Hierarchy>& hierarchies,
                      const model::LaunchOrder& order, const model::Topology& topology,
                      const std::vector<GpuDevice>& gpus);

/// The N of a line "NAME N"; 0 without one.
std::uint64_t counted(std::string_view text, std::string_view name);

/// CPU time by the text of GroupPlan::cpu_file.
base::Duration cpu_time(std::string_view text);

/// "it used 512M of 512M", "it used 3G, and the node had no more". A peak of 0: nobody knows.
std::string out_of_memory_text(base::Bytes peak, std::optional<base::Bytes> limit);

}  // namespace mapping
