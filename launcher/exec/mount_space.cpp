#include "launcher/exec/mount_space.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>
#include <string>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/process_table.h"

namespace exec {

namespace {

constexpr std::size_t pid_limit = 4096;

std::unexpected<base::Error> gone(const model::LaunchKey& preparation) {
  return base::fail(base::Code::not_found, "the preparation " + to_text(preparation) +
                                               ", which holds the mounts of the job, is gone");
}

}  // namespace

static base::Result<void> write_once(const char* path, const std::string& text) {
  const loop::OwnedFd file(open(path, O_WRONLY | O_CLOEXEC));
  const auto size = static_cast<ssize_t>(text.size());
  if (file && write(file.get(), text.data(), text.size()) == size) return {};
  return base::fail_errno(errno, std::string("cannot write '") + path + "'");
}

base::Result<MountSpace> MountSpace::enter() {
  loop::OwnedFd before(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!before) return base::fail_errno(errno, "cannot open '/proc/self/ns/mnt'");
  if (unshare(CLONE_NEWNS) != 0)
    return base::fail_errno(errno, "the kernel gives this launch no mount namespace of its own");
  if (mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    return base::fail_errno(errno, "cannot keep the mounts of the job to itself");
  return MountSpace(std::move(before));
}

void MountSpace::outside(const std::function<void()>& task) const {
  const pid_t child = fork();
  if (child < 0) return;
  if (child == 0) {
    // What is mounted in here must not be reached by `task`.
    if (setns(before_.get(), CLONE_NEWNS) == 0) task();
    _exit(0);
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

base::Result<void> enter_own_space() {
  const auto uid = std::to_string(geteuid());
  const auto gid = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    return base::fail_errno(errno,
                            "the kernel gives this user no namespaces, which containers need "
                            "(sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone)");
  }
  const std::array<std::pair<const char*, std::string>, 3> files{
      {{"/proc/self/setgroups", "deny"},
       {"/proc/self/uid_map", uid + " " + uid + " 1"},
       {"/proc/self/gid_map", gid + " " + gid + " 1"}}};
  const int dumpable = prctl(PR_GET_DUMPABLE);
  prctl(PR_SET_DUMPABLE, 1);  // the files of one that is not are root's
  base::Result<void> written;
  for (const auto& [path, text] : files) {
    if (written) written = write_once(path, text);
  }
  prctl(PR_SET_DUMPABLE, dumpable);
  if (!written) return written;
  if (mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    return base::fail_errno(errno, "cannot keep the mounts of the job to itself");
  return {};
}

base::Result<void> join_mount_space(const LaunchDir& dir, const model::LaunchKey& preparation) {
  const auto text = loop::read_file(dir.of(preparation) + "/pid", pid_limit);
  if (!text) return gone(preparation);
  const auto parts = base::split(base::trim(*text), ' ');
  const auto pid = base::parse_int(parts.front(), 1, std::numeric_limits<pid_t>::max());
  const auto start = base::parse_int(parts.back(), 0, std::numeric_limits<std::int64_t>::max());
  if (!pid || !start) return gone(preparation);
  const loop::OwnedFd space(
      open(("/proc/" + std::to_string(*pid) + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC));
  // Asked after it was opened: the number may have become another process's before.
  const auto started = loop::process_start_time(static_cast<pid_t>(*pid));
  if (!space || !started || *started != static_cast<std::uint64_t>(*start))
    return gone(preparation);
  if (setns(space.get(), CLONE_NEWNS) != 0)
    return base::fail_errno(errno, "cannot join the mounts of the job");
  return {};
}

bool is_mount_point(const std::string& folder) {
  struct statx status{};
  if (statx(AT_FDCWD, folder.c_str(), AT_STATX_DONT_SYNC, 0, &status) != 0) return errno != ENOENT;
  if ((status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) == 0) return true;
  return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

}  // namespace exec
