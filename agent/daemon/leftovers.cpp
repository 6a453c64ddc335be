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

std::string read_line(const std::string& path) {
  const auto text = loop::read_file(path, record_limit);
  return text ? std::string(base::trim(*text)) : std::string();
}

std::set<pid_t> read_sessions(const std::string& path) {
  std::set<pid_t> sessions;
  const std::string text = read_line(path);
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

}  // namespace

Marks read_marks(const std::string& launch_dir) {
  return {.launch_id = read_line(launch_dir + "/launch_id"),
          .sessions = read_sessions(launch_dir + "/sessions"),
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
    if (belongs && kill(process.pid, SIGKILL) == 0) found.push_back(std::move(process));
  }
  return found;
}

namespace {

void remove_session_dir(const std::string& launch_dir) {
  const std::string path = read_line(launch_dir + "/session_dir");
  if (path.empty()) return;
  const std::string parent = std::filesystem::path(path).parent_path().string();
  // Litter in a temporary folder: not worth failing a launch's report for.
  (void)loop::remove_tree(path, parent);
}

}  // namespace

void remove_job_folders(const std::string& launch_dir) {
  const std::string names = read_line(launch_dir + "/folders");
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
  remove_session_dir(launch_dir_);
  if (access((launch_dir_ + "/folders").c_str(), F_OK) != 0) return end();
  // There may be more in them than the agent has time for.
  removal_.emplace(loop_, [dir = launch_dir_] { remove_job_folders(dir); }, [this] { end(); });
}

void Leftovers::end() {
  const auto cleaned = std::move(events_.cleaned);
  cleaned();
}

}  // namespace agentd
