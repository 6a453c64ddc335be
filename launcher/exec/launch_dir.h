#pragma once
// The directory of one launch: what the agent left there and what it and later readers find there.
// muster-launch(8) describes the files.

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/launch.h"
#include "lib/model/outcome.h"
#include "lib/model/topology.h"

namespace exec {

class LaunchDir {
 public:
  /// `path` is made absolute. Error not_found.
  static base::Result<LaunchDir> open(const std::string& path);

  std::string file(std::string_view name) const;
  /// That of another launch of the node.
  std::string of(const model::LaunchKey& key) const;

  base::Result<model::LaunchOrder> read_order() const;
  /// Of the node, whose description the agent keeps two folders up.
  base::Result<model::Topology> read_topology() const;
  /// The node's hwloc description; empty when there is none.
  std::string topology_xml() const;

  /// `pid` and `launch_id`: with these, the agent recognises this process and all it starts.
  base::Result<void> write_identity(const std::string& launch_id) const;
  /// Adds a session to `sessions`.
  base::Result<void> record_session(pid_t session);
  /// Writes `session_dir`: before the folder is made, so that it is never left behind.
  base::Result<void> record_session_dir(const std::string& path) const;
  /// Writes `groups`, before they are made; and removes it when they are gone.
  base::Result<void> record_groups(const std::string& text) const;
  void forget_groups() const;
  /// Writes `undying`: processes are left that SIGKILL did not end, sent at that time. The agent
  /// watches them from then on.
  base::Result<void> record_undying(base::Time since) const;
  bool has_undying() const;
  /// Writes `gpus_idle`: since when they are; or removes it.
  base::Result<void> note_idle_gpus(std::optional<base::Time> since) const;
  base::Result<void> write_report(const model::LaunchReport& report) const;

  /// A line in launcher.log, for people who look for the cause of something odd.
  void note(std::string_view text) const;

 private:
  explicit LaunchDir(std::string path) : path_(std::move(path)) {}

  std::string path_;
  loop::OwnedFd sessions_;
};

}  // namespace exec
