#pragma once
// The nodes that may take work, by what is free on them: where a request finds its candidates
// without a look at every node.

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/check.h"
#include "lib/model/ids.h"
#include "scheduler/core/node_kind.h"

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

  Amounts& operator+=(const Amounts& more) {
    cores += more.cores;
    gpus += more.gpus;
    memory += more.memory;
    return *this;
  }

  Amounts& operator-=(const Amounts& less) {
    base::check(cores >= less.cores && gpus >= less.gpus, "nothing is taken twice");
    cores -= less.cores;
    gpus -= less.gpus;
    memory -= less.memory;
    return *this;
  }

  auto operator<=>(const Amounts&) const = default;  // any order with the fewest cores first
};

/// Of each part the least.
inline Amounts least_of(const Amounts& a, const Amounts& b) {
  return {.cores = std::min(a.cores, b.cores),
          .gpus = std::min(a.gpus, b.gpus),
          .memory = std::min(a.memory, b.memory)};
}

/// Those of one kind.
struct ReadyKind {
  std::map<Amounts, NodesByName> by_free;  // none is empty
  std::size_t n_nodes = 0;
  std::int64_t free_cores = 0;

  bool operator==(const ReadyKind&) const = default;
};

struct ReadyNodes {
  std::map<NodeKind, ReadyKind> kinds;       // none is empty
  std::vector<std::optional<Amounts>> free;  // by number of the node; nullopt: not ready

  bool operator==(const ReadyNodes&) const = default;
};

/// All that nodes of this kind have.
Amounts whole_of(const NodeKind& kind);

/// Enter and leave the index; a node that may not take work is not in it.
void add(ReadyNodes& ready, const Node& node);
void remove(ReadyNodes& ready, const Node& node);

/// More or less is free on the node than the index has.
void change(ReadyNodes& ready, const Node& node);

}  // namespace scheduler
