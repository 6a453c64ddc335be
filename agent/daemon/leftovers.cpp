#include "agent/daemon/leftovers.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>
#include <utility>

#include "agent/daemon/undying.h"
#include "lib/base/text.h"
#include "lib/loop/account.h"
#include "lib/loop/clock.h"
#include "lib/loop/control_group.h"
#include "lib/loop/files.h"
#include "lib/loop/process_table.h"
#include "lib/model/hierarchy.h"

namespace agentd {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration first_wait = 5ms;
constexpr base::Duration longest_wait = 1s;  // for processes that a broken disk holds
constexpr int most_removals = 30;            // then the next start of the agent does it
constexpr std::size_t record_limit = std::size_t{1} << 20;

std::string trimmed(const base::Result<std::string>& text) {
  return text ? std::string(base::trim(*text)) : std::string();
}

std::set<pid_t> sessions_of(const OwnFolder& own) {
  std::set<pid_t> sessions;
  const std::string text = trimmed(own.read("sessions", record_limit));
  for (const auto line : base::split(text, '\n')) {
    // Session 1 is the machine's own: never a launch's.
    const auto session = base::parse_int(line, 2, std::numeric_limits<pid_t>::max());
    if (session) sessions.insert(static_cast<pid_t>(*session));
  }
  return sessions;
}

model::LaunchGroups groups_of(const std::string& launch_dir) {
  const auto text = loop::read_file(launch_dir + "/groups", record_limit);
  return model::launch_groups_from_text(text.value_or(""));
}

/// False: the kernel has not let go of them yet.
bool remove_groups(const std::string& launch_dir) {
  if (!loop::remove_groups(groups_of(launch_dir))) return false;
  // A file that stays names groups that are not there, which does no harm.
  (void)unlink((launch_dir + "/groups").c_str());
  return true;
}

/// A user's file may name anybody's: then only what is that user's.
bool end_process(const OwnFolder& own, pid_t process) {
  return own.is_users ? loop::signal_process_of(own.uid, process, SIGKILL)
                      : kill(process, SIGKILL) == 0;
}

}  // namespace

Marks read_marks(const std::string& launch_dir) {
  const OwnFolder own = own_folder(launch_dir);
  return {.launch_id = trimmed(loop::read_file(launch_dir + "/launch_id", record_limit)),
          .own = own,
          .sessions = sessions_of(own),
          .groups = groups_of(launch_dir)};
}

std::vector<loop::ProcessEntry> end_processes(const Marks& marks) {
  (void)loop::kill_groups(marks.groups.own);
  const auto in_group = marks.groups.own.empty() ? std::vector<pid_t>()
                                                 : loop::processes_in(marks.groups.own.front());
  std::vector<loop::ProcessEntry> found;
  for (loop::ProcessEntry& process : loop::list_processes()) {
    if (process.is_zombie || process.pid == getpid() || process.session == getsid(0)) continue;
    bool belongs = marks.sessions.contains(process.session) ||
                   std::ranges::find(in_group, process.pid) != in_group.end();
    if (!belongs && !marks.launch_id.empty()) {
      const auto id = loop::process_environment(process.pid, "MUSTER_LAUNCH_ID");
      belongs = id && *id == marks.launch_id;
    }
    // One that is gone already, or is not ours to kill, is not ours to wait for.
    if (belongs && end_process(marks.own, process.pid)) found.push_back(std::move(process));
  }
  return found;
}

namespace {

/// With the rights of the user whose launch it was, whatever the file says.
void remove_session_dir(const std::string& launch_dir) {
  const OwnFolder own = own_folder(launch_dir);
  const loop::FileUser user(own.uid, own.gid);
  const std::string path = trimmed(own.read("session_dir", record_limit));
  if (!user.is_in_force() || !path.starts_with('/')) return;
  const std::string parent = std::filesystem::path(path).parent_path().string();
  // Litter in a temporary folder: not worth failing a launch's report for.
  (void)loop::remove_tree(path, parent);
}

}  // namespace

void remove_job_folders(const std::string& launch_dir) {
  const OwnFolder own = own_folder(launch_dir);
  const loop::FileUser user(own.uid, own.gid);
  const std::string names = trimmed(own.read("folders", record_limit));
  if (!user.is_in_force()) return;
  for (const auto line : base::split(names, '\n')) {
    const std::string path(line);
    if (!path.starts_with('/')) continue;
    // The same as for a session directory.
    (void)loop::remove_tree(path, std::filesystem::path(path).parent_path().string());
  }
}

Leftovers::Leftovers(loop::Loop& loop, std::string launch_dir, LeftoverEvents events)
    : loop_(loop),
      launch_dir_(std::move(launch_dir)),
      marks_(read_marks(launch_dir_)),
      killed_at_(loop::now()),
      is_long_(has_undying(launch_dir_)),
      events_(std::move(events)),
      pause_(first_wait),
      timer_(loop, [this] { round(); }) {
  timer_.start(base::Duration{});
}

/// Killed processes may have started others just before: only a round that finds none is the last.
/// While some outlive the signal, these few are looked at, and not all of the machine's.
void Leftovers::round() {
  if (!undying_.empty()) {
    if (std::erase_if(undying_, [](const auto& seen) { return !loop::is_still_there(seen); }) == 0)
      return timer_.start(longest_wait);
    pause_ = first_wait;
  }
  auto found = end_processes(marks_);
  is_long_ = is_long_ || loop::now() - killed_at_ >= undying_after;
  if (!found.empty() && is_long_) {
    undying_ = std::move(found);
    timer_.start(longest_wait);
    const auto since = note_undying(launch_dir_, killed_at_);
    if (events_.outlived) events_.outlived(undying_, since);
    return;
  }
  undying_.clear();
  if (!found.empty() || (!remove_groups(launch_dir_) && ++n_removals_ < most_removals)) {
    timer_.start(pause_);
    pause_ = std::min(pause_ * 2, longest_wait);
    return;
  }
  forget_undying(launch_dir_);
  const auto is_there = [this](const char* name) {
    return access(marks_.own.file(name).c_str(), F_OK) == 0;
  };
  if (!is_there("session_dir") && !is_there("folders")) return end();
  // There may be more in them than the agent has time for.
  const auto remove = [dir = launch_dir_] {
    remove_session_dir(dir);
    remove_job_folders(dir);
  };
  removal_.emplace(loop_, remove, [this] { end(); });
}

void Leftovers::end() {
  const auto cleaned = std::move(events_.cleaned);
  cleaned();
}

}  // namespace agentd
