#pragma once
// A controller with nodes of one core, on which jobs start and end as a test says.

#include <string>
#include <utility>
#include <vector>

#include "tests/support/controller.h"

namespace support {

inline scheduler::Settings settings_without_pause() {
  scheduler::Settings settings;
  settings.requeue_backoff = {};
  return settings;
}

class Rack {
 public:
  /// Nodes n1, n2 ...
  explicit Rack(int n_nodes, scheduler::Settings settings = settings_without_pause(),
                policy::Options options = {})
      : controller(std::move(settings), policy::make(options)) {
    for (int i = 1; i <= n_nodes; ++i) join("n" + std::to_string(i));
  }

  void join(const std::string& name) { controller.join(node(name, 1)); }
  model::JobId submit(const JobBuilder& request) { return *controller.submit(*request); }

  const scheduler::Job& job_of(model::JobId id) const {
    return controller.engine().state().jobs.at(id);
  }
  std::string nodes_of(model::JobId id) const {
    const auto* attempt = scheduler::active_attempt(job_of(id));
    if (attempt == nullptr) return "none";
    std::string names;
    for (const auto& share : attempt->allocation.nodes)
      names += (names.empty() ? "" : " ") + share.name;
    return names;
  }
  model::LaunchKey key(model::JobId id) const { return {id, job_of(id).attempts, {}}; }
  model::NodeId first_node(model::JobId id) const {
    return scheduler::active_attempt(job_of(id))->batch.node;
  }
  model::JobState state(model::JobId id) const { return controller.state_of(id); }

  /// The node goes silent, and its time is over.
  void lose(const std::string& name) {
    (void)controller.give(scheduler::NodeGone{controller.node_id(name)});
    controller.pass(scheduler::Settings().node_timeout);
  }
  /// The script ends, told to or by itself; well with code 0.
  std::vector<scheduler::Action> end(model::JobId id, model::Cause cause = model::Cause::signal,
                                     int code = 15) {
    const auto where = first_node(id);
    const auto name = controller.engine().state().nodes.at(where).info.name;
    const auto report = code == 0 ? success(key(id)) : failure(key(id), cause, code, name);
    return controller.give(scheduler::NodeSaysEnded{where, report});
  }

  Controller controller;
};

}  // namespace support
