#pragma once
// Descriptions of real machines, made after their vendors' documents: what mapping has to get
// right.

#include <string>
#include <vector>

#include "lib/model/topology.h"

namespace support {

/// A machine of equal packages. Cores are numbered through packages and domains; their second
/// hardware threads follow those of all cores, as Linux numbers them on x86.
struct Machine {
  int packages = 1;
  int domains = 1;        // of each package
  int cores = 1;          // of each domain
  int threads = 1;        // of each core
  bool adjacent = false;  // the threads of a core have adjacent numbers, as on POWER

  model::Topology topology() const;
};

/// The machine with GPUs in PCI order, each near the memory domain at this place.
model::Topology with_gpus(model::Topology topology, const std::vector<int>& domains);

/// Memory domains without cores, as GPUs with coherent memory are: with these numbers.
model::Topology with_memory_of_gpus(model::Topology topology, const std::vector<int>& os_indices);

}  // namespace support
