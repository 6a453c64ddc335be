#pragma once
// Which cluster a command talks to.

#include <optional>
#include <string>

#include "cli/options/option.h"
#include "cli/problem.h"
#include "lib/loop/address.h"

namespace cli {

/// Where everything of an embedded cluster lies, below its directory.
struct ClusterPaths {
  std::string dir;  // absolute

  std::string config() const { return dir + "/muster.toml"; }
  std::string lock() const { return dir + "/musterd.lock"; }
  std::string journal() const { return dir + "/journal.db"; }
  std::string log() const { return dir + "/log/musterd.log"; }
  std::string api_socket() const { return dir + "/api.sock"; }
  std::string agents_socket() const { return dir + "/agents.sock"; }
  std::string run_dir() const { return dir + "/run"; }
  std::string nodes_dir() const { return dir + "/nodes"; }
};

struct Cluster {
  ClusterPaths paths;
  loop::Address address;
};

/// --dir, else $MUSTER_CONTROLLER (set inside jobs), else $MUSTER_DIR, else
/// ${XDG_STATE_HOME:-~/.local/state}/muster, else /run/muster where that has a socket.
/// Nothing needs to run there.
Try<Cluster> find_cluster(const options::Parsed& line);

/// The state directory alone, absolute: of up and down, which do not follow $MUSTER_CONTROLLER.
Try<ClusterPaths> state_directory(const options::Parsed& line);

/// Whether somebody listens there now.
bool is_listening(const loop::Address& address);

/// What to say when nobody does.
Problem no_cluster(const Cluster& cluster);

}  // namespace cli
