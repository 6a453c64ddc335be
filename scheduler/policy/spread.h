#pragma once
// Tasks over nodes: who takes how many, when each node's room is known.

#include <optional>
#include <utility>
#include <vector>

#include "lib/model/layout.h"

namespace policy {

/// Places in `rooms` and tasks there. `rooms` has the most tasks that each node can take. Nodes are
/// filled that have the least room to spare, so that the roomy ones stay for large parts; where no
/// number of nodes is asked for, one node that takes all tasks, else the fewest that do. Equal ones
/// in their order.
std::optional<std::vector<std::pair<std::size_t, int>>> spread(const model::Layout& layout,
                                                               const std::vector<int>& rooms);

/// Keeps count, as rooms change, of whether spread() would find a way.
class Roominess {
 public:
  explicit Roominess(const model::Layout& layout);

  void change(int room_before, int room_now);
  bool is_enough() const;

 private:
  int n_nodes_;      // asked for; 0: any number
  int tasks_;        // in all
  int more_tasks_;   // of the nodes that take one more
  int fewer_tasks_;  // of the others
  int n_with_more_;  // nodes that take one more
  std::int64_t total_ = 0;
  int n_for_more_ = 0;  // nodes with room for `more_tasks_`
  int n_for_fewer_ = 0;
};

}  // namespace policy
