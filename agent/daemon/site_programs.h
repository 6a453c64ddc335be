#pragma once
// Runs the site's prolog and epilog of launches, any number at a time, each with its time limit.
// What they print lies in the folder `site` of the launch directory, its end in the node's own log.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/core/caretaker.h"
#include "agent/daemon/care_steps.h"
#include "agent/daemon/launch_dirs.h"
#include "lib/loop/log.h"
#include "lib/loop/timer.h"
#include "lib/model/launch.h"

namespace agentd {

/// The log in which `muster node show --log` finds them.
std::string site_log(const std::string& node_dir);

class SitePrograms {
 public:
  /// Told on the loop and never inside a call. No fault: it went well.
  struct Events {
    std::function<void(const model::LaunchKey&, std::string fault)> prolog_ended;
    std::function<void(const model::LaunchKey&, std::string fault)> epilog_ended;
  };
  SitePrograms(loop::Loop& loop, const LaunchDirs& dirs, std::string node_dir, const loop::Log& log,
               Events events);

  /// The launch directory is there. What an agent before this one left of either is ended first.
  void run_prolog(const model::LaunchOrder& order);
  void run_epilog(const model::LaunchOrder& order);
  /// The longest that one that runs may take from its start; nullopt: none runs.
  std::optional<base::Duration> longest_limit() const;

 private:
  enum class Which { prolog, epilog };
  struct Run {
    Which which = Which::prolog;
    int number = 0;  // of the run of either
    base::Duration limit{};
    std::unique_ptr<CareSteps> steps;
    std::unique_ptr<loop::Timer> timer;
    bool is_over = false;
  };

  void run(const model::LaunchOrder& order, Which which);
  Run& run_of(const model::LaunchKey& key);
  void take_too_long(const model::LaunchKey& key);
  void ended(const model::LaunchKey& key, int number, const agent::StepEnd& end);
  static std::string_view to_text(Which which);

  loop::Loop& loop_;
  LaunchDirs dirs_;
  std::string node_dir_;
  const loop::Log& log_;
  Events events_;
  std::map<model::LaunchKey, Run> runs_;  // those that are over stay while they end leftovers
};

}  // namespace agentd
