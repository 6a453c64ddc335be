#pragma once
// Random facts about pools and their nodes.

#include "lib/model/fact.h"
#include "lib/model/reason.h"
#include "tests/support/random_model.h"
#include "tests/support/random_nodes.h"

namespace support {

inline model::PoolOrder random_order(RandomModel& make) {
  return {.least = make.maybe([&] { return make.upto(9); }),
          .most = make.maybe([&] { return make.upto(9); }),
          .idle_timeout = make.maybe([&] { return make.duration(); }),
          .when_busy = static_cast<model::WhenBusy>(make.upto(2))};
}

inline model::NodesAway random_away(RandomModel& make) {
  const auto drained = [&make] {
    const auto until = make.maybe([&] { return make.time(); });
    return model::DrainedNode{make.name(), make.text(), make.text(), until};
  };
  return {make.upto(9), make.upto(9), make.several(2, drained), make.upto(9), make.text()};
}

inline model::FactBody RandomModel::pool_fact() {
  using Any = model::FactBody;
  return one_of(
      [&]() -> Any { return model::NodePlanned{node(), node_info()}; },
      [&]() -> Any {
        return model::NodeTurned{
            .node = node(),
            .life = static_cast<model::NodeLife>(upto(static_cast<int>(model::NodeLife::retired))),
            .cause = text(),
            .retry_at = maybe([&] { return time(); }),
            .n_failures = number(),
            .is_there = coin(),
            .stands = coin(),
            .idle_since = maybe([&] { return time(); }),
            .begun = maybe([&] { return time(); })};
      },
      [&]() -> Any { return model::PoolChanged{name(), text(), random_order(*this)}; },
      [&]() -> Any { return model::PoolStopped{name(), text(), time()}; },
      [&]() -> Any { return model::PoolResumed{name(), text()}; },
      [&]() -> Any { return model::NodeEvicted{node(), time(), time(), text(), text()}; },
      [&]() -> Any { return model::NodeEvictionOver{node()}; },
      [&]() -> Any { return model::AttemptEvicted{job(), number(), name(), text(), time()}; },
      [&]() -> Any { return model::AttemptPreempted{job(), number(), {}, time(), "a " + text()}; },
      [&]() -> Any {
        return model::NodeDrained{node(), text(), text(), maybe([&] { return time(); })};
      },
      [&]() -> Any { return model::NodeResumed{node(), text()}; },
      [&]() -> Any { return model::NodeTwin{node(), text()}; },
      [&]() -> Any { return model::GraceShortened{job(), number(), time()}; },
      [&]() -> Any { return model::NodeConditioned{node(), random_condition(*this)}; },
      [&]() -> Any { return model::NodeQuarantined{node(), random_undying(*this)}; },
      [&]() -> Any { return model::GpusIdle{key(), node(), maybe([&] { return time(); })}; },
      [&]() -> Any { return model::NodeSuspected{node(), {job(), number(), text()}}; },
      [&]() -> Any {
        return model::PoolStands{.pool = name(),
                                 .order = random_order(*this),
                                 .is_ordered = coin(),
                                 .n_failures = number(),
                                 .retry_at = maybe([&] { return time(); }),
                                 .is_stopped = coin(),
                                 .trouble = text(),
                                 .decisions = several(3, [&] {
                                   return model::PoolDecision{time(), text(), text(), text()};
                                 })};
      });
}

}  // namespace support
