#pragma once
// What is free on each node from now on: running jobs give back what they hold when they are
// expected to end, and reservations take it again.

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/layout.h"
#include "scheduler/core/view.h"

namespace policy {

/// What one job asks of the timeline.
struct Request {
  const model::Layout& layout;
  base::Duration duration;  // Duration::max(): no end is known
  std::vector<bool> pools;  // allowed, by place in View::pools
};

/// Where a job would be, by lanes of one timeline.
struct Placement {
  struct Part {
    std::size_t lane;
    int tasks;
  };
  base::Time start;
  std::vector<Part> parts;
};

class Timeline {
 public:
  /// Of the nodes that may take work.
  /// cost: O(nodes)
  Timeline(const scheduler::View& view, base::Time now);

  /// On the nodes that have the least to spare (spread.h).
  std::optional<Placement> place_now(const Request& request) const;

  /// The first moment at which a request that does not fit now fits for all its duration; nullopt
  /// when no known end of a job makes room for it.
  /// cost: O(nodes + jobs that end until then) before the first reservation, then O(moments x
  /// nodes)
  std::optional<Placement> place_later(const Request& request);

  /// On the nodes that have the least to spare then.
  std::optional<Placement> place_at(const Request& request, base::Time start) const;

  /// Would it fit if nothing ran?
  bool fits_when_empty(const Request& request) const;

  /// Is there room for the placement, all the time?
  bool is_free(const Request& request, const Placement& placement) const;

  /// From now on the running job counts as over from `at` on; and back to what was.
  void end_early(const scheduler::Job& job, base::Time at);
  void end_as_expected(const scheduler::Job& job, base::Time at);

  /// May the request use this node?
  bool allows(const Request& request, model::NodeId node) const;

  /// How many tasks of the request the node could take now if these jobs were not there.
  int tasks_without(const Request& request, model::NodeId node,
                    const std::vector<const scheduler::Job*>& jobs) const;

  /// Takes what the placement holds from its start for the duration.
  void reserve(const Request& request, const Placement& placement);

  /// The same from now on, with concrete cores and GPUs.
  model::Allocation allocate(const Request& request, const Placement& placement);

 private:
  struct Amount {
    int cores = 0;
    int gpus = 0;
    base::Bytes memory;
  };
  /// Free until the next step; the last one for ever.
  struct Step {
    base::Time from;
    Amount free;
  };
  /// One node. What its running jobs give back is added when something is taken from it: until then
  /// it only ever has more than now.
  struct Lane {
    const scheduler::Node* node;
    std::size_t pool;
    model::CoreSet cores_taken;  // by this pass
    model::GpuSet gpus_taken;
    std::vector<Step> steps;
    bool has_ends = false;
  };

  static void give_back(Amount& free, const model::NodeShare& share);
  static void take_again(Amount& free, const model::NodeShare& share);
  static Amount least(const Lane& lane, base::Time start, base::Time end);
  static std::size_t split(Lane& lane, base::Time at);
  static std::optional<base::Time> earliest_on(const Lane& lane, const model::Demand& demand,
                                               base::Duration duration);

  bool allows(const Request& request, const Lane& lane) const { return request.pools[lane.pool]; }
  bool is_hopeless_now(const Request& request) const;
  bool is_for_one_node(const model::Layout& layout) const;
  std::optional<std::size_t> lane_of(model::NodeId node) const;
  base::Time when_known(base::Time expected_end) const;
  void add_ends(Lane& lane);
  template <class Change>
  void change_until_end(const scheduler::Job& job, base::Time at, Change change);
  void take(Lane& lane, const model::Demand& demand, base::Time start, base::Time end);
  std::optional<Placement> place_first(const Request& request) const;
  std::optional<Placement> place_on_one(const Request& request, int tasks) const;
  std::vector<base::Time> changes(const Request& request) const;

  const scheduler::State& state_;
  base::Time now_;
  std::vector<Lane> lanes_;
  std::vector<std::optional<std::size_t>> lane_by_node_;  // by number of the node
  std::vector<std::int64_t> free_cores_by_pool_;          // now
  std::multimap<base::Time, std::pair<std::size_t, model::Demand>>
      ends_of_started_;  // by this pass
  bool has_reservations_ = false;
};

}  // namespace policy
