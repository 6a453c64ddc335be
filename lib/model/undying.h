#pragma once
// Processes of a launch that SIGKILL did not end, and what they keep others from using.

#include <span>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/topology.h"

namespace model {

/// The kernel does not let go of it: it waits for a file server or a device, as a rule.
struct Undying {
  LaunchKey launch;
  int pid = 0;
  std::string command;  // its name for the kernel, of 15 characters at most
  std::string state;    // the letter that ps shows: "D"
  base::Time since;     // of the SIGKILL that should have ended it
  CoreSet cores;        // of its launch, where it may run
  GpuSet gpus;          // of its launch, that it may have open

  bool operator==(const Undying&) const = default;
};

CoreSet cores_of(std::span<const Undying> undying);
GpuSet gpus_of(std::span<const Undying> undying);

/// "process 4711 (python3, state D) of job 17 holds cores 2-3 and GPU 0".
std::string describe(const Undying& undying);

}  // namespace model
