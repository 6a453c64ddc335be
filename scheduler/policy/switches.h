#pragma once
// The switches above the nodes, and parts of a job under as few of them as can be.

#include <cstddef>
#include <optional>
#include <vector>

#include "scheduler/policy/kinds.h"
#include "scheduler/policy/spread.h"

namespace policy {

class Switches {
 public:
  explicit Switches(const Kinds& kinds);

  /// As spread(), with all nodes under one switch if they can be, the smallest; else under those
  /// of the lowest that have most room. One node needs none.
  std::optional<std::vector<Part>> spread_near(const model::Layout& layout,
                                               std::vector<Shelf> shelves,
                                               const std::vector<Absentee>& absent,
                                               const Marks& marks, const Nodes& nodes) const;

 private:
  struct Switch {
    std::size_t n_nodes;  // under it, that may take work
    bool is_lowest;
  };

  std::vector<std::size_t> nearest(const model::Layout& layout, const std::vector<Shelf>& shelves,
                                   const std::vector<Absentee>& absent) const;

  std::vector<Switch> switches_;                 // the smallest first
  std::vector<std::vector<std::size_t>> above_;  // places in it, by kind
};

}  // namespace policy
