#include "launcher/exec/mount_space.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <limits>
#include <string>
#include <utility>

#include "launcher/exec/talk.h"
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

static base::Result<void> write_once(const std::string& path, const std::string& text) {
  const loop::OwnedFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const auto size = static_cast<ssize_t>(text.size());
  if (file && write(file.get(), text.data(), text.size()) == size) return {};
  return base::fail_errno(errno, "cannot write '" + path + "'");
}

/// Of a user namespace in which the process is the only user, as itself.
static base::Result<void> write_maps(const std::string& process, uid_t uid, gid_t gid) {
  const auto line = [](auto id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; };
  auto written = write_once("/proc/" + process + "/setgroups", "deny");
  if (written) written = write_once("/proc/" + process + "/uid_map", line(uid));
  if (written) written = write_once("/proc/" + process + "/gid_map", line(gid));
  return written;
}

static base::Result<void> leave_namespaces() {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) return {};
  return base::fail_errno(errno,
                          "the kernel gives this user no namespaces, which containers need "
                          "(sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone)");
}

static base::Result<void> keep_mounts() {
  if (mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0) return {};
  return base::fail_errno(errno, "cannot keep the mounts of the job to itself");
}

base::Result<MountSpace> MountSpace::enter() {
  loop::OwnedFd before(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!before) return base::fail_errno(errno, "cannot open '/proc/self/ns/mnt'");
  if (unshare(CLONE_NEWNS) != 0)
    return base::fail_errno(errno, "the kernel gives this launch no mount namespace of its own");
  // A container's is made of it, and is to have what is mounted in it later.
  if (mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0 ||
      mount("none", "/", nullptr, MS_REC | MS_SHARED, nullptr) != 0)
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
  auto entered = leave_namespaces();
  if (entered) entered = write_maps("self", geteuid(), getegid());
  return entered ? keep_mounts() : entered;
}

namespace {

constexpr std::string_view holder_name = "the process that makes namespaces for the container";

/// The namespaces are to be the user's, so this process is. It has been root: no other process of
/// the user's may look into it.
[[noreturn]] void hold_space(const Talk& talk, uid_t uid, gid_t gid, pid_t parent) {
  base::Result<void> done;
  if (setgroups(0, nullptr) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
    done = base::fail_errno(errno, "cannot become the user");
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  if (done) done = leave_namespaces();
  talk.say(done);
  if (done) done = talk.hear(holder_name);  // that the maps are there
  if (done) talk.say(keep_mounts());
  if (done) (void)talk.hear(holder_name);  // nothing: it is killed
  _exit(0);
}

}  // namespace

base::Result<OwnSpace> OwnSpace::make(uid_t uid, gid_t gid) {
  auto sides = Talk::begin();
  if (!sides) return std::unexpected(std::move(sides).error());
  auto& [here, there] = *sides;
  const pid_t parent = getpid();
  const pid_t holder = fork();
  if (holder < 0) return base::fail_errno(errno, "cannot make a new process");
  if (holder == 0) {
    here.close();
    hold_space(there, uid, gid, parent);
  }
  there.close();
  auto done = here.hear(holder_name);
  if (done) {
    here.say(write_maps(std::to_string(holder), uid, gid));
    done = here.hear(holder_name);
  }
  OwnSpace space;
  if (done) {
    const std::string folder = "/proc/" + std::to_string(holder) + "/ns/";
    space.users_ = loop::OwnedFd(open((folder + "user").c_str(), O_RDONLY | O_CLOEXEC));
    space.mounts_ = loop::OwnedFd(open((folder + "mnt").c_str(), O_RDONLY | O_CLOEXEC));
    if (!space.users_ || !space.mounts_)
      done = base::fail_errno(errno, "cannot open the namespaces made for the container");
  }
  (void)kill(holder, SIGKILL);
  while (waitpid(holder, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!done) return std::unexpected(std::move(done).error());
  return space;
}

base::Result<void> OwnSpace::enter() const {
  if (setns(users_.get(), CLONE_NEWUSER) == 0 && setns(mounts_.get(), CLONE_NEWNS) == 0) return {};
  return base::fail_errno(errno, "cannot enter the namespaces made for the container");
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
