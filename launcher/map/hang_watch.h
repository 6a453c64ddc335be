#pragma once
// Whether a step hangs, from what its nodes say of their ranks.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/hang_limit.h"
#include "lib/model/head_message.h"
#include "lib/model/ids.h"

namespace mapping {

/// Node by place in the step.
class HangWatch {
 public:
  HangWatch(model::HangLimit limit, std::size_t n_nodes);

  void take(std::size_t node, const model::NodeIdle& idle);
  /// Its ranks have ended: they are not waited for.
  void node_ended(std::size_t node);

  /// The failure of a step all of whose nodes that have ranks left were idle for the limit when
  /// they last said how idle they are, twice where there are several; nullopt: not yet, or it was
  /// given before.
  std::optional<model::Failure> take_hang(const model::LaunchKey& key);

 private:
  struct Node {
    std::optional<model::NodeIdle> said;
    int n_in_a_row = 0;  // of its last words: that it was idle for the limit
    bool ended = false;
  };

  model::HangLimit limit_;
  std::vector<Node> nodes_;
  bool is_told_ = false;
};

/// How often a node looks at its ranks and says how idle they are.
base::Duration look_interval(const model::HangLimit& limit);

}  // namespace mapping
