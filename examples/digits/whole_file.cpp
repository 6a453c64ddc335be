#include "examples/digits/whole_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace digits {
namespace {

/// A file descriptor that is closed at the end of its scope.
class File {
 public:
  File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~File() {
    if (fd_ >= 0) {
      close(fd_);
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int fd() const { return fd_; }

 private:
  int fd_;
};

base::Result<void> write_synced(const std::string& path, std::string_view bytes) {
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (file.fd() < 0) {
    return base::fail_errno(errno, fmt::format("cannot create '{}'", path));
  }
  while (!bytes.empty()) {
    const ssize_t wrote = write(file.fd(), bytes.data(), bytes.size());
    if (wrote < 0) {
      return base::fail_errno(errno, fmt::format("cannot write '{}'", path));
    }
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (fsync(file.fd()) != 0) {
    return base::fail_errno(errno, fmt::format("cannot write '{}'", path));
  }
  return {};
}

}  // namespace

base::Result<void> write_whole(const std::string& path, std::string_view bytes) {
  const std::string unfinished = path + ".part";
  if (auto wrote = write_synced(unfinished, bytes); !wrote) {
    return wrote;
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return base::fail_errno(errno, fmt::format("cannot rename '{}' to '{}'", unfinished, path));
  }
  return {};
}

base::Result<std::optional<std::string>> read_whole(const std::string& path) {
  const File file(path, O_RDONLY);
  if (file.fd() < 0) {
    if (errno == ENOENT) {
      return std::nullopt;
    }
    return base::fail_errno(errno, fmt::format("cannot open '{}'", path));
  }
  std::string bytes;
  std::array<char, 1 << 16> piece;
  ssize_t got = 0;
  while ((got = read(file.fd(), piece.data(), piece.size())) > 0) {
    bytes.append(piece.data(), static_cast<std::size_t>(got));
  }
  if (got < 0) {
    return base::fail_errno(errno, fmt::format("cannot read '{}'", path));
  }
  return bytes;
}

}  // namespace digits
