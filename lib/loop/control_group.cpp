#include "lib/loop/control_group.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/folder.h"
#include "lib/loop/owned_fd.h"

namespace loop {

namespace {

constexpr std::size_t group_file_limit = std::size_t{64} << 20;

/// Processes that fork while they are being found and killed have no time to, where the freezer is.
class Frozen {
 public:
  explicit Frozen(const std::string& folder) : file_(folder + "/freezer.state") {
    is_there_ = write_group_file(file_, "FROZEN").has_value();
  }
  ~Frozen() {
    // A group that is gone by now needs no thaw.
    if (is_there_) (void)write_group_file(file_, "THAWED");
  }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  std::string file_;
  bool is_there_ = false;
};

bool kill_group(const std::string& folder) {
  if (processes_in(folder).empty()) return false;
  if (write_group_file(folder + "/cgroup.kill", "1")) return true;
  const Frozen frozen(folder);
  bool any = false;
  for (const pid_t pid : processes_in(folder)) any |= kill(pid, SIGKILL) == 0;
  return any;
}

}  // namespace

base::Result<void> write_group_file(const std::string& path, std::string_view value) {
  const OwnedFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return base::fail_errno(errno, "cannot open '" + path + "'");
  if (write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) {
    return base::fail_errno(errno, "cannot write '" + std::string(value) + "' to '" + path + "'");
  }
  return {};
}

std::string read_group_file(const std::string& path) {
  const auto text = read_file(path, group_file_limit);
  return text ? std::string(base::trim(*text)) : std::string();
}

base::Result<void> make_group(const std::string& folder) {
  if (mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return base::fail_errno(errno, "cannot make the control group '" + folder + "'");
}

std::vector<std::string> groups_in(const std::string& folder) {
  std::vector<std::string> names;
  const Folder open_folder(opendir(folder.c_str()));
  if (!open_folder) return names;
  while (const dirent* entry = readdir(open_folder.get())) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

std::vector<pid_t> processes_in(const std::string& folder) {
  std::vector<pid_t> found;
  const std::string text = read_group_file(folder + "/cgroup.procs");
  for (const auto line : base::split(text, '\n')) {
    // 0 is a process that this one cannot see.
    const auto pid = base::parse_int(line, 1, std::numeric_limits<pid_t>::max());
    if (pid) found.push_back(static_cast<pid_t>(*pid));
  }
  for (const auto& name : groups_in(folder)) {
    const auto below = processes_in(folder + "/" + name);
    found.insert(found.end(), below.begin(), below.end());
  }
  return found;
}

bool kill_groups(const std::vector<std::string>& folders) {
  bool any = false;
  for (const auto& folder : folders) any |= kill_group(folder);
  return any;
}

bool remove_group_tree(const std::string& folder) {
  for (const auto& name : groups_in(folder)) {
    if (!remove_group_tree(folder + "/" + name)) return false;
  }
  return rmdir(folder.c_str()) == 0 || errno == ENOENT;
}

bool remove_groups(const model::LaunchGroups& groups) {
  const bool all_gone =
      std::ranges::all_of(groups.own, [](const auto& folder) { return remove_group_tree(folder); });
  // Those that others still use stay.
  for (const auto& folder : groups.shared) (void)rmdir(folder.c_str());
  return all_gone;
}

}  // namespace loop
