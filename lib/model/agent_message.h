#pragma once
// What a node's agent and the controller say to each other, one frame a message (docs/wire.md).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/sum.h"
#include "lib/base/time.h"
#include "lib/model/condition.h"
#include "lib/model/launch.h"
#include "lib/model/node.h"
#include "lib/model/outcome.h"
#include "lib/model/undying.h"

namespace model {

constexpr std::uint32_t protocol_version = 3;

// From the agent.

/// A launch that the agent knows: running, or ended with a report that is not yet acknowledged.
struct LaunchStatus {
  LaunchKey key;
  std::optional<LaunchReport> report;
  bool is_prepared = false;  // of a preparation
  bool operator==(const LaunchStatus&) const = default;
};

/// The first message of a connection.
struct AgentHello {
  std::uint32_t version = protocol_version;
  NodeInfo info;
  std::vector<LaunchStatus> launches;
  NodeCondition condition = {};
  std::vector<Undying> undying = {};
  bool operator==(const AgentHello&) const = default;
};

struct Heartbeat {
  bool operator==(const Heartbeat&) const = default;
};

struct ReportStarted {
  LaunchKey key;
  bool operator==(const ReportStarted&) const = default;
};

/// A preparation has prepared its node, and holds what it made. The next hello says it again.
struct ReportPrepared {
  LaunchKey key;
  bool operator==(const ReportPrepared&) const = default;
};

/// Repeated at each connection until acknowledged.
struct ReportEnded {
  LaunchReport report;
  bool operator==(const ReportEnded&) const = default;
};

/// A part of a launch's log: the answer to LogRead, several where it follows.
struct LogChunk {
  std::uint32_t request = 0;
  std::string bytes;
  std::uint64_t next_offset = 0;  // in the log file, where to go on
  bool end = false;               // nothing more comes for this request
  std::string error;              // with end: what went wrong, else empty
  bool operator==(const LogChunk&) const = default;
};

/// The launch has touched its checkpoint file.
struct ReportCheckpoint {
  LaunchKey key;
  base::Time taken_at;
  bool operator==(const ReportCheckpoint&) const = default;
};

/// The machine is going to be taken.
struct Leaving {
  base::Duration notice{};
  std::string cause;
  bool operator==(const Leaving&) const = default;
};

/// Whether the node is fit for work has changed.
struct ReportCondition {
  NodeCondition condition;
  bool operator==(const ReportCondition&) const = default;
};

/// All processes that outlived SIGKILL, as of now. The next hello says it again.
struct ReportUndying {
  std::vector<Undying> undying;
  bool operator==(const ReportUndying&) const = default;
};

/// Since when the GPUs of a launch do nothing; absent: they work again.
struct ReportGpus {
  LaunchKey key;
  std::optional<base::Time> idle_since;
  bool operator==(const ReportGpus&) const = default;
};

/// The answer to CheckNode.
struct NodeChecked {
  std::uint32_t request = 0;
  NodeCondition condition;
  bool operator==(const NodeChecked&) const = default;
};

using FromAgentTypes = base::Alternatives<AgentHello, Heartbeat, ReportStarted, ReportEnded,
                                          LogChunk, ReportCheckpoint, Leaving, ReportCondition,
                                          NodeChecked, ReportPrepared, ReportUndying, ReportGpus>;

using FromAgent = base::Sum<FromAgentTypes>;

// To the agent.

/// The answer to a hello that is accepted.
struct Welcome {
  NodeId node;
  base::Duration heartbeat{};  // how often one is expected
  NodeCare care = {};
  base::Time now = {};  // of the controller's clock; 1970: it does not say
  bool operator==(const Welcome&) const = default;
};

/// The answer to one that is not; the connection is closed after it.
struct Refused {
  std::string why;
  bool operator==(const Refused&) const = default;
};

/// Start it, unless the key is known already.
struct Launch {
  LaunchOrder order;
};

/// End it; one that never started is reported as such and never starts later.
struct Stop {
  LaunchKey key;
  bool operator==(const Stop&) const = default;
};

/// Ask a batch launch to save its work: the signal that its job named.
struct Save {
  LaunchKey key;
  bool operator==(const Save&) const = default;
};

/// The report is durable at the controller.
struct Acknowledge {
  LaunchKey key;
  bool operator==(const Acknowledge&) const = default;
};

struct LogRead {
  std::uint32_t request = 0;
  LaunchKey key;
  std::optional<int> rank;  // absent: everything, in order of arrival
  std::uint64_t offset = 0;
  bool follow = false;  // until the launch has ended
  bool map = false;     // not the output, but the map of the ranks; without `rank`
  bool stacks = false;  // not the output, but stacks of ranks that hung; without `rank`
  bool usage = false;   // not the output, but what it has used so far, if it runs still: a report
  bool operator==(const LogRead&) const = default;
};

struct LogCancel {
  std::uint32_t request = 0;
  bool operator==(const LogCancel&) const = default;
};

/// End all launches, report them, then exit.
struct ShutDown {
  bool operator==(const ShutDown&) const = default;
};

/// Look now whether the node is fit for work.
struct CheckNode {
  std::uint32_t request = 0;
  bool setup = false;   // the script that prepares it, too
  bool forget = false;  // what the kernel's log said until now is not held against it any more
  bool operator==(const CheckNode&) const = default;
};

/// The log of the node's own setup and checks; answered as LogRead.
struct NodeLogRead {
  std::uint32_t request = 0;
  bool operator==(const NodeLogRead&) const = default;
};

using ToAgentTypes = base::Alternatives<Welcome, Refused, Launch, Stop, Acknowledge, LogRead,
                                        LogCancel, ShutDown, Save, CheckNode, NodeLogRead>;

using ToAgent = base::Sum<ToAgentTypes>;

}  // namespace model
