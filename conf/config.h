#pragma once
// The configuration of a cluster, muster.toml, as a plain value. conf/keys.def says what each key
// means; a Config that was read is complete and in range.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/base/time.h"

namespace conf {

/// A static pool has no numbers: its machines say what they have.
struct Pool {
  std::string name;
  std::string provider;  // "local", "static", "exec", "slurm"
  int nodes = 0;         // most at a time
  int cpus_per_node = 0;
  int gpus_per_node = 0;
  std::optional<base::Bytes> memory_per_node;
  std::string containment = "auto";  // "required", "off"
  std::vector<std::string> features;
  std::optional<int> reservations;    // absent: those of the scheduler
  std::optional<int> min_nodes = {};  // there at all times; absent: all of them
  std::optional<int> max_nodes = {};  // as written
  base::Duration idle_timeout = std::chrono::minutes(5);
  base::Duration start_timeout = std::chrono::minutes(10);
  std::string gpu_kind = {};       // empty: not known before they are there
  std::string tier = "dedicated";  // "low-priority"
  // Of pools whose nodes a program makes.
  std::string program = {};  // a command line
  base::Duration program_timeout = std::chrono::minutes(5);
  base::Duration reconcile_interval = std::chrono::minutes(1);
  base::Duration node_life{};  // 0: without end
  std::string options = {};    // the site's own table, in JSON; empty: none
  // What is done so that nodes are fit for work.
  std::vector<std::string> mounts = {};  // as of submit --mount
  base::Duration mount_timeout = std::chrono::minutes(1);
  std::string setup = {};  // commands of sh; empty: none
  base::Duration setup_timeout = std::chrono::minutes(10);
  int setup_tries = 3;
  base::Duration setup_pause = std::chrono::seconds(30);
  base::Duration setup_heal = std::chrono::minutes(10);
  std::string health = {};
  bool checks = false;
  base::Bytes free_disk = base::Bytes(std::uint64_t{1} << 30);
  base::Bytes free_memory = {};
  bool gpu_full_link = false;
  base::Duration health_interval = std::chrono::minutes(5);
  base::Duration health_timeout = std::chrono::seconds(30);
  // What goes around jobs on its nodes: commands of sh; empty: none.
  std::string prolog = {};
  base::Duration prolog_timeout = std::chrono::seconds(60);
  std::string epilog = {};
  base::Duration epilog_timeout = std::chrono::seconds(60);

  /// Whether a program makes its nodes.
  bool has_program() const { return provider == "exec" || provider == "slurm"; }

  bool operator==(const Pool&) const = default;
};

struct Class {
  std::string name;
  int base = 0;
  std::vector<std::string> preempts;
  base::Duration grace{};
  int max_preemptions = 0;
  std::vector<std::string> users;
  bool yields = true;

  bool operator==(const Class&) const = default;
};

struct Workspace {
  std::string name;
  int shares = 0;
  std::vector<std::string> users;

  bool operator==(const Workspace&) const = default;
};

struct NodeGroup {
  std::vector<std::string> names;  // in order
  std::vector<std::string> features;

  bool operator==(const NodeGroup&) const = default;
};

/// Nodes are in order. The switches of a configuration that was read make trees.
struct Switch {
  std::string name;
  std::vector<std::string> nodes;
  std::vector<std::string> switches;

  bool operator==(const Switch&) const = default;
};

struct License {
  std::string name;
  int count = 0;

  bool operator==(const License&) const = default;
};

/// Whom a limit is for: one by name, "*" each for itself, "" all together.
struct Quota {
  std::string user;
  std::string workspace;
  std::string class_name;
  std::string pool;
  std::string tier = {};  // empty: any
  std::optional<int> cores;
  std::optional<int> gpus;
  std::optional<int> nodes;
  std::optional<int> running_jobs;
  std::optional<int> queued_jobs;
  std::optional<int> gpu_hours;
  std::optional<int> core_hours;
  base::Duration period{};  // of hours
  bool lend = false;
  bool borrow = false;

  bool operator==(const Quota&) const = default;
};

struct Cluster {
  std::string name;
  std::string dir;
  std::string shared_tmp;  // absolute, or empty
  std::string users;       // "owner", "all"

  bool operator==(const Cluster&) const = default;
};

struct Listen {
  std::string agents;   // "tls:HOST:PORT", or empty
  std::string address;  // "HOST:PORT", or empty

  bool operator==(const Listen&) const = default;
};

struct Scheduler {
  base::Duration kill_grace{};
  base::Duration heartbeat{};
  base::Duration node_timeout{};
  int requeue_limit = 0;
  base::Duration requeue_backoff{};
  std::string order;  // "predicted", "fcfs", "sjf", "lxf", "wfp3", "served"
  int reservations = 0;
  std::string backfill_order;  // "queue", "sjf"
  std::string default_class;
  int fair_share = 0;
  base::Duration fair_share_half_life{};
  int size_weight = 0;
  std::string foreign_names;  // "note", "refuse"
  base::Duration slice{};

  bool operator==(const Scheduler&) const = default;
};

struct Limits {
  int queued_jobs = 0;
  int jobs_kept = 0;
  base::Bytes script;
  base::Bytes request;
  int connections = 0;
  base::Bytes launch_log;
  base::Bytes event_backlog;
  int booked_nodes = 0;
  int suspect_after = 0;
  base::Duration gpu_idle_notice{};
  std::string gpu_idle_action;  // "notice", "cancel", "preempt"
  int max_prolog_failures = 3;  // of one job

  bool operator==(const Limits&) const = default;
};

struct Containers {
  std::string cache;
  base::Bytes cache_limit;
  std::string binds;  // paths with ':' between them

  bool operator==(const Containers&) const = default;
};

struct Log {
  std::string level;   // "error", "warn", "info", "debug"
  std::string format;  // "text", "json"

  bool operator==(const Log&) const = default;
};

struct Config {
  Cluster cluster;
  Listen listen;
  Scheduler scheduler;
  Limits limits;
  Containers containers;
  Log log;
  std::vector<Pool> pools;
  std::vector<Class> classes;  // empty: the built-in ones
  std::vector<Workspace> workspaces;
  std::vector<NodeGroup> node_groups;
  std::vector<Switch> switches;
  std::vector<License> licenses;
  std::vector<Quota> quotas;

  bool operator==(const Config&) const = default;
};

/// The name of the node at this place, from 1, of a pool whose nodes a program makes.
std::string place_name(const Pool& pool, int place);
/// Whether a program of the pool makes a node of this name.
bool has_place(const Pool& pool, std::string_view name);

/// Every key at its default, nothing of which a file may have several.
Config defaults();

/// Reads the text of a configuration file.
///
/// name      the file's path: begins the error lines; its folder is the default of cluster.dir
/// errors    invalid, with one line "NAME: line N: ..." for each mistake in the file
base::Result<Config> read_text(std::string_view text, std::string_view name);

/// As read_text. Also errors not_found, denied, io.
base::Result<Config> read_file(const std::string& path);

/// The text of a file that has these pools and everything else at its default: what `muster up`
/// writes.
std::string write_text(const std::vector<Pool>& pools);

}  // namespace conf
