#pragma once
// The configured numbers that decisions depend on.

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "scheduler/core/class.h"
#include "scheduler/core/quota.h"
#include "scheduler/core/workspace.h"

namespace scheduler {

struct Settings {
  std::string cluster = "local";
  std::uint32_t owner_uid = 0;  // may act on everybody's jobs, as root may
  std::vector<std::string> pools{"default"};
  Classes classes;
  Workspaces workspaces;
  std::vector<Quota> quotas;
  base::Duration kill_grace = std::chrono::seconds(10);
  base::Duration node_timeout = std::chrono::seconds(60);
  std::uint32_t requeue_limit = 5;  // requeues of one job after node losses
  base::Duration requeue_backoff = std::chrono::seconds(5);
  std::size_t queued_jobs = 1'000'000;  // waiting at one time
  std::size_t jobs_kept = 10'000;       // ended jobs kept in the state; history has them all
};

}  // namespace scheduler
