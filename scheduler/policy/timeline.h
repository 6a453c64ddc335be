#pragma once
// What is free on each node from now on: running jobs give back what they hold when they are
// expected to end, and reservations take it again.

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/id_map.h"
#include "scheduler/policy/free_nodes.h"
#include "scheduler/policy/kinds.h"
#include "scheduler/policy/lane.h"
#include "scheduler/policy/licenses.h"
#include "scheduler/policy/switches.h"

namespace policy {

using scheduler::Amounts;

/// Where a job would be.
struct Placement {
  base::Time start;
  std::vector<Part> parts;
};

/// Only nodes that the pass takes from have a lane; all others are as the state's indexes say.
class Timeline {
 public:
  /// Of the nodes that may take work.
  /// cost: O(different amounts that are free on nodes + jobs that hold licenses)
  Timeline(const scheduler::View& view, base::Time now);

  /// On the nodes that the request had before, as many as can be; else on those that have the least
  /// to spare (spread.h).
  /// cost: O(different free amounts with enough cores + nodes with reservations + parts)
  std::optional<Placement> place_now(const Request& request) const;

  /// The first moment at which a request that does not fit now fits for all its duration; nullopt
  /// when no known end of a job makes room for it.
  /// cost: O(jobs that end until then + moments until then x nodes with reservations)
  std::optional<Placement> place_later(const Request& request) const;

  /// On the nodes that have the least to spare from `start` on.
  /// cost: as place_later
  std::optional<Placement> place_at(const Request& request, base::Time start) const;

  /// Would it fit if nothing ran but what outlived SIGKILL?
  /// cost: O(different nodes + nodes where something did)
  bool fits_when_empty(const Request& request) const;

  /// Is there room for the placement, all the time?
  bool is_free(const Request& request, const Placement& placement) const;

  /// From now on the running job counts as over from `at` on; and back to what was.
  void end_early(const scheduler::Job& job, base::Time at);
  void end_as_expected(const scheduler::Job& job, base::Time at);

  /// May the request use this node, at some time?
  bool allows(const Request& request, model::NodeId node) const;

  /// Are only the licenses that it asks for not there now?
  bool lacks_licenses(const Request& request) const;

  /// Would it start now if nothing were booked?
  bool would_fit_without_bookings(const Request& request) const;

  const Kinds& kinds() const { return kinds_; }

  /// How many tasks of the request the node could take now if these jobs were not there.
  int tasks_without(const Request& request, model::NodeId node,
                    const std::vector<const scheduler::Job*>& jobs) const;

  /// Takes for a part of the request what there is on the node from `from` until `to`.
  void hold(const Request& request, model::NodeId node, base::Time from, base::Time to);

  /// Takes the licenses of the request, from then until then.
  void hold_licenses(const Request& request, base::Time from, base::Time to);

  /// Takes what the placement holds from its start for the duration.
  void reserve(const Request& request, const Placement& placement);

  /// The same from now on, with concrete cores and GPUs.
  model::Allocation allocate(const Request& request, const Placement& placement);

 private:
  class Walk;
  struct EndOfStarted {
    base::Time at;
    model::NodeId node;
    model::Demand demand;
  };
  /// A node that a request had before, and its room for it.
  struct Former {
    model::NodeId node;
    std::size_t kind;
    int room;
  };
  /// Of which more is to be known than what is free now.
  struct Apart {
    const Lane* lane;
    std::size_t kind;
  };

  bool is_hopeless(const Request& request, const KindSet& open) const;
  bool is_for_one_node(const model::Layout& layout) const;
  Amounts free_now(model::NodeId node) const;
  Amounts whole(std::size_t kind) const { return scheduler::whole_of(kinds_.kind(kind)); }
  Amounts whole_of(model::NodeId node) const;
  Amounts usable_of(model::NodeId node) const;
  /// What comes free then: not what is held back.
  Amounts amounts_of(const scheduler::Return& each) const;
  std::optional<Placement> place_on_nodes(const Request& request, const KindSet& open) const;
  std::vector<Former> former_of(const Request& request, const KindSet& open) const;
  std::optional<Placement> place_again(const Request& request, const KindSet& open) const;
  std::optional<Placement> place_others(const Request& request, const model::Layout& rest,
                                        const std::vector<Former>& former,
                                        const KindSet& open) const;
  std::optional<Placement> place_on_roomy(const Request& request, const KindSet& open,
                                          int least) const;
  std::optional<Placement> spread_over(const Request& request, std::vector<Shelf> shelves,
                                       const std::vector<Absentee>& absent, const Marks& marks,
                                       base::Time at) const;
  std::vector<Absentee> bar(const Request& request, const KindSet& open, Marks& marks) const;
  void count_cores(const scheduler::Job& job, int sign);
  Lane& lane_of(model::NodeId node);
  Lane& set_apart(model::NodeId node);
  template <class Change>
  void change_until_end(const scheduler::Job& job, base::Time at, Change change);

  const scheduler::State& state_;
  base::Time now_;
  Kinds kinds_;
  Switches switches_;
  FreeNodes nodes_;
  FreeLicenses licenses_;
  base::IdMap<model::NodeId, Lane> lanes_;
  std::vector<Apart> apart_;
  bool has_reservations_ = false;
  std::vector<EndOfStarted> ends_of_started_;  // by this pass
};

}  // namespace policy
