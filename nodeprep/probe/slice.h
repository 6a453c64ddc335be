#pragma once
// The part of a machine that is one node: all of it, or a slice where several nodes share it.

#include <optional>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/model/index_set.h"
#include "lib/model/topology.h"

namespace probe {

struct Slice {
  int first_core = 0;
  std::optional<int> n_cores;         // absent: the whole machine
  std::optional<model::GpuSet> gpus;  // absent: all of a whole machine, none of a slice
  std::optional<base::Bytes> memory;  // at most the machine's; absent: in proportion to the cores
  bool shared = false;                // other slices have some of its cores too
};

/// The node's topology, its cores and memory domains numbered anew from 0. Core i of a slice is
/// core (first_core + i) modulo the machine's: a slice larger than the machine has hardware threads
/// several times and is oversubscribed.
///
/// errors: invalid for a GPU that the machine does not have, no cores
base::Result<model::Topology> cut(const model::Topology& machine, const Slice& slice);

}  // namespace probe
