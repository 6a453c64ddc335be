#pragma once
// The nodes that may take work by what is free on them now, as a pass leaves them: the state's
// index, but for the nodes that the pass has taken from.

#include <map>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/layout.h"
#include "scheduler/core/view.h"
#include "scheduler/policy/spread.h"

namespace policy {

/// What one job asks for.
struct Request {
  const model::Layout& layout;
  base::Duration duration;  // Duration::max(): no end is known
  std::vector<bool> pools;  // allowed, by place in View::pools
};

class FreeNodes {
 public:
  /// cost: O(different amounts that are free on nodes)
  explicit FreeNodes(const scheduler::View& view);

  std::size_t n_nodes() const { return n_nodes_; }
  const Marks& marks() const { return marks_; }
  Whereabouts mark_of(model::NodeId node) const { return marks_[node.number()]; }

  /// Its place in View::pools; behind the last when it is not there.
  std::size_t pool_of(const scheduler::Node& node) const;

  /// May the request run on this node, as far as pools are concerned?
  bool allows(const Request& request, const scheduler::Node& node) const;

  /// Those that have room for a part of the request; none that was set apart.
  std::vector<Shelf> shelves(const Request& request) const;

  /// The room on each of them.
  Roominess roominess(const Request& request) const;

  /// What is free on the node has become less.
  void move(const scheduler::Node& node, const scheduler::Amounts& from,
            const scheduler::Amounts& to);

  /// From now on the node is to be looked at by itself.
  void set_apart(const scheduler::Node& node, const scheduler::Amounts& free);

 private:
  /// A group of the state's index; what is not marked as being there has left it.
  struct Rest {
    scheduler::Amounts free;
    scheduler::NodesByName::const_iterator first;  // still there, if any is
    scheduler::NodesByName::const_iterator last;
    std::size_t n_nodes;
  };
  struct Pool {
    std::vector<Rest> rest;  // in order of what is free
    std::map<scheduler::Amounts, scheduler::NodesByName> moved;
  };

  void leave(const scheduler::Node& node, const scheduler::Amounts& free, Whereabouts to);
  template <class Visit>
  void for_each_group(const Request& request, Visit visit) const;

  const std::vector<std::string>& pool_names_;
  std::vector<Pool> pools_;  // by place in View::pools
  Marks marks_;
  std::size_t n_nodes_ = 0;
};

}  // namespace policy
