#pragma once
// A whole step without controller and agents: starts one real muster-launch per node and speaks to
// the head as `muster run` does.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/loop/frame_stream.h"
#include "lib/loop/loop.h"
#include "lib/loop/process.h"
#include "lib/loop/stream.h"
#include "lib/loop/timer.h"
#include "lib/model/head_message.h"
#include "tests/unit/launcher/launch_box.h"

namespace launcher_test {

/// Words before the launcher's command line on a node, as of a program that starts it elsewhere.
using Prefix = std::function<std::vector<std::string>(int node)>;

class StepHarness {
  loop::Loop loop_;
  LaunchBox box_;

 public:
  /// So many ranks on each node; each node has `cores` cores (0: one for each rank).
  StepHarness(const std::vector<int>& tasks, const std::vector<std::string>& arguments,
              int cores = 0);
  ~StepHarness();

  // Before run().
  LaunchBox& box() { return box_; }
  model::LaunchOrder order;
  /// Called for each piece of output once the client has it; may kill something.
  std::function<void()> on_output;
  bool with_client = true;
  std::string wrong_secret;      // if set, the client tries it first
  std::string launcher_options;  // path of a hwloc description, for --topology
  Prefix prefix;

  /// Runs until all launchers have ended, at most 40 s.
  void run();
  /// For run() in on_output.
  void send(const model::HeadMessage& message);
  void kill_launcher(std::size_t node, int number);
  void drop_client();

  // After it, or while it runs.
  std::map<int, std::string> out;
  std::map<int, std::string> err;
  std::map<int, model::RankPlaced> placed;
  std::string notes;
  std::optional<model::StepResult> result;
  bool is_late = false;
  int n_turned_away = 0;
  base::Duration took{};

  std::string all_output() const;
  const std::string& launch_dir(std::size_t node) const { return dirs_[node]; }
  std::optional<model::LaunchReport> report(std::size_t node) const;
  /// What should not be there after the step: processes, session directories, the socket. Empty if
  /// all is well. Launchers that were killed leave their session directory to the agent.
  std::string leftovers() const;

 private:
  void start_launchers();
  std::vector<std::string> command(int node) const;
  void dial();
  void take(const std::string& frame);
  void launcher_ended();

  std::vector<std::string> dirs_;
  std::vector<loop::Process> launchers_;
  std::vector<bool> killed_;
  std::optional<loop::Connector> connector_;
  std::optional<loop::FrameStream> client_;
  loop::Timer retry_;
  loop::Timer deadline_;
  int n_running_ = 0;
};

void check_success(const StepHarness& step);

/// Runs a step that fails, and compares what the client and every node say about it.
model::Failure failure_of(StepHarness& step);

}  // namespace launcher_test
