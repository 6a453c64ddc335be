#include "launcher/exec/rank_processes.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "launcher/exec/descendants.h"
#include "launcher/exec/proc_file.h"
#include "lib/base/text.h"

namespace exec {

namespace {

struct Stat {
  pid_t parent = 0;
  pid_t session = 0;
  base::Duration cpu{};
};

std::int64_t number(std::string_view word) {
  std::int64_t value = 0;
  std::from_chars(word.data(), word.data() + word.size(), value);
  return value;
}

/// The name of the program, which may have blanks, is in brackets (man 5 proc).
std::optional<Stat> read_stat(pid_t pid) {
  const auto text = read_proc("/proc/" + std::to_string(pid) + "/stat");
  if (!text) return std::nullopt;
  const auto bracket = text->rfind(')');
  if (bracket == std::string::npos || bracket + 2 > text->size()) return std::nullopt;
  const auto words = base::split(std::string_view(*text).substr(bracket + 2), ' ');
  if (words.size() < 15) return std::nullopt;
  static const auto ticks_per_second = static_cast<std::int64_t>(sysconf(_SC_CLK_TCK));
  std::int64_t ticks = 0;
  for (std::size_t field = 11; field < 15; ++field) ticks += number(words[field]);
  return Stat{.parent = static_cast<pid_t>(number(words[1])),
              .session = static_cast<pid_t>(number(words[3])),
              .cpu = base::Duration(ticks * 1'000'000 / ticks_per_second)};
}

}  // namespace

std::vector<std::vector<RankProcess>> rank_processes(const std::vector<pid_t>& mains) {
  std::map<pid_t, std::size_t> ranks;  // of processes
  std::map<pid_t, std::size_t> sessions;
  for (std::size_t rank = 0; rank < mains.size(); ++rank) {
    if (mains[rank] == 0) continue;
    ranks[mains[rank]] = rank;
    sessions[mains[rank]] = rank;
  }
  std::vector<std::vector<RankProcess>> found(mains.size());
  for (const pid_t pid : descendants()) {
    const auto stat = read_stat(pid);
    if (!stat) continue;
    auto rank = ranks.find(pid);
    if (rank == ranks.end()) rank = ranks.find(stat->parent);
    if (rank == ranks.end()) {
      rank = sessions.find(stat->session);
      if (rank == sessions.end()) continue;
    }
    const auto place = rank->second;
    ranks[pid] = place;
    found[place].push_back({.pid = pid, .parent = stat->parent, .cpu = stat->cpu});
  }
  return found;
}

base::Duration total_cpu(const std::vector<RankProcess>& processes) {
  base::Duration total{};
  for (const auto& process : processes) total += process.cpu;
  return total;
}

std::string process_text(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const auto name = read_proc(folder + "/comm").value_or("");
  std::string text = "process " + std::to_string(pid) + ", " + std::string(base::trim(name));
  std::array<char, 4096> path{};
  const ssize_t n_bytes = readlink((folder + "/exe").c_str(), path.data(), path.size());
  if (n_bytes > 0) text += " (" + std::string(path.data(), static_cast<std::size_t>(n_bytes)) + ")";
  return text;
}

}  // namespace exec
