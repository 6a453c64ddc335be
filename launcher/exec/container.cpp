#include "launcher/exec/container.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/process_table.h"

namespace exec {

namespace {

constexpr std::size_t record_limit = 4096;

bool is_same_namespace(int one, const char* other) {
  struct stat a{};
  struct stat b{};
  return fstat(one, &a) == 0 && stat(other, &b) == 0 && a.st_ino == b.st_ino &&
         a.st_dev == b.st_dev;
}

}  // namespace

base::Result<Container> Container::of_process(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process);
  Container container;
  const auto open_path = [&folder](const char* name, int flags) {
    return loop::OwnedFd(open((folder + name).c_str(), flags | O_CLOEXEC));
  };
  container.users_ = open_path("/ns/user", O_RDONLY);
  if (container.users_) container.mounts_ = open_path("/ns/mnt", O_RDONLY);
  if (container.mounts_) container.root_ = open_path("/root", O_PATH | O_DIRECTORY);
  if (!container.root_) {
    return base::fail_errno(
        errno, "cannot look into the container by its process " + std::to_string(process));
  }
  if (is_same_namespace(container.users_.get(), "/proc/self/ns/user")) container.users_ = {};
  return container;
}

base::Result<Container> Container::of_attempt(const LaunchDir& dir,
                                              const model::LaunchKey& preparation) {
  const auto gone = [&preparation](const std::string& why) {
    return base::fail(base::Code::not_found,
                      "the container that " + to_text(preparation) + " started is gone" + why);
  };
  const auto text = loop::read_file(dir.own_of(preparation) + "/holder", record_limit);
  if (!text) return gone("");
  const auto parts = base::split(base::trim(*text), ' ');
  const auto process = base::parse_int(parts.front(), 1, std::numeric_limits<pid_t>::max());
  const auto start = base::parse_int(parts.back(), 0, std::numeric_limits<std::int64_t>::max());
  if (!process || !start) return gone("");
  auto container = of_process(static_cast<pid_t>(*process));
  if (!container) return gone(": " + container.error().text);
  // Asked after it was opened: the number may have become another process's before.
  const auto started = loop::process_start_time(static_cast<pid_t>(*process));
  if (!started || *started != static_cast<std::uint64_t>(*start)) return gone("");
  return container;
}

loop::OwnedFd Container::look_at(const std::string& path) const {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  return loop::OwnedFd(
      static_cast<int>(syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how)));
}

std::string Container::read(const std::string& path, std::size_t limit) const {
  const auto file = look_at(path);
  if (!file) return {};
  return loop::read_file("/proc/self/fd/" + std::to_string(file.get()), limit).value_or("");
}

bool Container::enter() const {
  // The user namespace first: it gives the rights to enter the other one.
  if (users_ && setns(users_.get(), CLONE_NEWUSER) != 0) return false;
  if (setns(mounts_.get(), CLONE_NEWNS) != 0) return false;
  return fchdir(root_.get()) == 0 && chroot(".") == 0;
}

base::Result<void> record_container(const LaunchDir& dir, pid_t process) {
  const auto start = loop::process_start_time(process);
  if (!start) {
    return base::fail(base::Code::not_found,
                      "its process " + std::to_string(process) + " has ended already");
  }
  return loop::write_file_atomic(dir.file("holder"),
                                 std::to_string(process) + " " + std::to_string(*start) + "\n",
                                 {.mode = 0600, .sync = false});
}

}  // namespace exec
