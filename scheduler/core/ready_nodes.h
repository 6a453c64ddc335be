#pragma once
// The nodes that may take work, by what is free on them: where a request finds its candidates
// without a look at every node.

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/model/ids.h"

namespace scheduler {

struct Node;

/// Order of names that people expect: n2 before n10.
struct NameOrder {
  bool operator()(const std::string& a, const std::string& b) const {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
};

using NodesByName = std::map<std::string, model::NodeId, NameOrder>;

/// What a node has, or has free.
struct Amounts {
  int cores = 0;
  int gpus = 0;
  base::Bytes memory;

  auto operator<=>(const Amounts&) const = default;  // any order with the fewest cores first
};

/// The sum of what some nodes have.
struct Totals {
  std::int64_t cores = 0;
  std::int64_t gpus = 0;
  base::Bytes memory;

  bool operator==(const Totals&) const = default;
};

/// Those of one pool.
struct ReadyPool {
  std::map<Amounts, NodesByName> by_free;  // none is empty
  std::map<Amounts, std::size_t> by_size;  // how many nodes have so much, free and used
  std::size_t n_nodes = 0;
  std::int64_t free_cores = 0;
  Totals whole;  // of the sizes

  bool operator==(const ReadyPool&) const = default;
};

struct ReadyNodes {
  std::map<std::string, ReadyPool> pools;    // none is empty
  std::vector<std::optional<Amounts>> free;  // by number of the node; nullopt: not ready

  bool operator==(const ReadyNodes&) const = default;
};

/// Enter and leave the index; a node that may not take work is not in it.
void add(ReadyNodes& ready, const Node& node);
void remove(ReadyNodes& ready, const Node& node);

/// More or less is free on the node than the index has.
void change(ReadyNodes& ready, const Node& node);

}  // namespace scheduler
