#pragma once
// The control groups of a launch, made for its processes (never for the launcher itself, so that
// the kernel does not kill that one for lack of memory).

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "launcher/exec/child.h"
#include "launcher/map/group_plan.h"
#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/outcome.h"

namespace exec {

class LaunchDir;

class LaunchGroup {
 public:
  /// Makes the folders and writes the limits. The directory gets the file `groups` first, so that
  /// nothing is left behind. An error leaves no group. `is_needed`: nothing may start outside.
  static base::Result<LaunchGroup> make(const LaunchDir& dir, mapping::GroupPlan plan,
                                        bool is_needed);

  bool is_needed() const { return is_needed_; }

  /// Of processes that are to start in it.
  Entrances entrances() const;

  /// SIGKILL to all that is in it; false: nothing is.
  bool kill() const;
  /// Has the kernel killed a process of it for lack of memory since the last time this was asked?
  bool ran_out_of_memory();
  /// "it used 512M of 512M".
  std::string memory_text() const;
  /// What its processes use now; 0: nobody counts.
  base::Bytes memory_now() const;
  /// What the groups have counted. Of a script: with all steps of its attempt on this node.
  model::Usage usage(bool is_script) const;

  /// Lets a process of that user, which this one becomes, start others in it and end them; limits
  /// stay root's, and so does the removal, which is left to the agent.
  base::Result<void> hand_over(uid_t uid);

  /// When nothing is in it any more. False: the kernel has not let go of it.
  bool remove(const LaunchDir& dir) const;

 private:
  LaunchGroup(mapping::GroupPlan plan, bool is_needed)
      : plan_(std::move(plan)), is_needed_(is_needed) {}
  base::Result<void> set_up();

  mapping::GroupPlan plan_;
  bool is_needed_ = false;
  bool is_handed_over_ = false;
  std::vector<loop::OwnedFd> tasks_;
  loop::OwnedFd folder_;
  loop::OwnedFd procs_;
  std::uint64_t n_killed_ = 0;  // for lack of memory, as of the last look
};

/// The GPUs of this machine by the NVIDIA driver's files below `root` ("" but in tests).
std::vector<mapping::GpuDevice> gpu_devices(const std::string& root);

}  // namespace exec
