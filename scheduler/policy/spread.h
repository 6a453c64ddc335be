#pragma once
// Tasks over nodes: who takes how many, when each node's room is known.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/model/layout.h"
#include "scheduler/core/view.h"

namespace policy {

struct Place {
  const std::string* name;
  model::NodeId node;
};

/// Where a search meets a node: in the state's index, in that of a pass, or by itself.
enum class Whereabouts : std::uint8_t { state, pass, alone };

/// By number of the node.
using Marks = std::vector<Whereabouts>;

using scheduler::Nodes;

/// Nodes with room for as many tasks of a request: one, or those of a range that are marked
/// `farthest` at most.
struct Shelf {
  int room;
  std::optional<model::NodeId> alone;
  scheduler::NodesByName::const_iterator first{};
  scheduler::NodesByName::const_iterator last{};
  Whereabouts farthest{};
  std::size_t n_nodes = 1;
  std::size_t kind = 0;  // of the nodes, by place in Kinds
};

/// A node that a shelf counts, but that does not stand there for this request.
struct Absentee {
  std::size_t kind;
  int room;
};

struct Part {
  Place place;
  int tasks;
};

/// No node stands on two shelves. Nodes are filled that have the least room to spare, so that the
/// roomy ones stay for large parts; where no number of nodes is asked for, one node that takes all
/// tasks, else the fewest that do. Equal ones in the order of their names.
/// cost: O(shelves x log shelves + parts)
std::optional<std::vector<Part>> spread(const model::Layout& layout, std::vector<Shelf> shelves,
                                        const Marks& marks, const Nodes& nodes);

/// The least number of tasks on a node that is of any use.
int least_room(const model::Layout& layout);

/// One node that takes all tasks is the best there is wherever there may be one, so that it is
/// looked for first: `place` gets the least number of tasks that a node is to have room for.
template <class Place>
auto place_best(const model::Layout& layout, Place place) -> decltype(place(1)) {
  const bool may_be_one = layout.nodes.value_or(1) == 1;
  if (may_be_one) {
    if (auto found = place(layout.tasks)) return found;
  }
  if (layout.nodes == 1) return std::nullopt;
  return place(least_room(layout));
}

/// On as many nodes as can be, from `fewest` to `most` of them: `place` gets a number of nodes.
/// More are taken to be harder to find than fewer.
template <class Place>
auto place_on_most(int fewest, int most, Place place) -> decltype(place(1)) {
  auto best = place(fewest);
  if (!best) return best;
  int fits = fewest;
  for (int too_many = most + 1; too_many - fits > 1;) {
    const int middle = fits + (too_many - fits) / 2;
    auto found = place(middle);
    (found ? fits : too_many) = middle;
    if (found) best = std::move(found);
  }
  return best;
}

/// Keeps count, as rooms change, of whether spread() would find a way.
class Roominess {
 public:
  explicit Roominess(const model::Layout& layout);

  void add(int room, std::size_t n_nodes);
  void change(int room_before, int room_now);
  bool is_enough() const;

 private:
  void count(int room, std::int64_t n_nodes);

  int n_nodes_;      // asked for; 0: any number
  int tasks_;        // in all
  int more_tasks_;   // of the nodes that take one more
  int fewer_tasks_;  // of the others
  int n_with_more_;  // nodes that take one more
  std::int64_t total_ = 0;
  std::int64_t n_for_more_ = 0;  // nodes with room for `more_tasks_`
  std::int64_t n_for_fewer_ = 0;
};

}  // namespace policy
