#pragma once
// Ends what a launcher left that was killed: its control groups, its sessions, every process that
// carries its launch's id, and the folder of its PMIx server.

#include <functional>
#include <optional>
#include <string>

#include "lib/base/time.h"
#include "lib/loop/timer.h"
#include "lib/loop/work.h"

namespace agentd {

/// One round of that at once; the number of processes that were still there.
int end_processes(const std::string& launch_dir);

class Leftovers {
 public:
  /// Begins at once; `done` runs when no process is left, never inside the constructor.
  Leftovers(loop::Loop& loop, std::string launch_dir, std::function<void()> done);

 private:
  void round();
  void end();

  loop::Loop& loop_;
  std::string launch_dir_;
  int n_removals_ = 0;  // of its groups, in vain
  std::function<void()> done_;
  base::Duration pause_;
  loop::Timer timer_;
  std::optional<loop::Work> removal_;
};

/// Of a preparation: the directories that its job had, by the names that stand in the launch
/// directory. The mounts of the job are not seen here; where it has mounted something by itself,
/// that stays, and the directory with it.
void remove_job_folders(const std::string& launch_dir);

}  // namespace agentd
