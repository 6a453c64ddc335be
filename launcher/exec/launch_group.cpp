#include "launcher/exec/launch_group.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <limits>
#include <utility>

#include "launcher/exec/launch_dir.h"
#include "lib/base/text.h"
#include "lib/loop/control_group.h"
#include "lib/loop/files.h"

namespace exec {

namespace {

constexpr std::size_t information_limit = std::size_t{1} << 16;
constexpr int most_tries = 20;

// The kernel lets go of a group a moment after its last process.
constexpr int removal_tries = 200;
constexpr timespec removal_pause{.tv_sec = 0, .tv_nsec = 5'000'000};

base::Bytes read_bytes(const std::string& path) {
  if (path.empty()) return {};
  const auto number =
      base::parse_int(loop::read_group_file(path), 0, std::numeric_limits<std::int64_t>::max());
  return base::Bytes(static_cast<std::uint64_t>(number.value_or(0)));
}

base::Result<void> make_once(const mapping::GroupPlan& plan) {
  for (const auto& folder : plan.groups.shared) {
    if (auto made = loop::make_group(folder); !made) return made;
  }
  for (const auto& value : plan.values) {
    auto written = loop::write_group_file(value.path, value.value);
    if (!written && !(value.may_lack && written.error().code == base::Code::not_found))
      return written;
  }
  for (const auto& folder : plan.groups.own) {
    if (auto made = loop::make_group(folder); !made) return made;
  }
  return {};
}

/// Until the own groups are there, another launch that ends may remove the shared ones.
base::Result<void> make_all(const mapping::GroupPlan& plan) {
  auto made = make_once(plan);
  for (int i = 1; !made && made.error().code == base::Code::not_found && i < most_tries; ++i)
    made = make_once(plan);
  return made;
}

base::Result<loop::OwnedFd> open_entrance(const std::string& path, int flags) {
  loop::OwnedFd opened(open(path.c_str(), flags | O_CLOEXEC));
  if (!opened) return base::fail_errno(errno, "cannot open '" + path + "'");
  return opened;
}

}  // namespace

base::Result<LaunchGroup> LaunchGroup::make(const LaunchDir& dir, mapping::GroupPlan plan,
                                            bool is_needed) {
  LaunchGroup group(std::move(plan), is_needed);
  auto done = dir.record_groups(to_text(group.plan_.groups));
  if (done) done = group.set_up();
  if (done) return group;
  if (loop::remove_groups(group.plan_.groups)) dir.forget_groups();  // nothing has been in them
  return std::unexpected(std::move(done).error());
}

base::Result<void> LaunchGroup::set_up() {
  if (auto made = make_all(plan_); !made) return made;
  for (const auto& entrance : plan_.entrances) {
    const bool is_unified = entrance.version == 2;
    auto file =
        open_entrance(entrance.folder + (is_unified ? "/cgroup.procs" : "/tasks"), O_WRONLY);
    if (!file) return std::unexpected(std::move(file).error());
    if (!is_unified) {
      tasks_.push_back(std::move(*file));
      continue;
    }
    procs_ = std::move(*file);
    auto folder = open_entrance(entrance.folder, O_RDONLY | O_DIRECTORY);
    if (!folder) return std::unexpected(std::move(folder).error());
    folder_ = std::move(*folder);
  }
  return {};
}

Entrances LaunchGroup::entrances() const {
  Entrances entrances{.tasks = {}, .folder = folder_.get(), .procs = procs_.get()};
  for (const auto& file : tasks_) entrances.tasks.push_back(file.get());
  return entrances;
}

bool LaunchGroup::kill() const {
  return loop::kill_groups({plan_.groups.own.front()});  // all are in each of them
}

bool LaunchGroup::ran_out_of_memory() {
  if (plan_.oom_file.empty()) return false;
  const auto n_now = mapping::counted(loop::read_group_file(plan_.oom_file), "oom_kill");
  return std::exchange(n_killed_, n_now) < n_now;
}

std::string LaunchGroup::memory_text() const {
  return mapping::out_of_memory_text(read_bytes(plan_.peak_file), plan_.memory_limit);
}

base::Bytes LaunchGroup::memory_now() const {
  return read_bytes(plan_.memory_file);
}

model::Usage LaunchGroup::usage(bool is_script) const {
  model::Usage usage;
  usage.total_peak = read_bytes(is_script ? plan_.peak_file : plan_.own_peak_file);
  if (!plan_.cpu_file.empty()) usage.cpu = mapping::cpu_time(loop::read_group_file(plan_.cpu_file));
  return usage;
}

base::Result<void> LaunchGroup::hand_over(uid_t uid) {
  is_handed_over_ = true;
  // The kernel asks for more rights to be born in it than to go there by a file that root opened.
  folder_ = loop::OwnedFd();
  for (const auto& folder : plan_.groups.own) {
    const std::string file = folder + "/cgroup.kill";
    if (chown(file.c_str(), uid, static_cast<gid_t>(-1)) != 0 && errno != ENOENT)
      return base::fail_errno(errno, "cannot give '" + file + "' to user " + std::to_string(uid));
  }
  return {};
}

bool LaunchGroup::remove(const LaunchDir& dir) const {
  if (is_handed_over_) return true;
  for (int i = 0; !loop::remove_groups(plan_.groups); ++i) {
    if (i == removal_tries) return false;
    nanosleep(&removal_pause, nullptr);
  }
  dir.forget_groups();
  return true;
}

std::vector<mapping::GpuDevice> gpu_devices(const std::string& root) {
  const std::string folder = root + "/proc/driver/nvidia/gpus";
  std::vector<mapping::GpuDevice> devices;
  for (auto& pci : loop::groups_in(folder)) {
    const auto text = loop::read_file(folder + "/" + pci + "/information", information_limit);
    if (!text) continue;
    for (const auto line : base::split(*text, '\n')) {
      const auto colon = line.find(':');
      if (colon == std::string_view::npos || line.substr(0, colon) != "Device Minor") continue;
      const auto minor = base::parse_int(base::trim(line.substr(colon + 1)), 0, 1 << 20);
      if (minor) devices.push_back({.pci = pci, .minor = static_cast<int>(*minor)});
    }
  }
  return devices;
}

}  // namespace exec
