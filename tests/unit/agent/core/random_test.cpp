// Agents under lost, late and repeated messages, crashes of the agent and of launchers: nothing
// starts twice, nothing refused starts later, every launch is reported until acknowledged, and has
// its epilog where its prolog was begun.

#include <map>
#include <memory>
#include <set>

#include "agent/core/agent.h"
#include "lib/base/random.h"
#include "tests/support/catch.h"

namespace {

using namespace std::chrono_literals;
using model::LaunchKey;

/// A launch directory and the launcher that belongs to it.
struct Directory {
  bool ran = false;
  bool lives = false;
  std::optional<model::LaunchReport> report;
  bool acknowledged = false;
  std::shared_ptr<const model::LaunchOrder> order;  // of one with programs of the site
  bool has_epilog_ended = false;
};

/// What the controller wants of a launch.
struct Wish {
  bool stop = false;
  std::optional<model::LaunchReport> report;
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) { restart(); }

  void run() {
    for (int turn = 0; turn < 400; ++turn) step(true);
    for (int turn = 0; turn < 4000 && !is_settled(); ++turn) step(false);
    check_end();
  }

 private:
  void step(bool faults) {
    faults_ = faults;
    now_ += base::Duration(static_cast<std::int64_t>(random_.below(400'000)));
    if (faults && random_.chance(2)) crash();
    if (faults && random_.chance(3)) disconnect();
    if (!connected_) connect();
    if (wishes_.size() < 40 && faults && random_.chance(30)) order();
    if (random_.chance(20)) remind();
    deliver(faults);
    work(faults);
    const auto deadline = agent_->next_deadline();
    if (deadline && *deadline <= now_) say(agent::Tick{});
    if (dies_) crash();
  }

  void restart() {
    agent::Restarted restarted;
    for (const auto& [key, directory] : disk_) {
      restarted.found.push_back(
          {key, found(directory), directory.has_epilog_ended ? nullptr : directory.order});
    }
    agent_ = std::make_unique<agent::Agent>(model::NodeInfo{}, agent::Limits{});
    pending_.clear();
    cleaning_.clear();
    programs_.clear();
    say(restarted);
  }

  decltype(agent::Found::state) found(const Directory& directory) const {
    if (directory.acknowledged) return agent::Settled{};
    if (directory.report) return agent::Reported{*directory.report};
    if (directory.lives) return agent::StillRunning{now_};
    if (!directory.ran) return agent::PrologDue{};
    return agent::LauncherGone{.started_at = now_, .rebooted = false};
  }

  void crash() {
    disconnect();
    faults_ = false;
    dies_ = false;
    restart();
  }

  void disconnect() {
    if (!connected_) return;
    connected_ = false;
    from_agent_.clear();
    to_agent_.clear();
    say(agent::Disconnected{});
  }

  void connect() {
    connected_ = true;
    say(agent::Connected{});
  }

  void order() {
    const auto job = static_cast<std::uint32_t>(1 + random_.below(8));
    const auto attempt = static_cast<std::uint32_t>(1 + random_.below(3));
    const LaunchKey key{model::JobId(job), attempt, std::nullopt, random_.chance(50)};
    wishes_.try_emplace(key);
    tell(key);
  }

  /// The controller repeats what has no end yet, and sometimes what has.
  void remind() {
    for (auto& [key, wish] : wishes_) {
      if (!wish.report && random_.chance(10)) wish.stop = true;
      if (!wish.report || random_.chance(5)) tell(key);
    }
  }

  void tell(const LaunchKey& key) {
    if (wishes_.at(key).stop) {
      to_agent_.emplace_back(model::Stop{key});
    } else {
      model::LaunchOrder order{.key = key};
      order.job = std::make_shared<const model::JobSpec>();
      if (key.preparation) order.site_programs = {.prolog = "begin", .epilog = "end"};
      to_agent_.emplace_back(model::Launch{std::move(order)});
    }
  }

  /// Takes any message of the queue: out of order, sometimes lost, sometimes delivered again later.
  template <class Message>
  std::optional<Message> draw(std::vector<Message>& queue, bool faults) {
    if (queue.empty()) return std::nullopt;
    const std::size_t at = faults ? random_.below(queue.size()) : 0;
    Message message = queue[at];
    const bool again = faults && random_.chance(10);
    if (!again) queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(at));
    if (faults && random_.chance(15)) return std::nullopt;
    return message;
  }

  void deliver(bool faults) {
    if (const auto message = draw(from_agent_, faults)) hear(*message);
    if (const auto message = draw(to_agent_, faults)) say(agent::Received{*message});
  }

  void hear(const model::FromAgent& message) {
    if (const auto* hello = std::get_if<model::AgentHello>(&message)) {
      to_agent_.emplace_back(model::Welcome{.node = model::NodeId(1), .heartbeat = 1s});
      for (const auto& status : hello->launches) {
        if (status.report) accept(*status.report);
      }
    } else if (const auto* ended = std::get_if<model::ReportEnded>(&message)) {
      accept(ended->report);
    }
  }

  void accept(const model::LaunchReport& report) {
    if (report.is_epilog_due) return;
    auto& known = wishes_.at(report.key).report;
    CHECK((!known || *known == report));
    known = report;
    to_agent_.emplace_back(model::Acknowledge{report.key});
  }

  /// Launchers start, end and are killed; clean-ups finish.
  void work(bool faults) {
    const auto pending = std::exchange(pending_, {});
    for (const auto& key : pending) {
      if (disk_.at(key).ran) say(agent::LauncherStarted{key});
    }
    const auto programs = std::exchange(programs_, {});
    for (const auto& [key, is_prolog] : programs) {
      if (is_prolog) {
        say(agent::PrologEnded{key, random_.chance(20) ? "exited with code 1" : ""});
      } else {
        disk_.at(key).has_epilog_ended = true;
        say(agent::EpilogEnded{key, {}});
      }
    }
    const auto cleaning = std::exchange(cleaning_, {});
    for (const auto& key : cleaning) say(agent::Cleaned{key});
    for (auto& [key, directory] : disk_) {
      if (!directory.lives || !random_.chance(10)) continue;
      directory.lives = false;
      if (faults && random_.chance(20)) {
        say(agent::LauncherEnded{key, {}, "killed by signal 9"});
      } else {
        directory.report = report_of(key);
        say(agent::LauncherEnded{key, directory.report, {}});
      }
    }
  }

  model::LaunchReport report_of(const LaunchKey& key) {
    const auto code = static_cast<int>(random_.below(4));
    return {.key = key,
            .started_at = now_,
            .ended_at = now_,
            .exit_code = code,
            .failure = {},
            .usage = {},
            .ranks = {}};
  }

  /// Carries out the actions; sometimes the agent dies in the middle of them.
  void say(const agent::Input& input) {
    if (dies_) return;
    for (const agent::Action& action : agent_->handle(input, now_)) {
      dies_ = faults_ && random_.chance(2);
      if (dies_) return;
      std::visit([this](const auto& what) { perform(what); }, action);
    }
  }

  void perform(const agent::Send& send) {
    if (connected_) from_agent_.push_back(send.message);
  }
  void perform(const agent::KillLauncher& what) {
    const auto at = disk_.find(what.key);
    if (at == disk_.end() || !at->second.lives) return;
    at->second.lives = false;
    say(agent::LauncherEnded{what.key, {}, "it was killed by signal 9"});
  }
  void perform(const agent::StartLauncher& what) {
    const auto [at, is_new] = disk_.try_emplace(what.order.key);
    REQUIRE(is_new != what.has_directory);
    REQUIRE_FALSE(at->second.ran);
    at->second.ran = true;
    at->second.lives = true;
    pending_.push_back(what.order.key);
  }
  void perform(const agent::RunProlog& what) {
    auto& directory = disk_[what.order->key];
    REQUIRE_FALSE(directory.ran);
    directory.order = what.order;
    programs_.emplace_back(what.order->key, true);
  }
  void perform(const agent::RunEpilog& what) {
    for (const auto& [key, directory] : disk_) {
      const bool is_of_it =
          key.job == what.order->key.job && key.attempt == what.order->key.attempt;
      REQUIRE_FALSE((is_of_it && directory.lives));
    }
    REQUIRE_FALSE(disk_.at(what.order->key).has_epilog_ended);
    programs_.emplace_back(what.order->key, false);
  }
  void perform(const agent::StopLauncher& stop) { REQUIRE(disk_.at(stop.key).ran); }
  void perform(const agent::SaveLauncher& save) { REQUIRE(disk_.at(save.key).ran); }
  void perform(const agent::CleanUp& clean) {
    REQUIRE(!disk_.at(clean.key).lives);
    cleaning_.push_back(clean.key);
  }
  void perform(const agent::KeepReport& keep) {
    Directory& directory = disk_[keep.report.key];
    REQUIRE(!directory.lives);
    REQUIRE(!directory.report);
    directory.report = keep.report;
  }
  void perform(const agent::MarkAcknowledged& mark) {
    REQUIRE(wishes_.at(mark.key).report);
    disk_.at(mark.key).acknowledged = true;
  }
  void perform(const agent::Exit& /*exit*/) { FAIL("nobody asked for the agent's end"); }

  bool is_settled() const {
    for (const auto& [key, wish] : wishes_) {
      const auto at = disk_.find(key);
      if (!wish.report || at == disk_.end() || !at->second.acknowledged) return false;
    }
    return true;
  }

  void check_end() {
    CHECK(is_settled());
    for (const auto& [key, wish] : wishes_) CHECK(wish.report == disk_.at(key).report);
    for (const auto& [key, directory] : disk_)
      CHECK(directory.has_epilog_ended == (directory.order != nullptr));
    CHECK(agent_->count_running() == 0);
    CHECK(agent_->count_unacknowledged() == 0);
  }

  base::Random random_;
  base::Time now_ = base::time_from_us(1'000'000'000);
  std::unique_ptr<agent::Agent> agent_;
  bool connected_ = false;
  bool faults_ = false;
  bool dies_ = false;  // in the middle of its actions
  std::map<LaunchKey, Directory> disk_;
  std::map<LaunchKey, Wish> wishes_;
  std::vector<LaunchKey> pending_;
  std::vector<LaunchKey> cleaning_;
  std::vector<std::pair<LaunchKey, bool>> programs_;  // that run, and whether it is a prolog
  std::vector<model::FromAgent> from_agent_;
  std::vector<model::ToAgent> to_agent_;
};

}  // namespace

TEST_CASE("whatever gets lost, comes late or dies, each launch runs at most once and is reported") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    World(seed).run();
  }
}
