#include "lib/loop/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "lib/base/text.h"
#include "lib/loop/owned_fd.h"
#include "lib/loop/secret.h"

namespace loop {

static std::string quoted(std::string_view path) {
  return "'" + base::printable(path, 4096) + "'";
}

static base::Result<std::string> read_all(const OwnedFd& file, std::size_t limit,
                                          const std::string& what) {
  std::string bytes;
  while (true) {
    const std::size_t had = bytes.size();
    // Files of /proc have no size: read until nothing comes, one byte above the limit at most.
    const std::size_t room =
        std::min<std::size_t>(std::max<std::size_t>(had, 4096), limit + 1 - had);
    bytes.resize(had + room);
    const ssize_t n = read(file.get(), bytes.data() + had, room);
    if (n < 0 && errno == EINTR) {
      bytes.resize(had);
      continue;
    }
    if (n < 0) {
      const auto code = errno == EISDIR ? base::Code::invalid : base::Code::io;
      return base::fail(code, base::fail_errno(errno, what).error().text);
    }
    bytes.resize(had + static_cast<std::size_t>(n));
    if (n == 0) {
      return bytes;
    }
    if (bytes.size() > limit) {
      return base::fail(base::Code::exhausted,
                        what + ": it has more than " + std::to_string(limit) + " bytes");
    }
  }
}

base::Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const std::string what = "cannot read " + quoted(path);
  const OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return base::fail_errno(errno, what);
  return read_all(file, limit, what);
}

base::Result<OwnedFd> open_of(uid_t owner, const std::string& path) {
  const std::string what = "cannot read " + quoted(path);
  OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ENOENT) return base::fail_errno(errno, what);
  struct stat found{};
  if (!file || fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) {
    return base::fail(base::Code::denied, what + ": it is no plain file");
  }
  if (found.st_uid == owner) return file;
  return base::fail(base::Code::denied, what + ": it belongs to user " +
                                            std::to_string(found.st_uid) + ", not " +
                                            std::to_string(owner));
}

base::Result<std::string> read_file_of(uid_t owner, const std::string& path, std::size_t limit) {
  const auto file = open_of(owner, path);
  if (!file) return std::unexpected(file.error());
  return read_all(*file, limit, "cannot read " + quoted(path));
}

static base::Result<void> write_all(int fd, std::string_view bytes, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) {
      return base::fail_errno(errno, what);
    }
    bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  return {};
}

static std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == path.npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Writes and closes the new file under its temporary name.
static base::Result<void> write_new(const std::string& path, std::string_view bytes,
                                    WriteOptions options, const std::string& what) {
  const OwnedFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, options.mode));
  if (!file) {
    return base::fail_errno(errno, what);
  }
  // The mode of open() is less the umask; the caller said what it is to be.
  if (fchmod(file.get(), options.mode) != 0) {
    return base::fail_errno(errno, what);
  }
  if (const auto written = write_all(file.get(), bytes, what); !written) {
    return written;
  }
  if (options.sync && fsync(file.get()) != 0) {
    return base::fail_errno(errno, what);
  }
  return {};
}

base::Result<void> write_file_atomic(const std::string& path, std::string_view bytes,
                                     WriteOptions options) {
  const std::string what = "cannot write " + quoted(path);
  const std::string temporary = path + ".tmp." + random_hex(6);
  auto written = write_new(temporary, bytes, options, what);
  if (written && rename(temporary.c_str(), path.c_str()) != 0) {
    written = base::fail_errno(errno, what);
  }
  if (!written) {
    unlink(temporary.c_str());
    return written;
  }
  if (options.sync) {
    const OwnedFd folder(open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || fsync(folder.get()) != 0) {
      return base::fail_errno(errno, what);
    }
  }
  return {};
}

base::Result<void> make_directories(const std::string& path, mode_t mode) {
  for (std::size_t end = path.find('/', 1); true; end = path.find('/', end + 1)) {
    const std::string folder = path.substr(0, end);
    if (mkdir(folder.c_str(), mode) != 0) {
      const int error_number = errno;
      struct stat found{};
      const bool exists = stat(folder.c_str(), &found) == 0;
      if (exists && !S_ISDIR(found.st_mode)) {
        return base::fail(base::Code::conflict, "cannot make the folder " + quoted(path) + ": " +
                                                    quoted(folder) + " is not a folder");
      }
      if (!exists) {
        return base::fail_errno(error_number, "cannot make the folder " + quoted(folder));
      }
    }
    if (end == path.npos) {
      return {};
    }
  }
}

}  // namespace loop
