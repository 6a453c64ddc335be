#pragma once
// What is wrong with how the ranks of an MPI step come up, from what its nodes see of them: ranks
// that start alone, and ranks that others wait for in MPI_Init. Says each once.

#include <array>
#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "launcher/map/step_nodes.h"
#include "lib/base/time.h"
#include "lib/model/head_message.h"

namespace mapping {

class Doctor {
 public:
  explicit Doctor(const std::vector<StepNode>& nodes);

  /// Node by place in the step.
  void take(std::size_t node, model::NodeLook look);
  void node_ended(std::size_t node);

  /// Lines for the user, empty when there is nothing to say.
  std::string take_notes();

 private:
  struct Node {
    int stage = -1;  // of its last look
    bool ended = false;
    int n_connected = 0;
    int n_waiting = 0;
    std::vector<model::LoneRank> lone;
  };

  bool have_looked(int stage) const;
  std::string alone_note();
  std::string waiting_note();
  std::string end_note();

  std::vector<StepNode> places_;
  int n_ranks_ = 0;
  std::vector<Node> nodes_;
  std::set<int> told_alone_;
  bool told_waiting_ = false;
  bool told_end_ = false;
};

/// When nodes look at their ranks, after the start of these. From the last look on, ranks that wait
/// for others are spoken of; the look after it is the one at the end of a node's ranks.
constexpr std::array<base::Duration, 2> look_times{std::chrono::seconds(2),
                                                   std::chrono::seconds(5)};

}  // namespace mapping
