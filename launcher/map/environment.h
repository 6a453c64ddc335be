#pragma once
// The environment of batch scripts and ranks: what the user gave, and what Muster tells them.
// The names are documented in muster-launch(8).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "launcher/map/placement.h"
#include "lib/model/job.h"
#include "lib/model/launch.h"
#include "lib/model/topology.h"

namespace mapping {

/// What the launcher knows beside the order.
struct LaunchPlace {
  std::string programs;                       // folder of muster's programs, put in front of PATH
  std::string launch_id;                      // marks every process of the launch
  std::string checkpoint_file;                // of a batch launch: touched when its work is safe
  std::optional<std::uint16_t> meeting_port;  // of a batch launch: where ranks may meet
  std::string open_mpi_hosts;   // of a batch launch: path of a host_files.h; empty: none
  std::string hydra_hosts;      // the same
  std::string pbs_nodes;        // of a batch launch of a job from PBS: of a pbs_environment.h
  std::int64_t started_at = 0;  // of a batch launch: seconds since 1970
  std::string session_dir;      // of a step: a private folder in memory
  std::string pml;              // of a step: what Open MPI is kept from looking for; empty: nothing
  std::vector<std::string> addresses;  // of a step with roles: where each rank may listen, by rank
  bool has_pmix = false;               // a PMIx server serves the ranks
  std::string job_tmp;                 // of the attempt, on this node; empty: none
  std::string shared_tmp;              // of the attempt, on all its nodes; empty: none
  std::string job_mounts;              // folder of the attempt's mounts; empty: none
  std::string container;               // folder of its container; empty: there is none
  std::string session_root;            // where session_dir is made; empty: in memory of the node
  std::string interface;               // of the network on which own_host() is; empty: not known
};

/// Under which the ranks of the order's node are reached by the others: its address, or loopback
/// where all nodes of the job are one machine, whatever their names resolve to.
std::string own_host(const model::LaunchOrder& order);
/// With a port: "10.0.0.1:20000", "[fd00::1]:20000".
std::string own_address(const model::LaunchOrder& order, std::uint16_t port);

/// In the job's directory, which all its nodes share as a rule; the file is not there when the step
/// starts, and is removed when it ends. No other step or attempt has the same.
std::string rendezvous_file(const model::LaunchOrder& order);

/// With these in front, PATH leads to Muster's programs, to the starters of MPI, which are `muster
/// run`, and to the commands of other schedulers.
std::string folders_of(const std::string& programs);

model::Environment environment_of_script(const model::LaunchOrder& order,
                                         const model::Topology& topology, const LaunchPlace& place);

/// As that of the script, on any node.
model::Environment environment_of_preparation(const model::LaunchOrder& order,
                                              const model::Topology& topology,
                                              const LaunchPlace& place);

/// Without what the PMIx server adds, and PMI_FD. What the user set wins over every tuning value of
/// ours; names by which another launcher's PMIx or PMI would be found are removed. The task of a
/// step that is like the script has the script's, and what the step brings wins.
model::Environment environment_of_rank(const model::LaunchOrder& order,
                                       const model::Topology& topology, const LaunchPlace& place,
                                       const Placement& placement, const RankPlace& rank);

}  // namespace mapping
