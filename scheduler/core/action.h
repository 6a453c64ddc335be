#pragma once
// What the world must now do. The driver performs an action only when the engine hands it out.

#include <string>
#include <variant>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/sum.h"
#include "lib/model/agent_message.h"
#include "lib/model/ids.h"
#include "lib/model/launch.h"
#include "scheduler/core/input.h"

namespace scheduler {

/// What a request came to.
struct Nothing {
  bool operator==(const Nothing&) const = default;
};
struct Submitted {
  model::JobId job;
  std::vector<std::string> notes;  // what of the request is not as it was written, and why

  bool operator==(const Submitted&) const = default;
};
/// Nothing, the job, the step, the name of the booking.
using Answer = std::variant<Nothing, Submitted, model::LaunchKey, std::string>;

struct Reply {
  RequestId request;
  base::Result<Answer> answer;
};

/// The driver fills in the order's controller, head_address and secret.
struct SendLaunch {
  model::NodeId node;
  model::LaunchOrder order;
};

struct SendStop {
  model::NodeId node;
  model::LaunchKey key;
};

/// To a batch launch: its job's save signal.
struct SendSave {
  model::NodeId node;
  model::LaunchKey key;
};

struct SendAcknowledge {
  model::NodeId node;
  model::LaunchKey key;
};

/// The hello of this node's agent is accepted: its session is now the node's.
struct Admit {
  model::NodeId node;
  std::string name;
  model::NodeCare care = {};  // that its pool wants for it
};

/// The hello of the agent that calls itself `name` is refused.
struct Refuse {
  std::string name;
  std::string why;
};

/// To the provider of the pool: this node is to be there. It answers later, by ProviderMade,
/// ProviderFailed or ProviderEnded; a node that is there already is made no second time.
struct CreateNode {
  std::string name;
  std::string pool;
  std::string birth;  // another one each time that the node is to be made, the same for each repeat
};

/// The node is to be there no longer; answered by ProviderEnded, also where it is gone already.
struct DestroyNode {
  std::string name;
  std::string pool;
};

using ActionTypes = base::Alternatives<CreateNode, DestroyNode, Reply, SendLaunch, SendStop,
                                       SendSave, SendAcknowledge, Admit, Refuse>;

using Action = base::Sum<ActionTypes>;

}  // namespace scheduler
