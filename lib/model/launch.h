#pragma once
// The order to start something on one node, complete enough to be carried out without the
// controller.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/job.h"
#include "lib/model/layout.h"
#include "lib/model/tier.h"

namespace model {

/// For the first node of an attempt, the batch script; for each node of a step, its part of the
/// ranks; for each node of the attempt, its preparation, if the job has one.
struct LaunchOrder {
  LaunchKey key;
  User user;
  std::shared_ptr<const JobSpec> job;    // environment, directory, script, output patterns
  std::shared_ptr<const StepSpec> step;  // set for a step
  Allocation allocation;                 // of the whole attempt, in rank order
  int node_index = 0;                    // of the node that gets the order, in the allocation
  std::vector<int> tasks;                // of a step: for each node of the allocation, 0 = no part
  std::optional<StepShare> step_share;   // of a step that has cores of its own: those here
  std::optional<ArrayTask> task;         // of the job's array
  std::string last_end;                  // how the attempt before ended; empty: this is the first
  base::Duration kill_grace{};           // between TERM and KILL
  base::Bytes log_limit{};               // of the launch's log; 0: none
  std::string cluster;                   // name, for people
  std::string pool;                      // of the node
  Tier tier = Tier::dedicated;           // likewise
  int n_evictions = 0;                   // that the job has been through
  // Sockets of machines are "unix:NAME" or "unix:USER/NAME" until their agent adds the folder
  // (on_node).
  std::string controller;    // address of the API for `muster run` in the job: "unix:/path"
  std::string head_address;  // of a step: where its head listens: "unix:/path"; empty: head_tls
  std::string secret;        // of a step: what its launchers and client show each other
  std::vector<std::string> addresses;  // where nodes of the allocation reach each other, one each
  std::vector<std::string> head_tls;   // of a step: the head listens at one of these as well
  // Of the attempt, for all its nodes; a mere name lies in the run folder of the agent. Empty:
  // none.
  std::string shared_tmp;
  ContainerSite containers;          // of a job with an image
  base::Duration gpu_idle_notice{};  // for so long its GPUs do nothing until that is told; 0: never
  SitePrograms site_programs = {};   // of a preparation: the prolog goes before it
};

/// What the launch may take to end after it was told to: the grace of its processes, and the
/// epilog's time.
base::Duration time_to_end(const LaunchOrder& order);

/// Of a node's socket at which its jobs reach the API, in the run folder of its agent.
constexpr const char* api_socket_name = "api.sock";

/// The address with the folder of its socket, where it leaves that to the node: "unix:NAME" becomes
/// "unix:FOLDER/NAME", whatever folders NAME has itself.
std::string on_node(const std::string& address, const std::string& folder);

/// Whether all nodes of the attempt are on one machine.
bool is_one_machine(const LaunchOrder& order);

/// The node of the step that has rank 0: the first with tasks. Its launcher is the head.
int head_index(const LaunchOrder& order);

/// Which ranks each node has, in order, when so many are there: block after block, or going round
/// the nodes, where a node that is full is passed over.
std::vector<std::vector<int>> deal_ranks(const std::vector<int>& tasks, bool by_node);

}  // namespace model
