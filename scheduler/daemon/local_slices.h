#pragma once
// How one machine is cut into the nodes of the local pools. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "conf/config.h"
#include "lib/base/bytes.h"
#include "scheduler/core/pool.h"

namespace musterd {

struct Machine {
  int cores = 1;
  base::Bytes memory;
};

/// The part of the machine that is one node.
struct LocalSlice {
  std::string name;
  std::string pool;
  int first_core = 0;
  int cores = 1;
  bool shared = false;  // the slices together have more cores than the machine
  std::vector<int> gpus;
  base::Bytes memory;
  std::string containment;  // as of its pool

  bool operator==(const LocalSlice&) const = default;
};

/// Cores and GPUs are given out in order, over all pools. Nodes are named n1, n2 ..., and with
/// several pools POOL-n1, ....
std::vector<LocalSlice> cut(const std::vector<conf::Pool>& pools, const Machine& machine);

/// The pools for the core: the nodes that each can have are its slices, or what a program is to
/// make.
std::vector<scheduler::ProvidedPool> provided_pools(const std::vector<conf::Pool>& pools,
                                                    const std::vector<LocalSlice>& slices);

}  // namespace musterd
