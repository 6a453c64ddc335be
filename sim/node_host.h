#pragma once
// One simulated machine: its disk, its launchers, and the real agent core when it runs.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/agent.h"
#include "agent/core/caretaker.h"
#include "lib/base/random.h"
#include "lib/model/launch.h"
#include "lib/model/node.h"
#include "lib/model/undying.h"
#include "sim/events.h"
#include "sim/link.h"
#include "sim/truth.h"

namespace sim {

class NodeHost {
 public:
  struct World {
    Events& events;
    base::Random& random;
    Truth& truth;
    std::function<bool()> controller_listens;
    std::function<void(const std::string& node, const model::FromAgent&)> to_controller;
    std::function<void(const std::string& node)> controller_sees_break;
    std::function<void(const model::LaunchKey&)> script_runs;  // it may ask for steps
  };

  NodeHost(World world, model::NodeInfo info);

  const std::string& name() const { return info_.name; }
  Link& link() { return link_; }
  bool has_agent() const { return agent_.has_value(); }

  /// Of its machine, from the next start of its agent on.
  void set_end(std::optional<base::Time> ends_at) { info_.ends_at = ends_at; }

  void start_agent();
  void kill_agent();
  void reboot();  // ends everything; the disk stays
  /// Its setup and its checks go well from now on.
  void calm_down() { is_calm_ = true; }
  void kill_a_launcher();  // one of those that run, if any

 private:
  /// A launch directory: what is on disk.
  struct Directory {
    std::optional<model::LaunchOrder> order;
    bool launcher_ran = false;
    bool is_prepared = false;  // of a preparation
    int boot = 0;
    std::optional<model::LaunchReport> report;
    bool is_acknowledged = false;
    std::vector<model::Undying> undying = {};  // processes that outlived SIGKILL
    bool has_epilog_ended = false;
  };
  enum class Life { running, killed };  // killed: its processes are there until they are cleaned up

  void dial();
  void hear(const model::ToAgent& message);
  void perform(const std::vector<agent::CareAction>& actions);
  void run_step();
  std::vector<model::FailingGpu> failing_gpus();
  void arm_care();
  void give(const agent::Input& input);
  void perform(agent::Action action);
  void perform(agent::StartLauncher action);
  void perform(const agent::RunProlog& action);
  void perform(const agent::RunEpilog& action);
  std::string program_fault();
  bool dies_now();
  void arm_tick();
  void launcher_starts(const model::LaunchOrder& order);
  void preparation_starts(const model::LaunchKey& key);
  void launcher_ends(const model::LaunchKey& key, int exit_code, std::optional<int> signal);
  void save_launcher(const model::LaunchKey& key);
  void stop_launcher(const model::LaunchKey& key);
  void kill_launcher(const model::LaunchKey& key);
  void clean_up(const model::LaunchKey& key);
  void outlive(const model::LaunchKey& key);
  void let_go(const model::LaunchKey& key);
  std::vector<agent::Found> found_on_disk();

  World world_;
  model::NodeInfo info_;
  int boot_ = 1;
  std::map<model::LaunchKey, Directory> disk_;
  std::map<model::LaunchKey, Life> launchers_;
  agent::Caretaker::Known known_;  // on disk, too
  std::optional<agent::Caretaker> caretaker_;
  std::uint64_t step_ = 0;  // counts those that began or were stopped
  bool is_calm_ = false;
  std::optional<agent::Agent> agent_;
  std::uint64_t agent_life_ = 0;  // counts starts and kills: events of an earlier life are dropped
  Link link_;
};

}  // namespace sim
