#pragma once
// What happened to nodes that are to be taken, or that take no new work by command: part of fact.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/condition.h"
#include "lib/model/ids.h"
#include "lib/model/undying.h"

namespace model {

/// The node is going to be taken at `until`: no new work goes there. Repeated in a snapshot.
struct NodeEvicted {
  NodeId node;
  base::Time until;
  base::Time over_at;  // not before `until`: what runs there is gone by then, or never will be
  std::string cause;
  std::string by;  // who had it so; empty: the world
  bool operator==(const NodeEvicted&) const = default;
};

/// The node was not taken, or came back: it takes work again.
struct NodeEvictionOver {
  NodeId node;
  bool operator==(const NodeEvictionOver&) const = default;
};

/// The attempt is ended because one of its nodes is going to be taken. Until `stop_at` it may save
/// its work, as one that is preempted.
struct AttemptEvicted {
  JobId job;
  std::uint32_t attempt = 1;
  std::string node;
  std::string cause;
  base::Time stop_at;
  bool operator==(const AttemptEvicted&) const = default;
};

/// No new work goes there until somebody resumes it; what runs runs on. Repeated in a snapshot.
struct NodeDrained {
  NodeId node;
  std::string by;
  std::string reason;
  std::optional<base::Time> until;  // when it is resumed by itself
  bool operator==(const NodeDrained&) const = default;
};

/// It takes work again.
struct NodeResumed {
  NodeId node;
  std::string by;  // empty: its time was over
  bool operator==(const NodeResumed&) const = default;
};

/// Its agent finds that it is fit for work, or no longer.
struct NodeConditioned {
  NodeId node;
  NodeCondition condition;
  bool operator==(const NodeConditioned&) const = default;
};

/// An attempt failed there in a way that may be the fault of the node. Repeated in a snapshot.
struct NodeSuspected {
  NodeId node;
  Suspicion suspicion;
  bool operator==(const NodeSuspected&) const = default;
};

/// Processes that outlived SIGKILL there: all of them from now on. What they hold is nobody's until
/// they are gone. Repeated in a snapshot.
struct NodeQuarantined {
  NodeId node;
  std::vector<Undying> undying;
  bool operator==(const NodeQuarantined&) const = default;
};

/// The GPUs of a launch have done nothing since then, for as long as the cluster has people told;
/// absent: they work again.
struct GpusIdle {
  LaunchKey key;
  NodeId node;
  std::optional<base::Time> since;
  bool operator==(const GpusIdle&) const = default;
};

}  // namespace model
