#pragma once
// The configured numbers that decisions depend on.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/model/condition.h"
#include "lib/model/job.h"
#include "lib/model/preparation.h"
#include "scheduler/core/class.h"
#include "scheduler/core/pool.h"
#include "scheduler/core/quota.h"
#include "scheduler/core/workspace.h"

namespace scheduler {

/// Features and switches that nodes have by configuration: those of a pool, or those named.
struct NodeMark {
  std::string pool;                // empty: nodes by name
  std::vector<std::string> names;  // in order
  std::vector<std::string> features;
  std::vector<std::string> switches;  // the topmost first; empty: says nothing about them
  bool is_low_priority = false;
};

/// What becomes of jobs whose GPUs do nothing.
enum class IdleGpus { told, cancelled, preempted };

struct Settings {
  std::string cluster = "local";
  std::uint32_t owner_uid = 0;  // may act on everybody's jobs, as root may
  std::vector<std::string> pools{"default"};
  std::vector<ProvidedPool> provided = {};  // of these, those with a provider
  Classes classes;
  Workspaces workspaces;
  model::Licenses licenses;     // of the whole cluster
  std::vector<NodeMark> marks;  // what nodes are marked with
  int booked_nodes = 0;         // that one user may book at a time
  std::vector<Quota> quotas;
  bool leave_out_foreign_names = true;            // else they are refused, as native requests' are
  std::set<std::string> low_priority_pools = {};  // of these pools
  base::Duration kill_grace = std::chrono::seconds(10);
  base::Bytes launch_log;       // limit of the log of each launch; 0: none
  bool has_shared_tmp = false;  // machines share a file system for what jobs put aside
  base::Duration node_timeout = std::chrono::seconds(60);
  std::uint32_t requeue_limit = 5;  // requeues of one job after node losses
  base::Duration requeue_backoff = std::chrono::seconds(5);
  std::map<std::string, model::NodeCare> care = {};  // of the nodes of these pools
  /// Of the nodes of these pools.
  std::map<std::string, model::SitePrograms> site_programs = {};
  int max_prolog_failures = 3;  // of one job; then it is held
  /// So many jobs that fail on a node one after another, of several users, drain it; 0: never.
  int suspect_after = 0;
  base::Duration gpu_idle_notice{};     // GPUs that do nothing for so long are told; 0: never
  IdleGpus idle_gpus = IdleGpus::told;  // and then
  std::size_t queued_jobs = 1'000'000;  // waiting at one time
  std::size_t jobs_kept = 10'000;       // ended jobs kept in the state; history has them all
};

}  // namespace scheduler
