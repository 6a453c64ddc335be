#include "nodeprep/probe/machine.h"

#include <fmt/format.h>
#include <hwloc.h>

#include <algorithm>
#include <cerrno>
#include <compare>
#include <tuple>

#include "lib/base/text.h"

namespace probe {

namespace {

constexpr unsigned nvidia = 0x10de;
constexpr unsigned display_class = 0x03;

int domain_index(hwloc_topology* topology, const hwloc_obj* near) {
  const int count = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE);
  for (int i = 0; i < count; ++i) {
    const hwloc_obj* domain =
        hwloc_get_obj_by_type(topology, HWLOC_OBJ_NUMANODE, static_cast<unsigned>(i));
    if (near->nodeset != nullptr && hwloc_bitmap_isset(near->nodeset, domain->os_index) != 0) {
      return i;
    }
  }
  return 0;
}

int package_index(hwloc_topology* topology, hwloc_obj* core) {
  const hwloc_obj* package = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, core);
  return package == nullptr ? 0 : static_cast<int>(package->logical_index);
}

model::CpuSet cpus_in(const hwloc_bitmap_s* set) {
  model::CpuSet cpus;
  for (int cpu = hwloc_bitmap_first(set); cpu >= 0 && cpu < model::CpuSet::limit;
       cpu = hwloc_bitmap_next(set, cpu)) {
    cpus.add(cpu);
  }
  return cpus;
}

/// Some virtual machines have hardware threads and no cores: then each thread is one.
std::vector<model::Core> read_cores(hwloc_topology* topology) {
  const bool has_cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE) > 0;
  const hwloc_obj_type_t type = has_cores ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
  std::vector<model::Core> cores;
  for (hwloc_obj* at = nullptr; (at = hwloc_get_next_obj_by_type(topology, type, at)) != nullptr;) {
    cores.push_back({.package = package_index(topology, at),
                     .numa = domain_index(topology, at),
                     .cpus = cpus_in(at->cpuset)});
  }
  std::stable_sort(cores.begin(), cores.end(), [](const model::Core& a, const model::Core& b) {
    return std::tie(a.package, a.numa) < std::tie(b.package, b.numa);
  });
  return cores;
}

std::string pci_address(const hwloc_obj_attr_u::hwloc_pcidev_attr_s& pci) {
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", unsigned{pci.domain}, unsigned{pci.bus},
                     unsigned{pci.dev}, unsigned{pci.func});
}

/// A bridge of the host by the buses behind it, others by their own address.
std::string bridge_name(const hwloc_obj* bridge) {
  const auto& attributes = bridge->attr->bridge;
  if (attributes.upstream_type == HWLOC_OBJ_BRIDGE_PCI) return pci_address(attributes.upstream.pci);
  const auto& buses = attributes.downstream.pci;
  return fmt::format("{:04x}:[{:02x}-{:02x}]", unsigned{buses.domain},
                     unsigned{buses.secondary_bus}, unsigned{buses.subordinate_bus});
}

std::vector<std::string> bridges_above(const hwloc_obj* device) {
  std::vector<std::string> bridges;
  for (const hwloc_obj* at = device->parent; at != nullptr; at = at->parent) {
    if (at->type == HWLOC_OBJ_BRIDGE) bridges.push_back(bridge_name(at));
  }
  std::reverse(bridges.begin(), bridges.end());
  return bridges;
}

/// Those that the kernel has a driver for.
std::vector<model::Nic> read_nics(hwloc_topology* topology) {
  std::vector<model::Nic> nics;
  for (hwloc_obj* at = nullptr; (at = hwloc_get_next_osdev(topology, at)) != nullptr;) {
    if (at->attr->osdev.type != HWLOC_OBJ_OSDEV_OPENFABRICS) continue;
    const hwloc_obj* card = at->parent;
    if (card == nullptr || card->type != HWLOC_OBJ_PCI_DEVICE) continue;
    nics.push_back({.name = at->name,
                    .pci = pci_address(card->attr->pcidev),
                    .numa = domain_index(topology, hwloc_get_non_io_ancestor_obj(topology, at)),
                    .bridges = bridges_above(card)});
  }
  std::sort(nics.begin(), nics.end(), [](const model::Nic& a, const model::Nic& b) {
    return std::tie(a.pci, a.name) < std::tie(b.pci, b.name);
  });
  return nics;
}

