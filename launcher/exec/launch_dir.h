#pragma once
// The directory of one launch: what the agent left there and what it and later readers find there.
// muster-launch(8) describes the files. Of a user who is not the agent's, it has a folder that is
// the user's, `own`: what is written before the launcher has become the user lies beside that, in
// the agent's, and what comes later in it.

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/account.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/launch.h"
#include "lib/model/outcome.h"
#include "lib/model/topology.h"

namespace exec {

class LaunchDir {
 public:
  /// `path` is made absolute. Error not_found.
  static base::Result<LaunchDir> open(const std::string& path);

  /// Of a user who is not the agent's?
  bool is_users() const { return !own_.empty(); }
  /// In the folder that is the user's.
  std::string file(std::string_view name) const;
  /// Folders of another launch of the node, for the same user: the agent's, and the user's.
  std::string of(const model::LaunchKey& key) const;
  std::string own_of(const model::LaunchKey& key) const;
  /// Gives the user's folder to the user: nothing is written by root in it from here on. Errors:
  /// denied when the user cannot come there; then it stays root's.
  base::Result<void> hand_over(const loop::Account& user) const;

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
  /// Writes `usage`: what the launch has used so far, as part of a report.
  base::Result<void> write_usage(const model::LaunchReport& so_far) const;
  /// Writes `etc-hosts`, which is readable for all and the agent's own; returns its path.
  base::Result<std::string> write_hosts(const std::string& text) const;
  base::Result<void> write_report(const model::LaunchReport& report) const;

  /// A line in launcher.log, for people who look for the cause of something odd.
  void note(std::string_view text) const;

 private:
  LaunchDir(std::string path, std::string own) : path_(std::move(path)), own_(std::move(own)) {}
  std::string agents_file(std::string_view name) const { return path_ + "/" + std::string(name); }

  std::string path_;
  std::string own_;  // "" or "/own", below that of each launch of the user
  loop::OwnedFd sessions_;
};

}  // namespace exec
