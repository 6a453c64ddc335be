#include "launcher/exec/mounter.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <utility>

#include "lib/base/bytes.h"
#include "lib/base/text.h"
#include "lib/loop/owned_fd.h"

namespace exec {

namespace {

constexpr base::Duration longest_mount = std::chrono::minutes(10);
constexpr std::string_view mounter_name = "the process that mounts for the job";

/// To be said again whenever the rights of this process change (man 2 prctl).
void die_with_parent() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/// Never by a magic link of /proc, for this process may follow those of everybody.
base::Result<loop::OwnedFd> open_as(const loop::Account& user, int folder, const std::string& path,
                                    std::uint64_t resolve) {
  loop::OwnedFd opened;
  int error_number = 0;
  {
    const loop::FileUser as(user.uid, user.gid, user.groups);
    if (!as.is_in_force())
      return base::fail(base::Code::denied, "cannot look at files as user " + user.name);
    die_with_parent();
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_NO_MAGICLINKS | resolve;
    opened = loop::OwnedFd(
        static_cast<int>(syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how)));
    error_number = errno;
  }
  die_with_parent();
  if (opened) return opened;
  if (error_number == EXDEV) {
    return base::fail(base::Code::conflict, "the directory to mount on, '" + path +
                                                "', lies in another mount, or outside of the "
                                                "job's folder; give another target");
  }
  return base::fail_errno(error_number,
                          "user " + user.name + " cannot open the directory '" + path + "'");
}

std::unexpected<base::Error> refused(const std::string& what) {
  const int error_number = errno;
  return base::fail_errno(error_number, what + (error_number == ENOSYS || error_number == EINVAL
                                                    ? " (mounts of users need Linux 5.12)"
                                                    : ""));
}

/// With all that is mounted in it: nobody is to see what that lies on.
base::Result<loop::OwnedFd> tree_of(const loop::Account& user, const model::Mount& mount) {
  const auto source = open_as(user, AT_FDCWD, mount.source, 0);
  if (!source) return std::unexpected(source.error());
  loop::OwnedFd tree(open_tree(source->get(), "",
                               OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE));
  if (!tree) return refused("cannot bind '" + mount.source + "'");
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  attributes.propagation = MS_SLAVE;  // what is mounted in it later is not seen at its source
  if (model::find_option(mount, "ro") != nullptr) attributes.attr_set |= MOUNT_ATTR_RDONLY;
  if (mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) !=
      0)
    return refused("cannot set the attributes of '" + mount.source + "'");
  return tree;
}

base::Result<loop::OwnedFd> memory_of(const loop::Account& user, const model::Mount& mount) {
  const loop::OwnedFd made(fsopen("tmpfs", FSOPEN_CLOEXEC));
  if (!made) return refused("cannot make a tmpfs");
  const auto* mode = model::find_option(mount, "mode");
  std::vector<std::pair<const char*, std::string>> options{
      {"mode", mode != nullptr ? *mode : "700"},
      {"uid", std::to_string(user.uid)},
      {"gid", std::to_string(user.gid)}};
  if (const auto* size = model::find_option(mount, "size")) {
    const auto bytes = base::parse_memory(*size);
    if (!bytes) return std::unexpected(bytes.error());
    options.emplace_back("size", std::to_string(bytes->count()));
  }
  for (const auto& [name, value] : options) {
    if (fsconfig(made.get(), FSCONFIG_SET_STRING, name, value.c_str(), 0) != 0)
      return refused(std::string("a tmpfs does not take ") + name + "=" + value);
  }
  if (fsconfig(made.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return refused("cannot make a tmpfs");
  loop::OwnedFd memory(fsmount(made.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  if (!memory) return refused("cannot mount a tmpfs");
  return memory;
}

base::Result<loop::OwnedFd> open_point(const loop::Account& user, int folder,
                                       const std::string& point) {
  auto opened =
      open_as(user, folder, point, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  if (!opened) return opened;
  struct stat status{};
  if (fstat(opened->get(), &status) != 0)
    return base::fail_errno(errno, "cannot look at '" + point + "'");
  if (status.st_uid == user.uid) return opened;
  return base::fail(base::Code::conflict,
                    "the directory to mount on, '" + point + "', is not the user's");
}

/// What else is open may be a lock by which others see that the launcher lives.
void keep_only(int one, int other) {
  const auto low = static_cast<unsigned>(std::min(one, other));
  const auto high = static_cast<unsigned>(std::max(one, other));
  (void)close_range(STDERR_FILENO + 1, low - 1, 0);
  if (low + 1 < high) (void)close_range(low + 1, high - 1, 0);
  (void)close_range(high + 1, ~0U, 0);
}

/// For SIGALRM; zero: never.
void arm(base::Duration limit) {
  using std::chrono::duration_cast;
  const auto whole = duration_cast<std::chrono::seconds>(limit);
  const auto rest = duration_cast<std::chrono::microseconds>(limit - whole);
  itimerval timer{};
  timer.it_value.tv_sec = whole.count();
  timer.it_value.tv_usec = rest.count();
  setitimer(ITIMER_REAL, &timer, nullptr);
}

/// Gone with its parent, which may be gone already.
[[noreturn]] void serve(const Mounter::Task& task, int folder, const Talk& talk, pid_t parent) {
  die_with_parent();
  if (getppid() != parent) _exit(1);
  keep_only(folder, talk.fd());
  const auto root = task.root.substr(task.folder.size() + 1);
  for (std::string asked = talk.receive(); !asked.empty(); asked = talk.receive()) {
    const auto number =
        base::parse_int(asked, 0, static_cast<std::int64_t>(task.mounts.size()) - 1);
    if (!number) _exit(1);
    arm(std::min<base::Duration>(task.limit, longest_mount));
    const auto& mount = task.mounts[static_cast<std::size_t>(*number)];
    const auto mounted = mount_for(task.user, mount, folder, root + "/" + mount.target);
    arm({});
    talk.say(mounted);
    if (getppid() != parent) _exit(1);
  }
  _exit(0);
}

}  // namespace

base::Result<void> mount_for(const loop::Account& user, const model::Mount& mount, int folder,
                             const std::string& point) {
  const auto target = open_point(user, folder, point);
  if (!target) return std::unexpected(target.error());
  const auto made =
      mount.kind == model::MountKind::bind ? tree_of(user, mount) : memory_of(user, mount);
  if (!made) return std::unexpected(made.error());
  if (move_mount(made->get(), "", target->get(), "",
                 MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
    return refused("cannot mount at '" + point + "'");
  return {};
}

base::Result<Mounter> Mounter::start(const Task& task) {
  auto sides = Talk::begin();
  if (!sides) return std::unexpected(std::move(sides).error());
  auto& [here, there] = *sides;
  const loop::OwnedFd folder(
      open(task.folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return base::fail_errno(errno, "cannot open '" + task.folder + "'");
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return base::fail_errno(errno, "cannot make a new process");
  if (child == 0) {
    here.close();
    serve(task, folder.get(), there, parent);
  }
  return Mounter(std::move(here), child);
}

void Mounter::ask(std::size_t mount) {
  owes_answer_ = true;
  talk_.send(std::to_string(mount));
}

base::Result<void> Mounter::answer() {
  owes_answer_ = false;
  return talk_.hear(mounter_name);
}

void Mounter::finish() {
  talk_.close();
  if (owes_answer_ || process_ == 0) return;
  const pid_t process = std::exchange(process_, 0);
  while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace exec