std::vector<model::NumaDomain> read_domains(hwloc_topology* topology) {
  std::vector<model::NumaDomain> domains;
  for (hwloc_obj* at = nullptr;
       (at = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, at)) != nullptr;) {
    domains.push_back({.os_index = static_cast<int>(at->os_index),
                       .memory = base::Bytes(at->attr->numanode.local_memory)});
  }
  return domains;
}

}  // namespace

void Machine::Destroy::operator()(hwloc_topology* topology) const {
  hwloc_topology_destroy(topology);
}

base::Result<Machine> Machine::make() {
  hwloc_topology_t topology = nullptr;
  if (hwloc_topology_init(&topology) != 0) {
    return base::fail_errno(errno, "cannot make a hwloc topology");
  }
  return Machine(topology);
}

base::Result<void> Machine::load() {
  hwloc_topology_set_io_types_filter(topology_.get(), HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
  if (hwloc_topology_load(topology_.get()) != 0) {
    return base::fail_errno(errno, "cannot read the hardware with hwloc");
  }
  return {};
}

base::Result<Machine> Machine::this_one() {
  auto machine = make();
  if (!machine) return machine;
  hwloc_topology_set_flags(machine->topology_.get(), HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING);
  if (auto loaded = machine->load(); !loaded) return std::unexpected(std::move(loaded).error());
  return machine;
}

base::Result<Machine> Machine::synthetic(const std::string& description) {
  auto machine = make();
  if (!machine) return machine;
  if (hwloc_topology_set_synthetic(machine->topology_.get(), description.c_str()) != 0) {
    return base::fail(base::Code::invalid,
                      fmt::format("'{}' does not describe a machine (man 7 hwloc)",
                                  base::printable(description)));
  }
  if (auto loaded = machine->load(); !loaded) return std::unexpected(std::move(loaded).error());
  return machine;
}

base::Result<Machine> Machine::from_xml(const std::string& path) {
  auto machine = make();
  if (!machine) return machine;
  if (hwloc_topology_set_xml(machine->topology_.get(), path.c_str()) != 0) {
    return base::fail_errno(errno,
                            fmt::format("cannot read '{}' as XML of hwloc", base::printable(path)));
  }
  if (auto loaded = machine->load(); !loaded) return std::unexpected(std::move(loaded).error());
  return machine;
}

model::Topology Machine::topology() const {
  model::Topology found;
  found.numa = read_domains(topology_.get());
  found.cores = read_cores(topology_.get());
  found.nics = read_nics(topology_.get());
  for (const model::NumaDomain& domain : found.numa) found.memory += domain.memory;
  return found;
}

std::vector<model::Gpu> Machine::pci_gpus() const {
  std::vector<model::Gpu> gpus;
  for (hwloc_obj* at = nullptr; (at = hwloc_get_next_pcidev(topology_.get(), at)) != nullptr;) {
    const auto& pci = at->attr->pcidev;
    if (pci.vendor_id != nvidia || (pci.class_id >> 8U) != display_class) continue;
    const hwloc_obj* near = hwloc_get_non_io_ancestor_obj(topology_.get(), at);
    model::Gpu gpu;
    gpu.pci = pci_address(pci);
    gpu.numa = domain_index(topology_.get(), near);
    gpu.bridges = bridges_above(at);
    gpus.push_back(std::move(gpu));
  }
  std::sort(gpus.begin(), gpus.end(),
            [](const model::Gpu& a, const model::Gpu& b) { return a.pci < b.pci; });
  return gpus;
}

base::Result<std::string> Machine::xml() const {
  char* text = nullptr;
  int size = 0;
  if (hwloc_topology_export_xmlbuffer(topology_.get(), &text, &size, 0) != 0) {
    return base::fail_errno(errno, "cannot write the topology as XML");
  }
  std::string copy(text);
  hwloc_free_xmlbuffer(topology_.get(), text);
  return copy;
}

}  // namespace probe
