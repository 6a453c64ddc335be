#pragma once
// The connection between one agent and the controller: in order, late, sometimes repeated; when it
// breaks, what is on the way is lost.

#include <cstdint>
#include <functional>
#include <utility>

#include "lib/base/random.h"
#include "lib/model/agent_message.h"
#include "sim/events.h"

namespace sim {

class Link {
 public:
  struct Ends {
    std::function<void(const model::FromAgent&)> to_controller;
    std::function<void(const model::ToAgent&)> to_agent;
    std::function<void()> broken;  // told to both ends at once
  };

  Link(Events& events, base::Random& random, Ends ends)
      : events_(events), random_(random), ends_(std::move(ends)) {}

  bool is_up() const { return is_up_; }
  void connect();
  void cut();

  void send(model::FromAgent message);
  void send(model::ToAgent message);

 private:
  /// Delivers in order, unless the connection is another by then.
  void deliver(base::Time& last, std::function<void()> what);
  void repeat(base::Time first, std::function<void()> what);

  Events& events_;
  base::Random& random_;
  Ends ends_;
  bool is_up_ = false;
  std::uint64_t connection_ = 0;
  base::Time last_to_controller_;
  base::Time last_to_agent_;
};

}  // namespace sim
