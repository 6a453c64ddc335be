#pragma once
// Simulated users: they submit, retry until they have an answer, sometimes cancel, hold and
// release; and their scripts start steps.

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/random.h"
#include "sim/controller_host.h"
#include "sim/events.h"
#include "sim/truth.h"

namespace sim {

/// What the cluster has of the one license that there is.
constexpr std::string_view license = "solver";
constexpr int n_of_license = 3;

class Users {
 public:
  Users(Events& events, base::Random& random, Truth& truth, ControllerHost& controller)
      : events_(events), random_(random), truth_(truth), controller_(controller) {}

  /// Plans `n` submissions within the given time, of jobs for up to so many nodes.
  void plan(int n, int n_nodes, base::Duration within);

  /// Plans `n` changes of the pool's size in the given time; and the last, to what is configured.
  void plan_scaling(int n, base::Duration within);
  /// Nodes are evicted, drained and resumed by command.
  void plan_care(int n, base::Duration within);
  void let_pool_be();
  /// Nodes that were drained, and jobs held, for the site's programs get another chance now and
  /// then.
  void mend_again();

  /// Called when a batch script has started: it may ask for steps.
  void script_runs(const model::LaunchKey& key);

  std::size_t n_acknowledged() const { return n_acknowledged_; }
  std::size_t n_unanswered() const { return n_unanswered_; }

 private:
  using Spec = std::shared_ptr<const model::JobSpec>;

  Spec any_job(int number, int n_nodes);
  void add_waits(model::JobSpec& spec, int number);
  void add_choices(model::JobSpec& spec, int n_nodes);
  void book(int n_nodes);
  void care();
  void scale();
  model::Dependency any_dependency(int number);
  std::shared_ptr<const model::JobChange> any_change();
  scheduler::Input any_update(scheduler::RequestId request, model::JobId job);
  void submit(const Spec& spec);
  void answered(const Spec& spec, model::JobId job);
  void interfere(model::JobId job);
  bool has_ended(model::JobId job) const;
  void start_step(const model::LaunchKey& key, bool is_exact);

  Events& events_;
  base::Random& random_;
  Truth& truth_;
  ControllerHost& controller_;
  int n_planned_ = 0;
  int n_nodes_ = 1;
  std::set<std::string> answered_;  // tokens
  std::size_t n_acknowledged_ = 0;
  std::size_t n_unanswered_ = 0;
};

}  // namespace sim
