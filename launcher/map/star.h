#pragma once
// What the head of a step decides: it gathers fences, keeps the names that ranks publish, passes on
// modex requests, output and signals, takes the first failure as the step's, sees whether the step
// hangs and how its ranks come up, and knows when it has ended. Pure: messages go in, messages come
// out.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "launcher/map/doctor.h"
#include "launcher/map/hang_watch.h"
#include "launcher/map/step_nodes.h"
#include "lib/model/head_message.h"
#include "lib/model/launch.h"

namespace mapping {

struct ToNode {
  std::size_t node = 0;  // place in step_nodes
  model::HeadMessage message;
};
struct ToClient {
  model::HeadMessage message;
};
using StarOutput = std::variant<ToNode, ToClient>;

class Star {
 public:
  explicit Star(const model::LaunchOrder& order);

  /// Nodes are named by their place in step_nodes(order); the head's own is 0.
  void from_node(std::size_t node, model::HeadMessage message);
  /// The node's launcher is gone, or has not come; a failure unless its ranks have ended.
  void node_closed(std::size_t node, std::string why);
  void from_client(model::HeadMessage message);
  /// Ends the step on all nodes. Only the first failure counts.
  void fail(model::Failure why);

  /// Messages to send, in order, since the last call.
  std::vector<StarOutput> take_outputs();

  const std::vector<StepNode>& nodes() const { return nodes_; }
  bool is_closed(std::size_t node) const { return states_[node].closed; }
  /// Every node is closed.
  bool has_ended() const;
  model::StepResult result() const;

 private:
  struct NodeState {
    bool ended = false;  // said that its ranks have ended
    bool works = true;   // has ranks that the step waits for
    bool closed = false;
  };
  struct Gathering {
    std::map<std::size_t, std::string> parts;  // by node
  };
  struct FenceKey {
    model::FenceProtocol protocol = model::FenceProtocol::pmix;
    std::vector<int> ranks;
    std::uint32_t number = 0;
    auto operator<=>(const FenceKey&) const = default;
  };

  std::vector<std::size_t> participants(const std::vector<int>& ranks) const;
  void gather(std::size_t node, model::Fence fence);
  void miss_ended(const FenceKey& key);
  void take_name(std::size_t node, const model::NameRequest& request);
  void pass_on(const model::ModexRequest& request);
  void pass_back(model::ModexReply reply);
  void take_end(std::size_t node, const model::NodeEnded& end);
  void take_work_done(std::size_t node);
  void take_idle(std::size_t node, const model::NodeIdle& idle);
  void check_hang();
  void take_look(std::size_t node, model::NodeLook look);
  void tell_notes();
  void take_absent(model::RankAbsent absent);
  void to_all(const model::HeadMessage& message);

  model::LaunchKey key_;
  std::vector<StepNode> nodes_;
  std::vector<NodeState> states_;
  bool has_servers_ = false;  // ranks that it does not wait for, and has not told to end
  HangWatch hang_watch_;
  Doctor doctor_;
  bool knows_absent_ = false;  // and has told the nodes
  std::map<FenceKey, Gathering> fences_;
  std::map<std::string, std::string> names_;  // ports by service
  std::vector<StarOutput> outputs_;
  std::optional<model::Failure> failure_;
  std::optional<model::Failure> missed_;  // after which all went on
  int exit_code_ = 0;
};

}  // namespace mapping
