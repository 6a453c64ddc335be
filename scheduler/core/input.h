#pragma once
// What the world tells the core: requests of users, words of agents, the passing of time.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/sum.h"
#include "lib/base/time.h"
#include "lib/model/agent_message.h"
#include "lib/model/booking.h"
#include "lib/model/change.h"
#include "lib/model/dependency.h"
#include "lib/model/ids.h"
#include "lib/model/job.h"
#include "lib/model/node.h"
#include "lib/model/outcome.h"
#include "lib/model/pool.h"
#include "lib/model/undying.h"

namespace scheduler {

/// Names a client's question, so that the driver finds whom to answer. Given by the driver.
using RequestId = base::Id<struct RequestTag>;

struct SubmitJob {
  RequestId request;
  model::User user;
  std::shared_ptr<const model::JobSpec> spec;
  std::vector<model::PastJob> past = {};  // that it depends on, as far as history knows them
};

struct CancelJob {
  RequestId request;
  model::User user;
  model::JobId job;
  std::optional<model::IndexSet> tasks = {};  // of an array; absent: all of it
};

struct HoldJob {
  RequestId request;
  model::User user;
  model::JobId job;
};

struct ReleaseJob {
  RequestId request;
  model::User user;
  model::JobId job;
};

/// Its attempt is ended, and it waits to start again: until it is released, if it is held.
struct RequeueJob {
  RequestId request;
  model::User user;
  model::JobId job;
  bool is_held = false;
};

/// The signal that the job named for saving its work, now: to whom it named it for.
struct SignalJob {
  RequestId request;
  model::User user;
  model::JobId job;
  int number = 0;
};

/// What is to change of the job's request.
struct UpdateJob {
  RequestId request;
  model::User user;
  model::JobId job;
  std::shared_ptr<const model::JobChange> change;
  std::vector<model::PastJob> past = {};  // as of SubmitJob, for a new dependency
};

/// `muster run` inside an attempt.
struct StartStep {
  RequestId request;
  model::User user;
  model::JobId job;
  std::uint32_t attempt = 1;
  std::shared_ptr<const model::StepSpec> spec;
};

/// The job says that its work until now is safe.
struct CheckpointJob {
  RequestId request;
  model::User user;
  model::JobId job;
};

/// Sets nodes aside.
struct MakeBooking {
  RequestId request;
  model::User user;
  model::BookingSpec spec;
};

struct CancelBooking {
  RequestId request;
  model::User user;
  std::string name;
};

/// Ends every job that has started; the cluster goes down. Those that wait are kept for the next
/// time. Answered at once.
struct CancelAll {
  RequestId request;
  model::User user;
};

/// An agent dialled in and says what it is and what it knows.
struct NodeHello {
  model::AgentHello hello;
};

/// The agent's connection broke or its heartbeat stopped.
struct NodeGone {
  model::NodeId node;
};

struct NodeSaysStarted {
  model::NodeId node;
  model::LaunchKey key;
};

struct NodeSaysPrepared {
  model::NodeId node;
  model::LaunchKey key;
};

struct NodeSaysEnded {
  model::NodeId node;
  model::LaunchReport report;
};

struct NodeSaysCheckpoint {
  model::NodeId node;
  model::LaunchKey key;
  base::Time taken_at;
};

/// Whether the node is fit for work.
struct NodeSaysCondition {
  model::NodeId node;
  model::NodeCondition condition;
};

/// The processes there that outlived SIGKILL, all of them.
struct NodeSaysUndying {
  model::NodeId node;
  std::vector<model::Undying> undying;
};

/// Since when the GPUs of a launch do nothing; absent: they work.
struct NodeSaysGpus {
  model::NodeId node;
  model::LaunchKey key;
  std::optional<base::Time> idle_since;
};

/// The driver has read the journal; nobody is connected yet.
struct Restarted {};

/// A deadline has come.
struct Tick {};

/// What `muster pool` asks for.
struct ChangePool {
  RequestId request;
  model::User user;
  model::PoolChange change;
};

// What a provider says of its nodes, which it knows by their names.

/// The node was made; its agent is to dial in.
struct ProviderMade {
  std::string name;
};

/// It could not be made, and is not there.
struct ProviderFailed {
  std::string name;
  std::string why;           // in its own last words
  bool is_capacity = false;  // there was no room for it
};

/// It is not there any more.
struct ProviderEnded {
  std::string name;
  std::string why;       // where it was not asked to
  bool is_lost = false;  // a whole machine, with all that ran on it
};

/// The nodes that are there, all of them: after a start of the controller, and now and then.
struct ProviderHas {
  std::vector<std::string> names;
  std::vector<std::string> pools = {};      // whose nodes; empty: of all pools
  std::optional<base::Time> asked_at = {};  // what has changed since may not be in it
  bool is_again = false;                    // not the first one since the start
};

/// Beside the node there is another machine of its name, which is ended.
struct ProviderTwin {
  std::string name;
  std::string machine;
};

/// The node is going to be taken in so long: the provider's word, or its agent's.
struct NodeEvicted {
  std::string node;
  base::Duration notice{};
  std::string cause;
};

/// The same by the node's own agent.
struct NodeLeaves {
  model::NodeId node;
  base::Duration notice{};
  std::string cause;
};

/// The same by command: as if it were taken.
struct EvictNode {
  RequestId request;
  model::User user;
  std::string node;
  base::Duration notice{};
};

/// No new work on these nodes, for so long or until somebody resumes them.
struct DrainNodes {
  RequestId request;
  model::User user;
  std::vector<std::string> nodes;
  std::string reason;
  std::optional<base::Duration> duration;
};

/// They take work again.
struct ResumeNodes {
  RequestId request;
  model::User user;
  std::vector<std::string> nodes;
};

using InputTypes = base::Alternatives<
    SubmitJob, CancelJob, HoldJob, ReleaseJob, StartStep, CancelAll, NodeHello, NodeGone,
    NodeSaysStarted, NodeSaysEnded, NodeSaysCheckpoint, Restarted, Tick, CheckpointJob, MakeBooking,
    CancelBooking, UpdateJob, ChangePool, ProviderMade, ProviderFailed, ProviderEnded, ProviderHas,
    ProviderTwin, NodeEvicted, NodeLeaves, EvictNode, DrainNodes, ResumeNodes, NodeSaysCondition,
    NodeSaysPrepared, NodeSaysUndying, NodeSaysGpus, RequeueJob, SignalJob>;

using Input = base::Sum<InputTypes>;

}  // namespace scheduler
