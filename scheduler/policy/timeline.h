#pragma once
// What is free on each node from now on: running jobs give back what they hold when they are
// expected to end, and reservations take it again.

#include <cstdint>
#include <optional>
#include <string>
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
  /// cost: O(nodes + running jobs)
  Timeline(const scheduler::View& view, base::Time now);

  /// On first-fitting nodes in the order of their names: one that takes all tasks if there is one
  /// and no number of nodes is asked for.
  std::optional<Placement> place_at(const Request& request, base::Time start) const;

  /// The first moment at which the request fits for all its duration; nullopt when no known end of
  /// a job makes room for it.
  std::optional<Placement> place_earliest(const Request& request) const;

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
  struct Lane {
    const scheduler::Node* node;
    std::size_t pool;
    model::CoreSet cores;  // free now
    model::GpuSet gpus;
    std::vector<Step> steps;
  };

  static Amount least(const Lane& lane, base::Time start, base::Time end);
  static std::size_t split(Lane& lane, base::Time at);
  static void take(Lane& lane, const model::Demand& demand, base::Time start, base::Time end);
  static std::optional<base::Time> earliest_on(const Lane& lane, const model::Demand& demand,
                                               base::Duration duration);

  void add_ends(const scheduler::State& state);
  bool allows(const Request& request, const Lane& lane) const { return request.pools[lane.pool]; }
  std::vector<int> rooms(const Request& request, base::Time start) const;
  std::optional<Placement> earliest_on_one(const Request& request, int tasks) const;
  std::vector<base::Time> changes(const Request& request) const;

  base::Time now_;
  std::vector<Lane> lanes_;
};

}  // namespace policy
