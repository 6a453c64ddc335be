#pragma once
// What `muster doctor` measures on the nodes of a pool and on the links between them, and what it
// finds.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/model/gpu_check.h"
#include "lib/model/topology.h"

namespace model {

struct FolderSpace {
  std::string path;
  base::Bytes free;
  std::string problem;  // why nothing can be written there; empty: it can

  bool operator==(const FolderSpace&) const = default;
};

/// What a node says of itself.
struct NodeFacts {
  std::string host_name;
  std::string unresolved;                        // why the name has no address; empty: it has
  bool is_loopback = false;                      // its only address is one of the machine itself
  std::vector<FolderSpace> folders;              // for temporary files, and the job's
  std::optional<base::Bytes> memlock;            // limit on locked memory; absent: none
  std::vector<std::string> fabric;               // devices of InfiniBand and its like
  std::string stack_tool;                        // that prints stacks of processes; empty: none
  CpuSet cpus;                                   // that the rank may use
  CpuSet wanted_cpus;                            // that the launcher wants it to; empty: any
  std::map<std::string, std::string> libraries;  // versions by name, of those found
  int n_gpus = 0;

  bool operator==(const NodeFacts&) const = default;
};

/// What the program that checks GPUs said on a node.
struct GpuChecks {
  std::string problem;  // why it said nothing; empty: it did
  std::vector<GpuCheck> gpus;
  int n_given = 0;  // GPUs that the rank was given; 0: it was not told

  bool operator==(const GpuChecks&) const = default;
};

struct NodeCheck {
  std::string node;
  std::string problem;            // why the rest is not known; empty: it is
  std::string machine;            // the same for nodes that share one
  base::Duration clock_offset{};  // of its clock before that of the first node
  NodeFacts facts;
  std::optional<GpuChecks> gpu_checks;  // absent: not asked for

  bool operator==(const NodeCheck&) const = default;
};

/// From one node to the next in the ring.
struct Hop {
  std::string from;
  std::string to;
  std::string problem;       // why it could not be measured; empty: it was
  base::Duration latency{};  // of a message and its answer, the best of several
  std::uint64_t bytes_per_second = 0;

  bool operator==(const Hop&) const = default;
};

struct Allreduce {
  std::string problem;             // why it was not done; empty: it was
  std::vector<std::string> wrong;  // nodes with wrong sums
  base::Duration token{};          // once round the ring
  base::Bytes size;                // of what was summed up, on each node
  base::Duration took{};

  bool operator==(const Allreduce&) const = default;
};

/// The ranks met through their launchers, as those of an MPI program do at its start.
struct StartUpCheck {
  std::string problem;  // why they did not; empty: they did
  base::Duration took{};

  bool operator==(const StartUpCheck&) const = default;
};

struct Finding {
  std::string where;  // "n3", "n2 -> n3"
  std::string found;
  std::string expected;
  std::string advice;

  bool operator==(const Finding&) const = default;
};

/// A node that was not looked at.
struct LeftOut {
  std::string node;
  std::string why;

  bool operator==(const LeftOut&) const = default;
};

struct DoctorReport {
  std::vector<NodeCheck> nodes;  // in the order of the ring
  std::vector<Hop> hops;
  std::optional<Allreduce> allreduce;    // absent with less than two nodes
  std::optional<StartUpCheck> start_up;  // absent: not tried
  std::vector<Finding> findings;
  std::vector<std::string> notes;
  std::vector<LeftOut> left_out;

  bool operator==(const DoctorReport&) const = default;
};

}  // namespace model
