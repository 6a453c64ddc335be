#pragma once
// The controller's engine with a clock that a test moves, whose facts are durable at once; after
// every input the state is checked and compared with a replay of all facts.

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "scheduler/core/engine.h"
#include "scheduler/policy/policy.h"
#include "tests/support/cluster.h"

namespace support {

class Controller {
 public:
  explicit Controller(scheduler::Settings settings = {},
                      scheduler::Policy policy = policy::make({}));

  /// Handles the input; returns the actions. Throws std::logic_error when the state is unsound or a
  /// replay of all facts gives another one.
  std::vector<scheduler::Action> give(const scheduler::Input& input);

  /// The same for requests, returning the one reply.
  base::Result<scheduler::Answer> ask(const scheduler::Input& input);

  base::Result<model::JobId> submit(std::shared_ptr<const model::JobSpec> spec,
                                    model::User by = user());
  /// The job's script starts on its first node, and ends with the code.
  void run(model::JobId job, int exit_code = 0);
  /// Why a job waits.
  std::string reason_of(model::JobId job) const;
  void join(const model::NodeInfo& info);
  void pass(base::Duration duration);  // moves the clock and gives every Tick that is due

  scheduler::RequestId next_request();
  model::NodeId node_id(const std::string& name) const;
  model::JobState state_of(model::JobId job) const;
  const scheduler::Engine& engine() const { return engine_; }
  const std::vector<model::Fact>& facts() const { return facts_; }
  base::Time now() const { return now_; }

 private:
  void verify() const;
  void verify_snapshot() const;

  scheduler::Settings settings_;
  scheduler::Policy policy_;
  scheduler::Engine engine_;
  std::vector<model::Fact> facts_;
  base::Time now_ = base::time_from_us(1'000'000'000);
  scheduler::RequestId request_{1};
};

/// The actions of one kind, in order.
template <class Kind>
std::vector<Kind> only(const std::vector<scheduler::Action>& actions) {
  std::vector<Kind> found;
  for (const auto& action : actions) {
    if (const auto* wanted = std::get_if<Kind>(&action)) found.push_back(*wanted);
  }
  return found;
}

}  // namespace support
