#include "nodeprep/probe/mounts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/mount_plan.h"

namespace probe {

namespace {

constexpr std::size_t mountinfo_limit = std::size_t{64} << 20;
constexpr std::size_t mount_point_field = 4;
constexpr const char* lock_path = "/run/muster-mounts.lock";

/// Blanks, tabs, ends of lines and backslashes are \\040 and the like there.
std::string unescaped(std::string_view text) {
  const auto digit = [&text](std::size_t at) { return static_cast<unsigned>(text[at] - '0'); };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '\\' && i + 3 < text.size();
    if (!is_escape) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>((digit(i + 1) * 8 + digit(i + 2)) * 8 + digit(i + 3));
    i += 3;
  }
  return plain;
}

base::Result<bool> is_mounted_now(const std::string& folder) {
  const auto text = loop::read_file("/proc/self/mountinfo", mountinfo_limit);
  if (!text) return std::unexpected(text.error());
  return is_mounted(folder, *text);
}

base::Result<void> run(std::vector<std::string> arguments) {
  std::vector<char*> words;
  for (auto& word : arguments) words.push_back(word.data());
  words.push_back(nullptr);
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, words.front(), nullptr, nullptr, words.data(), environ);
  if (failed != 0) return base::fail_errno(failed, "cannot start '" + arguments.front() + "'");
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return base::fail(
      base::Code::io,
      WIFSIGNALED(status)
          ? fmt::format("'{}' was killed by signal {}", arguments.front(), WTERMSIG(status))
          : fmt::format("'{}' exited with code {}", arguments.front(), WEXITSTATUS(status)));
}

/// As the kernel names it, made where it is not there; nothing where it cannot be.
std::optional<std::string> real_folder(const std::string& folder) {
  std::error_code none;
  std::filesystem::create_directories(folder, none);
  const auto real = std::filesystem::canonical(folder, none);
  return none ? std::nullopt : std::optional(real.string());
}

/// Nodes that are slices of one machine want the same: one at a time.
base::Result<void> make(const model::MountPlan& plan) {
  if (auto made = loop::make_directories(plan.point, 0755); !made) return made;
  // Others may not hold it up, so it lies where only root makes files.
  const loop::OwnedFd lock(geteuid() == 0 ? open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)
                                          : -1);
  if (geteuid() == 0 && (!lock || flock(lock.get(), LOCK_EX) != 0))
    return base::fail_errno(errno, fmt::format("cannot lock '{}'", lock_path));
  auto is_there = is_mounted_now(plan.point);
  if (!is_there) return std::unexpected(std::move(is_there).error());
  if (*is_there) return {};
  if (auto ran = run(plan.arguments); !ran) return ran;
  is_there = is_mounted_now(plan.point);
  if (!is_there) return std::unexpected(std::move(is_there).error());
  if (*is_there) return {};
  return base::fail(base::Code::not_found, "'" + plan.arguments.front() +
                                               "' has ended well, but nothing is mounted at '" +
                                               plan.point + "'");
}

}  // namespace

bool is_mounted(std::string_view folder, std::string_view mountinfo) {
  return std::ranges::any_of(base::split(mountinfo, '\n'), [&](std::string_view line) {
    const auto fields = base::split(line, ' ');
    return fields.size() > mount_point_field && unescaped(fields[mount_point_field]) == folder;
  });
}

base::Result<void> see_to_mount(const model::Mount& mount,
                                const std::function<void(std::string_view)>& say) {
  say("looking at " + mount.target);
  auto wanted = mount;
  if (const auto real = real_folder(mount.target)) wanted.target = *real;
  const auto plan = model::plan_mount(wanted, {}, {});
  const auto is_there = is_mounted_now(plan.point);
  if (!is_there) return std::unexpected(is_there.error());
  if (!*is_there) {
    say("mounting " + to_text(mount));
    if (auto made = make(plan); !made)
      return std::unexpected(std::move(made).error().in(to_text(mount)));
  }
  struct statvfs found{};
  if (statvfs(plan.point.c_str(), &found) == 0) return {};
  // Its daemon has died: what is left is of no use to anybody, and in the way of the next.
  if (errno == ENOTCONN && umount2(plan.point.c_str(), MNT_DETACH) == 0) {
    say("mounting again " + to_text(mount));
    if (auto made = make(plan); !made) return made;
    if (statvfs(plan.point.c_str(), &found) == 0) return {};
  }
  return base::fail_errno(errno, "the mount at '" + plan.point + "' does not answer");
}

}  // namespace probe
