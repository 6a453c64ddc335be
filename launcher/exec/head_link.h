#pragma once
// A node's way to the head of its step: within the process on the head's own node, a connection
// elsewhere.

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "lib/base/time.h"
#include "lib/model/head_message.h"
#include "lib/model/outcome.h"

namespace exec {

/// How long launchers and the client of a step wait for each other at its start.
constexpr base::Duration meeting_time = std::chrono::seconds(30);

/// Output that waits to be sent before ranks are no longer read.
constexpr std::size_t output_limit = std::size_t{1} << 20;

/// Never called from inside a call to the link.
struct LinkEvents {
  std::function<void(model::HeadMessage)> message;
  /// The head is gone, or never came; nothing more will be received.
  std::function<void(std::string why)> lost;
  /// Whether the link has more output to send than it wants to keep.
  std::function<void(bool is_full)> full;
  /// Of the head alone, and from inside calls: takes output of a rank of any node; false: it goes
  /// to the client.
  std::function<bool(const model::RankOutput&)> keep;
  /// Of the head alone, and from inside calls: there is no more output. The client is told the
  /// result after this, and what went wrong here.
  std::function<std::optional<model::Failure>()> complete;
};

class HeadLink {
 public:
  virtual ~HeadLink() = default;
  HeadLink(const HeadLink&) = delete;
  HeadLink& operator=(const HeadLink&) = delete;

  virtual void send(model::HeadMessage message) = 0;
  /// After the last message: calls `done` when the whole step has ended, or the head is lost.
  virtual void finish(std::function<void()> done) = 0;
  /// The launcher was told to end: nobody is waited for any more that has not come yet.
  virtual void stop_waiting() = 0;
  /// Back-pressure on what the client sends for rank 0's input.
  virtual void hold_input(bool is_held) = 0;

 protected:
  HeadLink() = default;
};

}  // namespace exec
