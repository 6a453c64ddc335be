#pragma once
// The launch directories of a node: NODE/launches/KEY/. They are the agent's memory.
//
//   order         what is to be started (lib/wire/launch.h); written once, before the launcher runs
// Of a launch of another user than the agent's, which is root's then, the folder stays the agent's,
// and has one of the user's in it, `own`. What is below "by the launcher" or "by the job" lies
// there, but pid and launch_id, and is never more than that user's word: links, pipes, and what
// belongs to somebody else are as if they were not there.
//
//   launcher.err  what the launcher says; the launcher holds a lock on it, through its standard
//                 error, as long as it lives: so "locked" means "the launcher lives"
//   pid           "PID START_TIME", by the launcher when it begins: without it nothing has run
//   launch_id, sessions, session_dir
//                 by the launcher: how to find what it leaves when it is killed
//   undying       when SIGKILL was sent, while it has not ended all; by the launcher or the agent
//   gpus_idle     by the launcher: since when its GPUs do nothing, while that is long
//   site          folder of a preparation with a prolog or epilog of the site: what they print
//   epilog        how that epilog ended: its fault, or empty; without it it is still to run
//   usage         by the launcher: what it has used so far, as part of a report
//   checkpoint    by the job: touched when its work is safe
//   log, log.N    by the launcher: output (lib/wire/log_record.h, log_segments.h)
//   report        what it came to, by the launcher; by the agent where that was lost or never ran
//   acknowledged  the report under its new name once the controller has it; empty where there is
//   none
//
// Nothing here is synced to the disk: a machine that loses its power has rebooted, and then all
// that had no acknowledged report is lost with the node anyway.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/ids.h"
#include "lib/model/launch.h"
#include "lib/model/outcome.h"

namespace agentd {

struct LauncherProcess {
  pid_t pid = 0;
  std::uint64_t start_time = 0;
};

/// Of a launch: where its launcher and its job write.
struct OwnFolder {
  std::string path;
  uid_t uid = 0;
  gid_t gid = 0;
  bool is_users = false;  // of a user who is not the agent's

  std::string file(const char* name) const { return path + "/" + name; }
  /// To be read: no link, and where it is a user's as loop::open_of() has it.
  base::Result<loop::OwnedFd> open(const char* name) const;
  /// Errors: those of read_file() and, where it is a user's, read_file_of().
  base::Result<std::string> read(const char* name, std::size_t limit) const;
};

/// A time that a user's file names: nothing where no clock could have shown it.
std::optional<base::Time> plausible(base::Time time);

/// Found by what is there.
OwnFolder own_folder(const std::string& launch_dir);

class LaunchDirs {
 public:
  /// Makes `node_dir`/launches. Users come through where the agent is root's, to what is theirs.
  static base::Result<LaunchDirs> open(const std::string& node_dir);

  const std::string& root() const { return root_; }
  std::string path(const model::LaunchKey& key) const;
  /// Of the agent's own.
  std::string file(const model::LaunchKey& key, const char* name) const;
  OwnFolder own(const model::LaunchKey& key) const { return own_folder(path(key)); }

  /// Makes the directory with its order. The result is the locked descriptor that must become the
  /// launcher's standard output and error. After an error nothing is left of the directory.
  base::Result<loop::OwnedFd> create(const model::LaunchOrder& order) const;
  /// That descriptor, of a directory that was made before.
  base::Result<loop::OwnedFd> lock(const model::LaunchKey& key) const;

  /// Of a preparation: its site's epilog has ended so.
  base::Result<void> keep_epilog(const model::LaunchKey& key, const std::string& fault) const;
  bool has_epilog_ended(const model::LaunchKey& key) const;

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
  base::Result<void> make_own(const model::LaunchOrder& order) const;

  std::string root_;
};

}  // namespace agentd
