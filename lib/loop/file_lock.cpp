#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/owned_fd.h"

namespace loop {

// Open-file-description locks (man fcntl): unlike POSIX locks they stay when another descriptor of
// the file is closed, and unlike flock they can be asked about without being taken.
static struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

/// The number written in a lock file; 0 when there is none yet.
static pid_t pid_inside(int fd) {
  char text[16]{};
  const ssize_t n = pread(fd, text, sizeof(text), 0);
  const std::string_view seen(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  return static_cast<pid_t>(base::parse_int(base::trim(seen), 1, INT32_MAX).value_or(0));
}

base::Result<FileLock> FileLock::take(const std::string& path) {
  const std::string what = "cannot lock '" + base::printable(path, 4096) + "'";
  OwnedFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  // Whoever can read it can lock it against its owner.
  if (!file || fchmod(file.get(), 0600) != 0) {
    return base::fail_errno(errno, what);
  }
  auto lock = whole_file();
  if (fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES) {
      return base::fail_errno(errno, what);
    }
    return base::fail(base::Code::conflict,
                      what + ": process " + std::to_string(pid_inside(file.get())) + " holds it");
  }
  const std::string text = std::to_string(getpid()) + "\n";
  if (ftruncate(file.get(), 0) != 0 ||
      pwrite(file.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return base::fail_errno(errno, what);
  }
  return FileLock(std::move(file));
}

base::Result<pid_t> lock_holder(const std::string& path) {
  const OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) {
    return 0;
  }
  auto lock = whole_file();
  lock.l_type = F_RDLCK;  // conflicts with the holder's, and needs no right to write
  if (!file || fcntl(file.get(), F_OFD_GETLK, &lock) != 0) {
    return base::fail_errno(errno, "cannot look at the lock '" + base::printable(path, 4096) + "'");
  }
  if (lock.l_type == F_UNLCK) {
    return 0;
  }
  const pid_t holder = pid_inside(file.get());
  if (holder == 0) {
    return base::fail(base::Code::unavailable, "'" + path + "' is just being locked: look again");
  }
  return holder;
}

}  // namespace loop
