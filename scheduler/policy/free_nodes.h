#pragma once
// The nodes that may take work by what is free on them now, as a pass leaves them: the state's
// index, but for the nodes that the pass has taken from.

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "scheduler/core/view.h"
#include "scheduler/policy/kinds.h"
#include "scheduler/policy/spread.h"

namespace policy {

class FreeNodes {
 public:
  /// cost: O(different amounts that are free on nodes)
  FreeNodes(const scheduler::View& view, const Kinds& kinds);

  std::size_t n_nodes() const { return n_nodes_; }
  const Marks& marks() const { return marks_; }
  Whereabouts mark_of(model::NodeId node) const { return marks_[node.number()]; }

  /// Those of these kinds that have room for so many tasks of the request, or more; none that was
  /// set apart.
  std::vector<Shelf> shelves(const Request& request, const KindSet& kinds, int least) const;

  /// The room on each of them.
  Roominess roominess(const Request& request, const KindSet& kinds) const;

  /// On all nodes of a kind.
  std::int64_t free_cores(std::size_t kind) const { return groups_[kind].free_cores; }

  /// What is free on the node, which has this kind, has become less.
  void move(const scheduler::Node& node, std::size_t kind, const scheduler::Amounts& from,
            const scheduler::Amounts& to);

  /// From now on the node is to be looked at by itself.
  void set_apart(const scheduler::Node& node, std::size_t kind, const scheduler::Amounts& free);

  /// A pass has taken cores of a node of the kind.
  void take_cores(std::size_t kind, int n) { groups_[kind].free_cores -= n; }

 private:
  /// A group of the state's index; what is not marked as being there has left it.
  struct Rest {
    scheduler::Amounts free;
    scheduler::NodesByName::const_iterator first;  // still there, if any is
    scheduler::NodesByName::const_iterator last;
    std::size_t n_nodes;
  };
  struct Groups {
    scheduler::Amounts whole;
    std::vector<Rest> rest;  // in order of what is free
    std::map<scheduler::Amounts, scheduler::NodesByName> moved;
    std::int64_t free_cores;
  };

  void leave(const scheduler::Node& node, std::size_t kind, const scheduler::Amounts& free,
             Whereabouts to);
  template <class Visit>
  void for_each_group(const Request& request, const KindSet& kinds, int least, Visit visit) const;

  std::vector<Groups> groups_;  // by place in Kinds
  Marks marks_;
  std::size_t n_nodes_ = 0;
};

}  // namespace policy
