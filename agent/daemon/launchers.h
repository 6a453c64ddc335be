#pragma once
// The launchers of this node: started, watched to their end, stopped; also those that an earlier
// agent started.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/daemon/launch_dirs.h"
#include "agent/daemon/leftovers.h"
#include "lib/base/result.h"
#include "lib/loop/process.h"
#include "lib/loop/timer.h"
#include "lib/model/launch.h"
#include "lib/model/outcome.h"
#include "lib/model/undying.h"

namespace agentd {

/// What Launchers tells, on the loop and never inside a call.
struct LauncherEvents {
  /// Without a report it was killed, or failed; `how` says what is known.
  std::function<void(const model::LaunchKey&, std::optional<model::LaunchReport>, std::string how)>
      ended;
  /// Processes of it outlived SIGKILL; before `ended` where its launcher left them.
  std::function<void(const model::LaunchKey&, std::vector<model::Undying>)> outlived;
  /// Nothing of it is left.
  std::function<void(const model::LaunchKey&)> cleaned;
};

class Launchers {
 public:
  /// `arguments` are those of the program that follow the launch directory.
  Launchers(loop::Loop& loop, const LaunchDirs& dirs, std::string program,
            std::vector<std::string> arguments, LauncherEvents events);

  /// `has_directory`: it was made before.
  base::Result<void> start(const model::LaunchOrder& order, bool has_directory);
  /// Watches one that an earlier agent started.
  void watch(const model::LaunchKey& key);
  /// SIGTERM; nothing happens to one that is gone.
  void stop(const model::LaunchKey& key);
  /// SIGKILL, the same: what it started is left to clean_up.
  void kill(const model::LaunchKey& key);
  /// SIGUSR1, the same.
  void save(const model::LaunchKey& key);
  void clean_up(const model::LaunchKey& key);

  /// Is what it left being killed?
  bool is_cleaning(const model::LaunchKey& key) const { return leftovers_.contains(key); }
  bool is_running(const model::LaunchKey& key) const { return running_.contains(key); }

 private:
  /// A child, or the child of an earlier agent, or one of those that has not written its number
  /// yet.
  struct Running {
    std::optional<loop::Process> child;
    std::optional<loop::ProcessWatch> other;
    std::optional<loop::Timer> retry;
  };

  void signal(const model::LaunchKey& key, int number);
  void try_watch(const model::LaunchKey& key);
  void child_exited(const model::LaunchKey& key, const loop::ExitStatus& status);
  void ended(const model::LaunchKey& key, std::string how);
  bool is_left(const model::LaunchKey& key) const;

  loop::Loop& loop_;
  LaunchDirs dirs_;
  std::string program_;
  std::vector<std::string> arguments_;
  LauncherEvents events_;
  std::vector<std::string> environment_;
  std::map<model::LaunchKey, Running> running_;
  std::map<model::LaunchKey, std::unique_ptr<Leftovers>> leftovers_;
};

}  // namespace agentd
