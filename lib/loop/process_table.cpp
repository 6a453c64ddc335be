#include "lib/loop/process_table.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/folder.h"
#include "lib/loop/owned_fd.h"

namespace loop {

static base::Error gone(pid_t pid) {
  return {base::Code::not_found, "there is no process " + std::to_string(pid)};
}

/// The fields after the program's name, which is in parentheses and may hold anything.
static base::Result<ProcessEntry> parse_stat(pid_t pid, std::string_view text) {
  const auto name_end = text.rfind(") ");
  if (name_end == text.npos) {
    return std::unexpected(gone(pid));
  }
  const auto name_begin = std::min(text.find('(') + 1, name_end);
  const auto fields = base::split(base::trim(text.substr(name_end + 2)), ' ');
  constexpr std::size_t start_time_field = 19;  // number 22 of man 5 proc, state being number 3
  if (fields.size() <= start_time_field) {
    return std::unexpected(gone(pid));
  }
  const auto number = [&fields](std::size_t field) {
    return base::parse_int(fields[field], -1, INT64_MAX).value_or(0);
  };
  return ProcessEntry{
      .pid = pid,
      .parent = static_cast<pid_t>(number(1)),
      .group = static_cast<pid_t>(number(2)),
      .session = static_cast<pid_t>(number(3)),
      .start_time = static_cast<std::uint64_t>(number(start_time_field)),
      .is_zombie = fields[0] == "Z" || fields[0] == "X",
      .state = fields[0].empty() ? '?' : fields[0].front(),
      .command = std::string(text.substr(name_begin, name_end - name_begin)),
  };
}

/// The state of a thread that has not ended, of a process whose first one has: the kernel may hold
/// it. Nothing: all have.
static std::optional<char> state_of_others(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/task";
  const Folder folder(opendir(path.c_str()));
  if (!folder) return std::nullopt;
  while (const auto* entry = readdir(folder.get())) {
    if (entry->d_name[0] == '.') continue;
    const auto text = read_file(path + "/" + entry->d_name + "/stat", 4096);
    const auto thread = text ? parse_stat(pid, *text) : std::unexpected(gone(pid));
    if (thread && !thread->is_zombie) return thread->state;
  }
  return std::nullopt;
}

base::Result<ProcessEntry> read_process(pid_t pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
  if (!text) {
    return std::unexpected(gone(pid));
  }
  auto process = parse_stat(pid, *text);
  if (!process || !process->is_zombie) return process;
  if (const auto state = state_of_others(pid)) {
    process->is_zombie = false;
    process->state = *state;
  }
  return process;
}

bool is_still_there(const ProcessEntry& seen) {
  const auto now = read_process(seen.pid);
  return now && !now->is_zombie && now->start_time == seen.start_time;
}

base::Result<std::uint64_t> process_start_time(pid_t pid) {
  const auto entry = read_process(pid);
  if (!entry) {
    return std::unexpected(entry.error());
  }
  return entry->start_time;
}

/// The real user: the first of the four numbers in the line.
static std::optional<uid_t> user_of(pid_t pid) {
  constexpr std::string_view field = "Uid:";
  const auto text = read_file("/proc/" + std::to_string(pid) + "/status", 1 << 16);
  if (!text) return std::nullopt;
  for (const auto line : base::split(*text, '\n')) {
    if (!line.starts_with(field)) continue;
    const auto numbers = base::split(base::trim(line.substr(field.size())), '\t');
    const auto uid = base::parse_int(numbers.front(), 0, UINT32_MAX);
    return uid ? std::optional(static_cast<uid_t>(*uid)) : std::nullopt;
  }
  return std::nullopt;
}

bool signal_process_of(uid_t user, pid_t pid, int number) {
  // Asked while it is held: what is read is of the process that the descriptor is of, or of none.
  const OwnedFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  return process && user_of(pid) == user &&
         syscall(SYS_pidfd_send_signal, process.get(), number, nullptr, 0) == 0;
}

std::vector<ProcessEntry> list_processes() {
  std::vector<ProcessEntry> processes;
  const Folder folder(opendir("/proc"));
  while (const dirent* item = folder ? readdir(folder.get()) : nullptr) {
    const auto pid = base::parse_int(item->d_name, 1, INT32_MAX);
    if (!pid) {
      continue;
    }
    if (const auto entry = read_process(static_cast<pid_t>(*pid))) {
      processes.push_back(*entry);
    }
  }
  std::ranges::sort(processes, {}, &ProcessEntry::pid);
  return processes;
}

base::Result<std::string> process_environment(pid_t pid, std::string_view name) {
  constexpr std::size_t limit = std::size_t{8} << 20;
  const auto text = read_file("/proc/" + std::to_string(pid) + "/environ", limit);
  if (!text) {
    return text.error().code == base::Code::not_found ? std::unexpected(gone(pid)) : text;
  }
  for (const auto variable : base::split(*text, '\0')) {
    if (variable.size() > name.size() && variable[name.size()] == '=' &&
        variable.starts_with(name)) {
      return std::string(variable.substr(name.size() + 1));
    }
  }
  return base::fail(base::Code::not_found, "process " + std::to_string(pid) + " has no variable '" +
                                               base::printable(name) + "'");
}

base::Result<std::string> boot_id() {
  const auto text = read_file("/proc/sys/kernel/random/boot_id", 128);
  if (!text) {
    return text;
  }
  return std::string(base::trim(*text));
}

}  // namespace loop
