#pragma once
// The launch directories of a node: NODE/launches/KEY/. They are the agent's memory.
//
//   order         what is to be started (lib/wire/launch.h); written once, before the launcher runs
//   launcher.err  what the launcher says; the launcher holds a lock on it, through its standard
//                 error, as long as it lives: so "locked" means "the launcher lives"
//   pid           "PID START_TIME", by the launcher when it begins: without it nothing has run
//   launch_id, sessions, session_dir
//                 by the launcher: how to find what it leaves when it is killed
//   undying       when SIGKILL was sent, while it has not ended all; by the launcher or the agent
//   gpus_idle     by the launcher: since when its GPUs do nothing, while that is long
//   checkpoint    by the job: touched when its work is safe
//   log, log.N    by the launcher: output (lib/wire/log_record.h, log_segments.h)
//   report        what it came to, by the launcher; by the agent where that was lost or never ran
//   acknowledged  the report under its new name once the controller has it
//
// Nothing here is synced to the disk: a machine that loses its power has rebooted, and then all
// that had no acknowledged report is lost with the node anyway.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/ids.h"
#include "lib/model/launch.h"
#include "lib/model/outcome.h"

namespace agentd {

struct LauncherProcess {
  pid_t pid = 0;
  std::uint64_t start_time = 0;
};

class LaunchDirs {
 public:
  /// Makes `node_dir`/launches.
  static base::Result<LaunchDirs> open(const std::string& node_dir);

  const std::string& root() const { return root_; }
  std::string path(const model::LaunchKey& key) const;
  std::string file(const model::LaunchKey& key, const char* name) const;

  /// Makes the directory with its order. The result is the locked descriptor that must become the
  /// launcher's standard output and error. After an error nothing is left of the directory.
  base::Result<loop::OwnedFd> create(const model::LaunchOrder& order) const;

  /// Makes the directory if there is none.
  base::Result<void> keep_report(const model::LaunchReport& report) const;
  base::Result<void> mark_acknowledged(const model::LaunchKey& key) const;

  /// nullopt where there is none, or none that can be read.
  std::optional<model::LaunchReport> report(const model::LaunchKey& key) const;
  std::optional<model::LaunchOrder> order(const model::LaunchKey& key) const;
  std::optional<LauncherProcess> launcher(const model::LaunchKey& key) const;
  bool is_locked(const model::LaunchKey& key) const;
  /// Has a launcher said that it has prepared the node?
  bool is_prepared(const model::LaunchKey& key) const;
  /// The last words of a launcher, at most one line; empty if it said nothing.
  std::string last_words(const model::LaunchKey& key) const;

  base::Result<void> remove(const model::LaunchKey& key) const;

 private:
  explicit LaunchDirs(std::string root) : root_(std::move(root)) {}

  std::string root_;
};

}  // namespace agentd
