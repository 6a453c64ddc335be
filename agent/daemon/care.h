#pragma once
// Keeps the node fit for work: carries out what its caretaker decides, and remembers it over starts
// of the agent.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/caretaker.h"
#include "agent/daemon/care_steps.h"
#include "lib/loop/clock.h"
#include "lib/loop/log.h"
#include "lib/loop/timer.h"
#include "lib/model/agent_message.h"

namespace agentd {

class Care {
 public:
  struct Options {
    std::string node_dir;
    std::string node;      // its name
    std::string nodeprep;  // path of muster-nodeprep
  };
  struct Events {
    std::function<void(const model::NodeCondition&)> changed;
    std::function<void(const model::NodeChecked&)> checked;
  };

  /// `rebooted`: what was done to the machine before is undone.
  static std::unique_ptr<Care> open(loop::Loop& loop, Options options, bool rebooted,
                                    const loop::Log& log, Events events);

  const model::NodeCondition& condition() const { return caretaker_.condition(); }
  void want(const model::Welcome& welcome);
  void check(const model::CheckNode& request);
  void disconnected() { caretaker_.forget_questions(); }
  /// The answer to NodeLogRead.
  model::LogChunk read_log(const model::NodeLogRead& request) const;

 private:
  Care(loop::Loop& loop, Options options, agent::Caretaker::Known known, const loop::Log& log,
       Events events);
  void perform(const std::vector<agent::CareAction>& actions);
  void perform(const agent::RunStep& action);
  void keep();
  StepCommand command_of(const agent::RunStep& action) const;
  base::Duration clock_off() const;
  std::string gpus_file() const { return folder_ + "/gpus"; }

  Options options_;
  std::string folder_;
  const loop::Log& log_;
  Events events_;
  agent::Caretaker caretaker_;
  CareSteps steps_;
  loop::Timer deadline_;
  model::NodeCare care_;
  /// How far the clock was off that of the controller, and when that was.
  struct ClockLook {
    base::Duration off;
    base::Time at;
    loop::Elapsed since;
  };
  std::optional<ClockLook> clock_;
};

}  // namespace agentd
