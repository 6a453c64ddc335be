#include "agent/daemon/launchers.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

#include "agent/daemon/undying.h"
#include "lib/loop/loop.h"

namespace agentd {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration retry_pause = 20ms;

std::vector<std::string> own_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return environment;
}

std::string describe(const loop::ExitStatus& status) {
  return status.signal != 0 ? fmt::format("it was killed by signal {}", status.signal)
                            : fmt::format("it exited with code {}", status.code);
}

}  // namespace

Launchers::Launchers(loop::Loop& loop, const LaunchDirs& dirs, std::string program,
                     std::vector<std::string> arguments, LauncherEvents events)
    : loop_(loop),
      dirs_(dirs),
      program_(std::move(program)),
      arguments_(std::move(arguments)),
      events_(std::move(events)),
      environment_(own_environment()) {}

base::Result<void> Launchers::start(const model::LaunchOrder& order, bool has_directory) {
  const model::LaunchKey key = order.key;
  const auto lock = has_directory ? dirs_.lock(key) : dirs_.create(order);
  if (!lock) return std::unexpected(lock.error());
  loop::SpawnOptions options;
  options.program = program_;
  options.arguments = {program_, dirs_.path(key)};
  options.arguments.insert(options.arguments.end(), arguments_.begin(), arguments_.end());
  options.environment = environment_;
  options.directory = dirs_.path(key);
  options.output = loop::Descriptor{lock->get()};
  options.error = loop::SameAsOutput{};
  options.new_session = true;
  auto child = loop::Process::spawn(
      loop_, options, [this, key](const loop::ExitStatus& status) { child_exited(key, status); });
  if (!child) return std::unexpected(std::move(child).error());
  running_[key].child = *std::move(child);
  return {};
}

void Launchers::watch(const model::LaunchKey& key) {
  running_.try_emplace(key);
  try_watch(key);
}

/// A launcher that lives holds its lock. It writes its number when it begins; until then there is
/// nothing to watch but the lock.
void Launchers::try_watch(const model::LaunchKey& key) {
  Running& running = running_.at(key);
  const auto process = dirs_.launcher(key);
  if (process) {
    auto watch = loop::ProcessWatch::open(loop_, process->pid, process->start_time,
                                          [this, key] { ended(key, "it was killed"); });
    if (watch) {
      running.other = *std::move(watch);
      return;
    }
  }
  if (!dirs_.is_locked(key)) {
    loop_.defer([this, key] { ended(key, "it was killed"); });
    return;
  }
  if (!running.retry) running.retry.emplace(loop_, [this, key] { try_watch(key); });
  running.retry->start(retry_pause);
}

void Launchers::stop(const model::LaunchKey& key) {
  signal(key, SIGTERM);
}

void Launchers::kill(const model::LaunchKey& key) {
  signal(key, SIGKILL);
}

void Launchers::save(const model::LaunchKey& key) {
  signal(key, SIGUSR1);
}

void Launchers::signal(const model::LaunchKey& key, int number) {
  const auto at = running_.find(key);
  if (at == running_.end()) return;
  // The only error is that it is gone already, which its watch is about to tell.
  if (at->second.child) (void)at->second.child->signal(number);
  if (at->second.other) (void)at->second.other->signal(number);
}

void Launchers::child_exited(const model::LaunchKey& key, const loop::ExitStatus& status) {
  ended(key, describe(status));
}

/// Is there a file with the names of what something held for longer than it could wait? A user's
/// launcher leaves its groups, and its word is no proof that nothing else is left.
bool Launchers::is_left(const model::LaunchKey& key) const {
  const auto own = dirs_.own(key);
  return own.is_users || access(own.file("groups").c_str(), F_OK) == 0 ||
         access(own.file("folders").c_str(), F_OK) == 0;
}

void Launchers::ended(const model::LaunchKey& key, std::string how) {
  const model::LaunchKey ended_key = key;  // `key` may belong to what is erased
  running_.erase(ended_key);
  auto report = dirs_.report(ended_key);
  if (!report) {
    const std::string words = dirs_.last_words(ended_key);
    if (!words.empty()) how += ": " + words;
  } else if (is_left(ended_key) || has_undying(dirs_.path(ended_key))) {
    clean_up(ended_key);
  }
  events_.ended(ended_key, std::move(report), std::move(how));
}

void Launchers::clean_up(const model::LaunchKey& key) {
  const auto outlived = [this, key](const auto& processes, base::Time since) {
    events_.outlived(key, held_by(processes, dirs_, key, since));
  };
  const auto cleaned = [this, key] {
    const model::LaunchKey cleaned_key = key;  // the closure goes with its Leftovers
    leftovers_.erase(cleaned_key);
    events_.cleaned(cleaned_key);
  };
  const std::string path = dirs_.path(key);
  auto& made = leftovers_[key];
  if (made) return;  // it is at work already
  made = std::make_unique<Leftovers>(loop_, path, LeftoverEvents{outlived, cleaned});
  if (has_undying(path)) made->look();
}

}  // namespace agentd
