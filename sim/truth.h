#pragma once
// What really happened in the simulated world, whatever the controller and the agents believe; and
// the promises that it is held against.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/model/ids.h"
#include "lib/model/launch.h"
#include "scheduler/core/engine.h"

namespace sim {

enum class Property {
  overlap,     // a core or GPU is used by one job at a time
  twice,       // a launch starts once; a job whose end was reported does not start again
  lost,        // what was acknowledged is there after any crash
  replay,      // the state from the journal equals the live state
  sound,       // the state's own invariants hold
  untrue,      // the recorded exit code is the one that the script ended with
  unfinished,  // once faults stop, every job ends
  overlooked,  // a pass leaves no job that could start
  pools,       // pools keep their bounds, no busy node is ended, no machine is forgotten
  unprepared,  // a script starts after the preparation of all its nodes; the site's prolog goes
               // before all of an attempt on a node, and its epilog after that
  quota,       // no limit is exceeded; lenders and borrowers have no more than all of theirs
};

std::string_view to_text(Property property);
std::optional<Property> property_from_text(std::string_view text);

struct Violation {
  Property property;
  std::string text;
};

class Truth {
 public:
  /// A launcher's processes exist on a node from now on.
  void started(const std::string& node, const model::LaunchOrder& order);
  /// A preparation has said that its node is ready.
  void prepared(const std::string& node, const model::LaunchKey& key);
  /// The site's programs around an attempt on a node; the epilog has ended at last.
  void prolog_began(const std::string& node, const model::LaunchOrder& order);
  void epilog_began(const std::string& node, const model::LaunchKey& key);
  void epilog_ended(const std::string& node, const model::LaunchKey& key);
  /// At the end, of a node whose agent is there.
  void check_epilogs(const std::string& node);
  /// They are gone. `exit_code` is of a script that ended by itself.
  void ended(const std::string& node, const model::LaunchKey& key, std::optional<int> exit_code);
  /// What the kernel does not let go of is still there, on these.
  void outlived(const std::string& node, const model::LaunchKey& key, const model::CoreSet& cores,
                const model::GpuSet& gpus);
  /// The controller has said that it has the report of a script that ended by itself.
  void report_settled(const model::LaunchKey& key);

  /// A user was told that the submission with this token is this job.
  void acknowledged(const std::string& token, model::JobId job);

  /// After a restart of the controller, and at the end.
  void check_kept(const scheduler::State& state);
  void check_outcomes(const scheduler::Engine& engine);

  /// What running jobs hold is within these limits.
  void check_quotas(const scheduler::State& state, const std::vector<scheduler::Quota>& quotas);

  /// Pools are within their bounds.
  void check_pools(const scheduler::State& state,
                   const std::vector<scheduler::ProvidedPool>& pools);
  /// Nothing changes any more: the machines that are there are those of nodes that are up, and no
  /// node is on its way.
  void check_settled_pools(const scheduler::State& state, const std::vector<std::string>& machines);

  void violate(Property property, std::string text);
  const std::optional<Violation>& violation() const { return violation_; }
  std::size_t n_started() const { return started_.size(); }

 private:
  void check_prepared(const model::LaunchOrder& order);
  void check_settled(const scheduler::State& state, const model::LaunchKey& key);

  struct Process {
    model::CoreSet cores;
    model::GpuSet gpus;
  };
  using Place = std::pair<std::string, model::LaunchKey>;

  std::map<Place, Process> running_;
  std::set<Place> outlived_;          // of these, what is only still there
  std::map<Place, Process> to_undo_;  // where a prolog began and no epilog has ended
  std::set<Place> started_;
  std::set<Place> prepared_;
  std::map<model::LaunchKey, int> exit_codes_;  // of scripts that ended by themselves
  std::set<model::LaunchKey> settled_;          // whose report the controller has said to have
  std::map<std::string, model::JobId> acknowledged_;  // by token
  std::optional<Violation> violation_;
};

}  // namespace sim
