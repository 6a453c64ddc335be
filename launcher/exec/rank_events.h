#pragma once
// What the servers of a node's ranks, PMIx and PMI-1, tell the step.

#include <functional>
#include <string>

#include "lib/model/head_message.h"

namespace exec {

struct RankEvents {
  std::function<void(model::HeadMessage)> send;  // to the head
  std::function<void(int rank)> connected;
  std::function<void(int rank)> finalized;
  std::function<void(int rank, int code)> aborted;
  /// The rank asked for what it cannot get, and waits for ever.
  std::function<void(int rank, std::string why)> refused;
};

}  // namespace exec
