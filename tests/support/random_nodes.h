#pragma once
// Nodes made at random, as random_model.h says.

#include <vector>

#include "lib/model/condition.h"
#include "lib/model/node.h"
#include "lib/model/record.h"
#include "tests/support/random_model.h"

namespace support {

inline model::Topology RandomModel::topology() {
  model::Topology made;
  for (int i = 1 + upto(3); i > 0; --i) made.numa.push_back({upto(9), bytes()});
  const int domains = static_cast<int>(made.numa.size());
  for (int i = upto(9); i > 0; --i) made.cores.push_back({upto(3), upto(domains - 1), indices()});
  made.gpus = several(3, [&] {
    return model::Gpu{text(),       text(), text(), base::Bytes(number()), upto(domains - 1),
                      plain_names()};
  });
  made.nics = several(3, [&] {
    return model::Nic{text(), text(), maybe([&] { return upto(domains - 1); }), plain_names()};
  });
  made.memory = bytes();
  made.oversubscribed = coin();
  return made;
}

inline model::NodeInfo RandomModel::node_info() {
  model::NodeInfo made{name(), text(),     text(),        text(),        text(), text(),
                       text(), topology(), plain_names(), plain_names(), text()};
  made.ends_at = maybe([&] { return time(); });
  return made;
}

inline std::vector<model::Undying> random_undying(RandomModel& random) {
  return random.several(2, [&] {
    return model::Undying{random.key(),  1 + random.upto(99), random.text(),   random.text(),
                          random.time(), random.indices(),    random.indices()};
  });
}

inline std::vector<model::FailingGpu> random_failing(RandomModel& random) {
  return random.several(
      2, [&] { return model::FailingGpu{random.upto(7), random.text(), random.time()}; });
}

inline model::NodeCondition random_condition(RandomModel& random) {
  return {.fitness = static_cast<model::Fitness>(random.upto(2)),
          .reason = random.text(),
          .output = random.text(100),
          .since = random.time(),
          .is_given_up = random.coin(),
          .basis = random.text(),
          .gpus = random_failing(random)};
}

inline model::NodeCare random_care(RandomModel& random) {
  return {.pool = random.text(),
          .cluster = random.text(),
          .mounts = random.several(3, [&] { return random.text(); }),
          .mount_timeout = random.duration(),
          .setup = random.text(),
          .setup_timeout = random.duration(),
          .setup_tries = 1 + random.upto(9),
          .setup_pause = random.duration(),
          .setup_heal = random.duration(),
          .health = random.text(),
          .health_interval = random.duration(),
          .health_timeout = random.duration(),
          .checks = random.coin(),
          .free_disk = random.bytes(),
          .free_memory = random.bytes(),
          .gpu_full_link = random.coin()};
}

inline model::NodeRecord RandomModel::node_record() {
  const auto state =
      static_cast<model::NodeState>(upto(static_cast<int>(model::NodeState::absent)));
  model::NodeRecord made{node(),    node_info(), state,   time(),
                         indices(), indices(),   bytes(), several(3, [&] { return job(); })};
  made.bookings = plain_names();
  made.eviction = maybe([&] { return model::NodeEviction{time(), text(), text()}; });
  made.drain = maybe(
      [&] { return model::NodeDrain{time(), text(), text(), maybe([&] { return time(); })}; });
  made.condition = maybe([&] { return random_condition(*this); });
  made.suspicions = several(2, [&] {
    const auto at = time();
    return model::NodeSuspicion{at, {job(), number(), text()}};
  });
  made.undying = random_undying(*this);
  made.failing = random_failing(*this);
  return made;
}

}  // namespace support
