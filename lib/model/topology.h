#pragma once
// What a node is made of: NUMA domains, cores and GPUs, as nodeprep's probe found them.

#include <optional>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/model/index_set.h"

namespace model {

using CpuSet = IndexSet;   // hardware threads, by the operating system's number
using CoreSet = IndexSet;  // cores, by their place in Topology::cores
using GpuSet = IndexSet;   // GPUs, by their place in Topology::gpus

struct NumaDomain {
  int os_index = 0;
  base::Bytes memory;

  bool operator==(const NumaDomain&) const = default;
};

struct Core {
  int package = 0;
  int numa = 0;  // place in Topology::numa
  CpuSet cpus;   // the hardware threads of the core

  bool operator==(const Core&) const = default;
};

struct Gpu {
  std::string uuid;  // as NVML gives it, "GPU-..."; empty where only the PCI bus knows the device
  std::string kind;  // "NVIDIA H200"
  std::string pci;   // "0000:65:00.0"
  base::Bytes memory;
  int numa = 0;                      // place in Topology::numa of the nearest domain
  std::vector<std::string> bridges;  // PCI bridges above it, that of the host first

  bool operator==(const Gpu&) const = default;
};

/// A network card that is made for traffic between ranks: InfiniBand, RoCE, Omni-Path.
struct Nic {
  std::string name;                  // of its OpenFabrics device, "mlx5_0"
  std::string pci;                   // "0000:18:00.0"
  std::optional<int> numa;           // place in Topology::numa; absent: near none of these
  std::vector<std::string> bridges;  // PCI bridges above it, that of the host first

  bool operator==(const Nic&) const = default;
};

/// The part of a machine that is one node. Cores are in order of package, NUMA domain, number.
struct Topology {
  std::vector<NumaDomain> numa;
  std::vector<Core> cores;
  std::vector<Gpu> gpus;        // in PCI order, which is CUDA_DEVICE_ORDER=PCI_BUS_ID
  std::vector<Nic> nics;        // in PCI order; those of the machine, whatever part of it this is
  base::Bytes memory;           // that jobs may use
  bool oversubscribed = false;  // several cores, of this node or of others, stand for one real core

  bool operator==(const Topology&) const = default;
};

/// The cores of each NUMA domain.
std::vector<CoreSet> cores_by_numa(const Topology& topology);

/// The hardware threads of some cores.
CpuSet cpus_of(const Topology& topology, const CoreSet& cores);

/// `n` of the free cores, inside one NUMA domain where one has enough: the domain that they fill
/// best.
CoreSet pick_cores(const std::vector<CoreSet>& domains, const CoreSet& free, int n);

/// `n` of the free GPUs, those near the cores first, in PCI order.
GpuSet pick_gpus(const Topology& topology, const GpuSet& free, int n, const CoreSet& cores);

}  // namespace model
