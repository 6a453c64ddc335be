#pragma once
// How a step binds its ranks to hardware threads and GPUs, as far as its user says. The words are
// those of Open MPI; Slurm's are translated by muster run.

#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/topology.h"

namespace model {

/// What of the job's share a rank may use: its own cores, or all of the memory domains or sockets
/// that these are in.
enum class BindTo { none, core, numa, socket };

/// Where the cores of the next rank are: the next ones, or in the next memory domain or socket.
enum class MapBy { core, numa, socket };

/// Which GPUs of the job's share a rank sees.
enum class GpuBind {
  none,     // all: it is not bound
  closest,  // those nearest to its cores
  single,   // one, with up to `ranks_per_gpu` ranks each
  map,      // the one that `gpus` names
};

/// Where the kernel takes the memory of a rank from, which else is what it has near the core that
/// touches it first, or then elsewhere.
enum class MemBind {
  none,
  local,       // the memory domains of its cores, and no others
  prefer,      // these first
  interleave,  // these in turn, page by page
};

struct Binding {
  bool by_node = false;           // ranks go round the nodes one by one; else in blocks
  std::optional<BindTo> bind_to;  // absent: core, or none where there are too few
  std::optional<MapBy> map_by;    // absent: near the GPUs, else even over memory domains
  bool one_thread = false;        // of each core
  std::vector<CpuSet> cpus;       // of the ranks of a node, in turn; in place of all above
  std::optional<GpuBind> gpu_bind;
  int ranks_per_gpu = 0;    // of GpuBind::single
  std::vector<int> gpus;    // of GpuBind::map: places in the share, for the ranks of a node in turn
  bool overcommit = false;  // more ranks than cores are no mistake
  MemBind mem_bind = MemBind::none;
  bool fill = false;  // the ranks of a node share out all cores there, in place of so many each

  bool operator==(const Binding&) const = default;
};

std::string_view to_text(BindTo bind_to);
std::string_view to_text(MapBy map_by);
std::string_view to_text(GpuBind gpu_bind);
std::string_view to_text(MemBind mem_bind);
std::optional<BindTo> bind_to_from_text(std::string_view text);
std::optional<MapBy> map_by_from_text(std::string_view text);
std::optional<GpuBind> gpu_bind_from_text(std::string_view text);
std::optional<MemBind> mem_bind_from_text(std::string_view text);

/// Refuses what contradicts itself, whatever the machine, in the words of muster run's options.
///
/// gpus_per_task   what the step asks for besides
base::Result<void> check(const Binding& binding, std::optional<int> gpus_per_task);

}  // namespace model
