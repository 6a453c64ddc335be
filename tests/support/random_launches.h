#pragma once
// Random orders of launches, and what is prepared for them.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "lib/model/fact.h"
#include "lib/model/launch.h"
#include "lib/model/outcome.h"
#include "lib/model/record.h"
#include "tests/support/random_model.h"

namespace support {

inline model::UsageSeries random_series(RandomModel& random) {
  model::UsageSeries series{random.time(), random.duration(), {}};
  const int n_points = 1 + random.upto(3);
  for (int i = 0; i < n_points; ++i)
    series.points.push_back({random.duration(), random.bytes(), random.bytes(), random.bytes(),
                             random.duration(), random.bytes()});
  if (random.coin()) series.last = random.duration();
  return series;
}

/// Where it failed, and what it used.
inline void add_use(RandomModel& random, model::JobRecord& made) {
  made.avoids = random.plain_names();
  made.gpus_idle_since = random.maybe([&] { return random.time(); });
  made.over_time = random.several(2, [&] {
    return model::LaunchUsage{random.key(),    random.text(),  random.upto(99),
                              random.upto(99), random.bytes(), random_series(random)};
  });
}

inline model::LaunchReport RandomModel::report() {
  return {key(),
          time(),
          time(),
          upto(255),
          maybe([&] { return failure(); }),
          usage(),
          several(3, [&] { return rank_usage(); }),
          coin() ? random_series(*this) : model::UsageSeries(),
          coin(),
          text()};
}

inline model::LaunchOrder RandomModel::order() {
  model::LaunchOrder made{.key = key()};
  made.user = user();
  made.job = std::make_shared<const model::JobSpec>(job_spec());
  if (coin()) made.site_programs = {text() + "!", text(), duration(), duration()};
  if (coin()) made.shared_tmp = text();
  if (coin()) made.containers = {text(), base::Bytes(std::uint64_t{7}), {text(), text()}};
  made.allocation = allocation();
  const auto nodes = made.allocation.nodes.size();
  made.node_index = upto(static_cast<int>(nodes) - 1);
  if (made.key.step) {
    made.step = std::make_shared<const model::StepSpec>(step_spec());
    made.tasks = tasks(nodes);
    made.tasks[static_cast<std::size_t>(made.node_index)] = 1 + upto(3);
    made.step_share = maybe([&] { return step_share(); });
  }
  made.task = maybe([&] { return array_task(); });
  made.last_end = text();
  made.kill_grace = duration();
  made.log_limit = base::Bytes(static_cast<std::uint64_t>(upto(1'000'000)));
  made.cluster = text();
  made.pool = text();
  made.tier = tier();
  made.gpu_idle_notice = duration();
  made.n_evictions = upto(9);
  made.controller = "unix:/" + text();
  made.head_address = "unix:/" + text();
  made.secret = text();
  if (coin()) made.addresses.assign(nodes, text());
  for (int i = upto(3); i > 0; --i) made.head_tls.push_back(text());
  return made;
}

inline model::Preparation RandomModel::preparation() {
  model::Preparation made;
  made.command = text();
  made.has_job_tmp = coin();
  made.has_shared_tmp = coin();
  if (coin()) made.epilog = text();
  if (made.is_wanted()) {
    made.epilog_limit = duration() + base::Duration(1);
    made.job_tmp_limit = base::Bytes(static_cast<std::uint64_t>(upto(1'000'000)));
  }
  if (coin()) made.mounts.push_back(*model::mount_from_text("bind:/data:data:ro"));
  if (coin()) made.mounts.push_back(*model::mount_from_text("tmpfs::fast:size=1G,mode=755"));
  if (coin()) {
    made.image = {.reference = coin() ? "/images/debian" : "docker://registry.example.org/a/b:1",
                  .runtime = model::ContainerRuntime::podman,
                  .auth = coin() ? "/home/alice/auth.json" : "",
                  .shm = base::Bytes(static_cast<std::uint64_t>(upto(1'000'000))),
                  .time_limit = duration() + base::Duration(1)};
  }
  if (!made.is_wanted()) return made;
  made.time_limit = duration();
  made.mount_limit = duration();
  return made;
}

inline std::vector<model::NodePreparation> RandomModel::prepared() {
  return several(3, [&] {
    const auto name = text();
    const bool is_prepared = coin();
    return model::NodePreparation{name, is_prepared, maybe([&] { return failure(); })};
  });
}

inline model::FactBody RandomModel::launch_fact() {
  if (coin()) return model::AttemptStarted{job(), number(), allocation(), coin()};
  if (coin()) return model::LaunchStarted{key(), node()};
  const auto id = job();
  return model::LaunchPrepared{{id, number(), {}, true}, node()};
}

}  // namespace support
