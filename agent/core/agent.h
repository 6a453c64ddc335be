#pragma once
// What an agent knows and decides. Its durable memory is its launch directories; this value is made
// from them at each start and never touches the world itself.

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "agent/core/action.h"
#include "agent/core/input.h"
#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/launch.h"
#include "lib/model/node.h"

namespace agent {

struct Limits {
  base::Duration heartbeat = std::chrono::seconds(5);     // until the controller says otherwise
  base::Duration repeat = std::chrono::seconds(5);        // of a hello or report without an answer
  base::Duration shut_down = std::chrono::seconds(90);    // and the time of the site's programs
  base::Duration launcher_end = std::chrono::seconds(5);  // of a stopped one, after its kill grace
  base::Duration order_stands = std::chrono::milliseconds(500);  // of one found; else it is stopped
  std::size_t settled_keys = 30000;  // remembered; the oldest are forgotten
};

/// Promises: no launch starts twice; none that was refused starts later; every launch is reported
/// until its report is acknowledged; none that is told to end goes on for ever; where the site's
/// prolog was begun its epilog is run when nothing of the attempt is left here.
class Agent {
 public:
  Agent(model::NodeInfo info, Limits limits);

  /// Restarted must come first, once. Actions are to be carried out in order.
  std::vector<Action> handle(const Input& input, base::Time now);

  /// When a Tick is wanted, if at all.
  std::optional<base::Time> next_deadline() const;

  std::size_t count_running() const { return live_.size(); }
  std::size_t count_unacknowledged() const { return ended_.size(); }

 private:
  using Order = std::shared_ptr<const model::LaunchOrder>;

  /// A launch whose processes may exist, or are about to.
  struct Live {
    enum class Phase { prolog, held, starting, running, cleaning };  // held: its prolog has ended
    Phase phase = Phase::starting;
    bool stop_wanted = false;             // before it runs
    bool is_in_doubt = false;             // found on disk: the controller may not want it any more
    std::optional<base::Time> stands_at;  // then, after a Welcome: it does, if it says nothing
    bool told = false;                    // of its start, on this connection
    bool is_prepared = false;             // of a preparation
    base::Time started_at;
    base::Duration kill_grace{};
    std::optional<base::Time> kill_at;  // its launcher, which was told to end
    bool is_killed = false;             // for that
    std::string how_lost;               // while cleaning
    Order order = {};                   // of one with programs of the site

    bool is_begun() const { return phase == Phase::running || phase == Phase::cleaning; }
    bool is_told_to_end() const { return kill_at || is_killed; }
  };
  struct Ended {
    model::LaunchReport report;
    std::optional<base::Time> sent_at;  // on this connection
    Order order = {};                   // while its epilog is due
    bool is_epilog_begun = false;
    bool is_early = false;  // ended before its attempt: told while its epilog is due
  };
  enum class Link { down, greeting, up };  // greeting: the hello has no answer yet

  void take(const Restarted& input);
  void take(const Connected& input);
  void take(const Disconnected& input);
  void take(const Received& input);
  void take(const LauncherStarted& input);
  void take(const LauncherFailed& input);
  void take(const LauncherPrepared& input);
  void take(const LauncherEnded& input);
  void take(const Outlived& input);
  void take(const Cleaned& input);
  void take(const PrologEnded& input);
  void take(const EpilogEnded& input);
  void take(const Conditioned& input);
  void take(const Tick& input);

  void take(const model::Welcome& message);
  void take(const model::Refused& message);
  void take(const model::Launch& message);
  void take(const model::Stop& message);
  void take(const model::Save& message);
  void take(const model::Acknowledge& message);
  void take(const model::LogRead& message);
  void take(const model::LogCancel& message);
  void take(const model::CheckNode& message);
  void take(const model::NodeLogRead& message);
  void take(const model::ShutDown& message);

  void greet();
  void tell_condition();
  std::vector<model::Undying> all_undying() const;
  void tell_undying();
  void found(const Found& launch);
  void stop_launcher(const model::LaunchKey& key, Live& launch);
  void launcher_gone(const model::LaunchKey& key, Live& launch, std::string how);
  void end(model::LaunchReport report);
  void add_ended(model::LaunchReport report, Order order, bool is_early);
  static Ended ended_with(model::LaunchReport report, Order order);
  void begin_epilogs();
  bool is_left(const model::LaunchKey& attempt_of) const;
  void wait_for_cleaning(const model::LaunchKey& key);
  void settle(const model::LaunchKey& key);
  void stop(const model::LaunchKey& key, Live& launch);
  void refuse(const model::LaunchKey& key, std::string_view why);
  void tell_started(const model::LaunchKey& key, Live& launch);
  void tell_ended(Ended& launch);
  void tell_again(const model::LaunchKey& key);
  void repeat_reports();
  void kill_overdue();
  void release_held();
  void check_deadlines();
  base::Duration programs_time() const;
  bool is_known(const model::LaunchKey& key) const;
  bool is_superseded(const model::LaunchKey& key) const;
  model::LaunchReport failed(const model::LaunchKey& key, model::Cause cause, std::string_view text,
                             int exit_code) const;
  void act(Action action) { actions_.push_back(std::move(action)); }

  model::NodeInfo info_;
  Limits limits_;
  std::map<model::LaunchKey, Live> live_;
  std::map<model::LaunchKey, Ended> ended_;  // and not acknowledged
  std::set<model::LaunchKey> settled_;
  std::deque<model::LaunchKey> settled_order_;  // oldest first
  std::set<model::LaunchKey> cleaning_;         // have a report, and may have processes

  std::map<model::LaunchKey, std::vector<model::Undying>> undying_;  // none is empty
  std::vector<model::Undying> told_undying_;                         // on this connection

  model::NodeCondition condition_;
  model::NodeCondition told_;  // of it, on this connection

  Link link_ = Link::down;
  base::Duration heartbeat_;
  std::optional<base::Time> greet_at_;
  std::optional<base::Time> heartbeat_at_;
  std::optional<base::Time> repeat_at_;
  std::optional<base::Time> exit_at_;  // set: shutting down
  bool exited_ = false;

  base::Time now_;  // of the input being handled
  std::vector<Action> actions_;
};

}  // namespace agent
