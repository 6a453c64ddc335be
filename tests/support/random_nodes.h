#pragma once
// Nodes made at random, as random_model.h says.

#include "lib/model/condition.h"
#include "lib/model/node.h"
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
  return {name(), text(),     text(),        text(),        text(), text(),
          text(), topology(), plain_names(), plain_names(), text()};
}

inline model::NodeCondition RandomModel::condition() {
  return {.fitness = static_cast<model::Fitness>(upto(2)),
          .reason = text(),
          .output = text(100),
          .since = time(),
          .is_given_up = coin(),
          .basis = text()};
}

inline model::NodeCare RandomModel::care() {
  return {.pool = text(),
          .cluster = text(),
          .setup = text(),
          .setup_timeout = duration(),
          .setup_tries = 1 + upto(9),
          .setup_pause = duration(),
          .setup_heal = duration(),
          .health = text(),
          .health_interval = duration(),
          .health_timeout = duration(),
          .checks = coin(),
          .free_disk = bytes(),
          .free_memory = bytes()};
}

}  // namespace support
