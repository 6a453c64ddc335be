#pragma once
// A machine as hwloc sees it, reduced to what scheduling and mapping need.

#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/topology.h"

struct hwloc_topology;

namespace probe {

/// A loaded hwloc topology: of this machine as far as this process may use it, or of another one
/// for tests.
class Machine {
 public:
  static base::Result<Machine> this_one();
  /// `description` as in man hwloc, "pack:2 numa:2 core:4 pu:2".
  static base::Result<Machine> synthetic(const std::string& description);
  static base::Result<Machine> from_xml(const std::string& path);

  /// Cores, NUMA domains, network cards and the machine's memory; no GPUs.
  model::Topology topology() const;

  /// Display devices of NVIDIA on the PCI bus, in its order: their places are known, not what they
  /// are.
  std::vector<model::Gpu> pci_gpus() const;

  /// For PMIx and MPI in the ranks, which then need not look themselves.
  base::Result<std::string> xml() const;

 private:
  struct Destroy {
    void operator()(hwloc_topology* topology) const;
  };
  base::Result<void> load();
  explicit Machine(hwloc_topology* topology) : topology_(topology) {}
  static base::Result<Machine> make();

  std::unique_ptr<hwloc_topology, Destroy> topology_;
};

}  // namespace probe
