#include "launcher/exec/rank_looks.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "launcher/exec/proc_file.h"
#include "launcher/exec/rank_processes.h"
#include "launcher/map/doctor.h"
#include "launcher/map/mpi_library.h"
#include "lib/loop/loop.h"

namespace exec {

namespace {

/// Before those that the head is told of: short ranks that start alone still live. Of the others
/// many have not come to their servers yet, so that only a few are looked at.
constexpr std::array<base::Duration, 3> early_looks{
    std::chrono::milliseconds(20), std::chrono::milliseconds(100), std::chrono::milliseconds(400)};
constexpr std::size_t most_early = 4;

constexpr std::size_t n_early = early_looks.size();
constexpr std::size_t n_looks = n_early + mapping::look_times.size();

base::Duration look_time(std::size_t look) {
  return look < n_early ? early_looks[look] : mapping::look_times[look - n_early];
}

std::string file_of(pid_t pid, const char* name) {
  return read_proc("/proc/" + std::to_string(pid) + "/" + name).value_or("");
}

/// Open MPI's daemon, which a process that was started alone makes for itself.
bool has_daemon(pid_t pid, const std::vector<RankProcess>& processes) {
  return std::ranges::any_of(processes, [pid](const RankProcess& process) {
    return process.parent == pid && file_of(process.pid, "comm") == "orted\n";
  });
}

model::LoneRank look_at(int rank, const std::vector<RankProcess>& processes,
                        model::StartUp offered) {
  model::LoneRank lone{.rank = rank};
  for (const auto& process : processes) {
    const auto library = mapping::find_mpi_library(file_of(process.pid, "maps"));
    if (!library) continue;
    const auto environ = read_proc("/proc/" + std::to_string(process.pid) + "/environ");
    lone.program = process_text(process.pid);
    lone.mpi_library = library->path;
    // Not another user's, whose environment cannot be read, nor one that has just ended.
    if (environ && mapping::find_mpi_library(file_of(process.pid, "maps"))) {
      lone.why_alone = mapping::why_alone(*library, mapping::mpi_environment(*environ),
                                          has_daemon(process.pid, processes), offered);
    }
    return lone;
  }
  if (!processes.empty()) lone.program = process_text(processes.back().pid);
  return lone;
}

}  // namespace

RankLooks::RankLooks(loop::Loop& loop, const mapping::Placement& placement,
                     const std::vector<mapping::RankLife>& lives, model::StartUp offered,
                     Doors doors)
    : placement_(placement),
      lives_(lives),
      offered_(offered),
      doors_(std::move(doors)),
      timer_(loop, [this] { next(); }) {
  timer_.start(look_time(0));
}

void RankLooks::next() {
  const bool is_early = next_ < n_early;
  look(is_early ? most_early : lives_.size());
  if (!is_early) send(next_ - n_early);
  const auto now = look_time(next_++);
  if (next_ < n_looks) timer_.start(look_time(next_) - now);
}

void RankLooks::look(std::size_t most) {
  const auto mains = doors_.mains();
  std::vector<std::size_t> lone;
  for (std::size_t rank = 0; rank < mains.size() && lone.size() < most; ++rank) {
    if (mains[rank] != 0 && !lives_[rank].connected) lone.push_back(rank);
  }
  if (lone.empty()) return;
  const auto processes = rank_processes(mains);
  for (const auto rank : lone) {
    auto seen = look_at(placement_.ranks[rank].rank, processes[rank], offered_);
    // What was seen of MPI is kept: its process may have ended before that of the rank.
    if (!seen.mpi_library.empty() || !has_mpi(rank)) lone_[rank] = std::move(seen);
  }
}

bool RankLooks::has_mpi(std::size_t rank) const {
  const auto seen = lone_.find(rank);
  return seen != lone_.end() && !seen->second.mpi_library.empty();
}

void RankLooks::send(std::size_t stage) {
  model::NodeLook look{.stage = static_cast<int>(stage)};
  // Of a step that ends early nobody has waited for long.
  const bool have_all_looks_been = next_ == n_looks;
  for (const auto& life : lives_) {
    if (life.connected) ++look.n_connected;
    if (mapping::is_waiting(life) && (!is_finished_ || have_all_looks_been)) ++look.n_waiting;
  }
  for (const auto& [rank, lone] : lone_) {
    if (lives_[rank].connected) continue;
    look.lone.push_back(lone);
    look.lone.back().has_ended = lives_[rank].ended;
  }
  doors_.send(std::move(look));
}

void RankLooks::finish() {
  timer_.stop();
  if (std::exchange(is_finished_, true)) return;
  const bool is_news = std::ranges::any_of(lone_, [this](const auto& seen) {
    return !lives_[seen.first].connected && has_mpi(seen.first);
  });
  if (is_news) send(mapping::look_times.size());
}

}  // namespace exec
