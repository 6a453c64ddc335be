#include "nodeprep/probe/node.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "lib/loop/process_table.h"
#include "lib/nvml/nvml.h"
#include "nodeprep/probe/features.h"
#include "nodeprep/probe/gpus.h"
#include "nodeprep/probe/machine.h"
#include "nodeprep/probe/memory.h"

namespace probe {

namespace {

base::Result<model::Topology> whole_machine(const Machine& machine) {
  model::Topology topology = machine.topology();
  if (const auto limit = memory_limit()) topology.memory = std::min(topology.memory, *limit);
  auto known = nvml::read_gpus();
  if (!known && known.error().code != base::Code::not_found) {
    return std::unexpected(std::move(known).error().in("the NVIDIA driver is there but not well"));
  }
  topology.gpus = merge_gpus(machine.pci_gpus(), known ? std::optional(*known) : std::nullopt);
  return topology;
}

}  // namespace

base::Result<Found> probe_node(const Request& request) {
  const auto machine = Machine::this_one();
  if (!machine) return std::unexpected(machine.error());
  auto xml = machine->xml();
  if (!xml) return std::unexpected(std::move(xml).error());
  const auto whole = whole_machine(*machine);
  if (!whole) return std::unexpected(whole.error());
  auto topology = cut(*whole, request.slice);
  if (!topology) return std::unexpected(std::move(topology).error());
  auto boot = loop::boot_id();
  if (!boot) return std::unexpected(std::move(boot).error());
  utsname system{};
  if (uname(&system) != 0) return base::fail_errno(errno, "cannot read the kernel's name");
  return Found{.node = {.name = request.name,
                        .pool = request.pool,
                        .hostname = system.nodename,
                        .address = request.address,
                        .boot_id = *std::move(boot),
                        .kernel = system.release,
                        .version = request.version,
                        .topology = *std::move(topology),
                        .features = find_features(system.release)},
               .topology_xml = *std::move(xml)};
}

}  // namespace probe
