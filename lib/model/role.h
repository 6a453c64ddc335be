#pragma once
// Roles: groups of a step's ranks with a command of their own, such as parameter servers and
// workers.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"

namespace model {

struct Role {
  std::string name;  // a lower-case letter, then letters, digits and '-'
  int count = 1;     // ranks; of each node if per_node
  bool per_node = false;
  bool serves = false;  // the step does not wait for these ranks: it ends them after all others
  std::optional<int> cores;           // of each rank; absent: as those of a step without roles
  std::optional<int> gpus;            // the same
  std::optional<base::Bytes> memory;  // of each rank, in whole KiB, in the request of its node
  std::string command;                // for /bin/sh; empty: the step's program

  bool operator==(const Role&) const = default;
};

using Roles = std::vector<Role>;

/// "worker:4:cores=4:gpus=1:memory=8G", "ps:1:per-node=./server --verbose", "cache:1:serves". A
/// role named ps always serves.
base::Result<Role> role_from_text(std::string_view text);
std::string to_text(const Role& role);

/// Whether ranks of some role have cores, GPUs or memory of their own.
bool have_resources(const Roles& roles);

/// Names are different, and the step waits for one role at least.
base::Result<void> check_roles(const Roles& roles);

/// Ranks of all roles together on so many nodes.
/// errors    invalid: roles per node without a number of nodes
base::Result<int> n_ranks(const Roles& roles, std::optional<int> n_nodes);

/// Which rank of which role somebody is.
struct RolePlace {
  std::size_t role = 0;  // in Roles
  int index = 0;         // of the rank in its role, from 0

  bool operator==(const RolePlace&) const = default;
};

/// The roles of all ranks, by rank: each role is spread over the nodes as evenly as its number
/// allows, earlier nodes first, and on a node the roles follow each other in their order.
///
/// n_tasks   ranks of each node; their sum is n_ranks(roles)
std::vector<RolePlace> place_roles(const Roles& roles, const std::vector<int>& n_tasks);

}  // namespace model
