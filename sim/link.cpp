#include "sim/link.h"

#include <algorithm>

namespace sim {

namespace {

constexpr unsigned percent_slow = 3;
constexpr unsigned percent_repeated = 5;

base::Duration delay(base::Random& random) {
  const bool is_slow = random.chance(percent_slow);
  const auto us = random.below(is_slow ? 3'000'000 : 5'000);
  return base::Duration(static_cast<std::int64_t>(us) + 50);
}

}  // namespace

void Link::connect() {
  ++connection_;
  is_up_ = true;
  last_to_controller_ = last_to_agent_ = events_.now();
}

void Link::cut() {
  if (!is_up_) return;
  ++connection_;
  is_up_ = false;
  ends_.broken();
}

void Link::deliver(base::Time& last, std::function<void()> what) {
  last = std::max(last, events_.now() + delay(random_));
  events_.at(last, [this, what = std::move(what), on = connection_] {
    if (on == connection_) what();
  });
}

/// Not before the message itself.
void Link::repeat(base::Time first, std::function<void()> what) {
  events_.at(first + delay(random_), [this, what = std::move(what), on = connection_] {
    if (on == connection_) what();
  });
}

void Link::send(model::FromAgent message) {
  if (!is_up_) return;
  // What says how all of something stands comes in order, as a connection has it.
  const bool is_whole = std::holds_alternative<model::AgentHello>(message) ||
                        std::holds_alternative<model::ReportUndying>(message);
  const bool repeats = random_.chance(percent_repeated) && !is_whole;
  auto what = [this, message = std::move(message)] { ends_.to_controller(message); };
  deliver(last_to_controller_, what);
  if (repeats) repeat(last_to_controller_, std::move(what));
}

void Link::send(model::ToAgent message) {
  if (!is_up_) return;
  const bool repeats =
      random_.chance(percent_repeated) && !std::holds_alternative<model::Welcome>(message);
  auto what = [this, message = std::move(message)] { ends_.to_agent(message); };
  deliver(last_to_agent_, what);
  if (repeats) repeat(last_to_agent_, std::move(what));
}

}  // namespace sim
