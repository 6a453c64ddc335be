#pragma once
// What a user submits: the request for resources and what is to run. Immutable once accepted.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/model/array.h"
#include "lib/model/binding.h"
#include "lib/model/dependency.h"
#include "lib/model/dialect.h"
#include "lib/model/hang_limit.h"
#include "lib/model/node_choice.h"
#include "lib/model/preparation.h"
#include "lib/model/restart.h"
#include "lib/model/role.h"
#include "lib/model/start_up.h"

namespace model {

/// The verified identity of a caller (peer credentials of the socket).
struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string name;

  bool operator==(const User&) const = default;
};

/// The request as written: what the user left out stays empty. resolve() gives it its meaning.
struct Shape {
  std::optional<int> nodes;
  std::optional<int> tasks;
  std::optional<int> tasks_per_node;
  int cpus_per_task = 1;
  int gpus_per_node = 0;
  int gpus_per_task = 0;
  std::optional<base::Bytes> memory_per_node;
  std::optional<base::Bytes> memory_per_cpu;
  std::optional<int> most_nodes;  // as many of them as there are, from `nodes` on
  bool whole_nodes = false;       // nobody else on the job's nodes

  auto operator<=>(const Shape&) const = default;
};

/// The signal that asks a job to save its work before it is ended.
struct SaveSignal {
  int number = 0;            // SIGUSR1 ...
  base::Duration before{};   // the time limit
  bool script_only = false;  // to the script; else to all processes that it started

  bool operator==(const SaveSignal&) const = default;
};

/// May a program handle it?
bool is_save_signal(int number);

/// "USR1", "SIGUSR1" or "10".
std::optional<int> save_signal_from_text(std::string_view text);

/// "SIGUSR1".
std::string signal_name(int number);

using Environment = std::map<std::string, std::string>;

/// Numbers by name of what the whole cluster counts, such as licenses of a program.
using Licenses = std::map<std::string, int>;

struct JobSpec {
  std::string name;
  std::string pool;        // empty: any pool
  std::string workspace;   // whom usage is charged to; empty: the user alone
  std::string class_name;  // empty: the default
  std::string comment;
  std::string token;  // of the submission: a repeated one gives the same job, "" switches that off
  Shape shape;
  NodeChoice choice;
  Licenses licenses;
  std::optional<base::Duration> time_limit;
  int priority = 0;  // -1000..1000
  bool hold = false;
  bool requeue = true;                       // start again after a preemption or the loss of a node
  std::optional<RestartPolicy> restart;      // after failures of its own
  std::optional<HangLimit> hang_timeout;     // of the steps that name none of their own
  std::optional<base::Duration> grow_after;  // of an attempt on fewer nodes than it may have
  std::optional<int> max_evictions;          // then it asks for dedicated nodes
  std::optional<SaveSignal> save_signal;
  std::optional<base::Time> begin;     // not before
  std::optional<base::Time> deadline;  // it has to have ended by then
  Dependency dependency;
  std::optional<Array> array;  // its tasks have the same spec
  Preparation preparation;     // of its nodes, before the script
  Roles roles;                 // of the steps that name no number of their own; empty: none

  std::string script;       // the whole text with its #! line; empty: `arguments` is the command
  std::string script_name;  // as the user wrote it, for people
  std::vector<std::string> arguments;  // of the script, or the command with its arguments
  Environment environment;
  std::string work_dir;        // absolute
  std::string output;          // absolute path pattern
  std::string error;           // absolute path pattern; empty: into the output file
  bool append_output = false;  // to what is in the files already; later attempts always do
  Dialect dialect = Dialect::native;

  bool operator==(const JobSpec&) const = default;
};

/// Of a terminal, in characters; 0: not known.
struct WindowSize {
  int rows = 0;
  int columns = 0;

  bool operator==(const WindowSize&) const = default;
};

/// A parallel step as `muster run` asks for it.
struct StepSpec {
  std::optional<int> nodes;
  std::vector<std::string> node_names;  // of the job, where it is to run; empty: anywhere
  std::optional<int> tasks;             // default: the job's
  std::optional<int> tasks_per_node;
  std::optional<int> cpus_per_task;
  std::optional<int> gpus_per_task;
  std::optional<Roles> roles;  // default: the job's; empty: all ranks are equal
  Binding binding;
  StartUp start_up = StartUp::all;
  std::optional<HangLimit> hang_timeout;  // default: the job's
  bool map_only = false;                  // say where the ranks would run, and start none
  std::vector<std::string> arguments;     // program and its arguments; may be empty with map_only
  Environment environment;
  std::string work_dir;
  std::string output;                  // absolute path pattern; empty: to `muster run`
  std::string error;                   // the same; empty: as the output
  bool label = false;                  // the rank in front of each line, in files
  std::optional<WindowSize> terminal;  // its one rank runs on a pseudo-terminal
  bool like_script = false;  // one task, which is in the script's place: no rank of anything
  bool exact = false;        // cores and GPUs that no other such step of the job has
  bool keep_going = false;   // when a rank fails that is in no MPI, the others go on

  bool operator==(const StepSpec&) const = default;
};

/// Those of the step itself; else the job's, if the step is to have the job's tasks.
const Roles& roles_of(const JobSpec& job, const StepSpec& step);

}  // namespace model
