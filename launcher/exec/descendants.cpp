#include "launcher/exec/descendants.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "launcher/exec/proc_file.h"
#include "lib/base/text.h"
#include "lib/loop/folder.h"
#include "lib/loop/process_table.h"

namespace exec {

namespace {

/// nullopt where the kernel does not tell (CONFIG_PROC_CHILDREN), empty for a process that is gone.
std::optional<std::vector<pid_t>> children_of(pid_t pid) {
  std::vector<pid_t> children;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  const loop::Folder folder(opendir(tasks.c_str()));
  if (!folder) return children;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] == '.') continue;
    const auto text = read_proc(tasks + "/" + entry->d_name + "/children");
    if (!text && pid == getpid()) return std::nullopt;
    if (!text) continue;
    for (const auto word : base::split(*text, ' ')) {
      if (const auto child = base::parse_int(word, 1, 1 << 30)) {
        children.push_back(static_cast<pid_t>(*child));
      }
    }
  }
  return children;
}

/// For kernels without lists of children: from the parents of all processes.
std::vector<pid_t> descendants_by_parents() {
  std::set<pid_t> family{getpid()};
  const auto processes = loop::list_processes();
  for (std::size_t before = 0; before != family.size();) {
    before = family.size();
    for (const auto& process : processes) {
      if (family.contains(process.parent)) family.insert(process.pid);
    }
  }
  family.erase(getpid());
  return {family.begin(), family.end()};
}

}  // namespace

std::vector<pid_t> descendants() {
  auto found = children_of(getpid());
  if (!found) return descendants_by_parents();
  std::set<pid_t> known(found->begin(), found->end());
  for (std::size_t i = 0; i < found->size(); ++i) {
    for (const pid_t child : children_of((*found)[i]).value_or(std::vector<pid_t>())) {
      if (known.insert(child).second) found->push_back(child);
    }
  }
  return *found;
}

/// The mask of caught signals is hexadecimal, signal 1 being its lowest bit (man 5 proc).
bool handles(pid_t pid, int signal) {
  const auto status = read_proc("/proc/" + std::to_string(pid) + "/status");
  if (!status) return false;
  constexpr std::string_view field = "\nSigCgt:\t";
  const auto begin = status->find(field);
  if (begin == std::string::npos) return false;
  const auto mask = std::strtoull(status->c_str() + begin + field.size(), nullptr, 16);
  return (mask >> static_cast<unsigned>(signal - 1) & 1U) != 0;
}

bool kill_descendants() {
  bool any = false;
  for (const pid_t pid : descendants()) {
    if (kill(pid, SIGKILL) == 0) any = true;
  }
  return any;
}

}  // namespace exec
