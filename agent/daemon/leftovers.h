#pragma once
// Ends what a launcher left that was killed: its control groups, its sessions, every process that
// carries its launch's id, and the folder of its PMIx server.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/daemon/launch_dirs.h"
#include "lib/base/time.h"
#include "lib/loop/process_table.h"
#include "lib/loop/timer.h"
#include "lib/loop/work.h"
#include "lib/model/hierarchy.h"

namespace agentd {

/// By which the processes of a launch are known.
struct Marks {
  std::string launch_id;
  OwnFolder own;
  std::set<pid_t> sessions;
  model::LaunchGroups groups;
};

Marks read_marks(const std::string& launch_dir);

/// One round of that at once; the processes that were still there.
std::vector<loop::ProcessEntry> end_processes(const Marks& marks);

struct LeftoverEvents {
  /// These do not end: told again whenever there are fewer or others. Absent: nobody asks.
  std::function<void(const std::vector<loop::ProcessEntry>&, base::Time since)> outlived;
  /// No process is left.
  std::function<void()> cleaned;
};

class Leftovers {
 public:
  /// Begins at once; nothing is told inside the constructor.
  Leftovers(loop::Loop& loop, std::string launch_dir, LeftoverEvents events);

  /// Not later, but now: it may tell, and be destroyed for it.
  void look() { round(); }

 private:
  void round();
  void end();

  loop::Loop& loop_;
  std::string launch_dir_;
  Marks marks_;  // read once: the directory may go before the processes
  base::Time killed_at_;
  bool is_long_ = false;  // ago: what is still there does not end
  std::vector<loop::ProcessEntry> undying_;
  int n_removals_ = 0;  // of its groups, in vain
  LeftoverEvents events_;
  base::Duration pause_;
  loop::Timer timer_;
  std::optional<loop::Work> removal_;
};

/// Of a preparation: the directories that its job had, by the names that stand in the launch
/// directory. The mounts of the job are not seen here; where it has mounted something by itself,
/// that stays, and the directory with it.
void remove_job_folders(const std::string& launch_dir);

}  // namespace agentd
