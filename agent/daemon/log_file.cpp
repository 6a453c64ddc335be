#include "agent/daemon/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "lib/loop/owned_fd.h"

namespace agentd {

std::uint64_t size_of(const std::string& path) {
  struct stat found{};
  return stat(path.c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

std::string read_end(const std::string& path, std::uint64_t start, std::size_t limit) {
  const loop::OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return {};
  const auto size = size_of(path);
  if (size <= start) return {};
  start = std::max(start, size - std::min<std::uint64_t>(size, limit));
  std::string bytes(static_cast<std::size_t>(size - start), '\0');
  const auto n = pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(start));
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return bytes;
}

std::string read_log(const std::string& path, std::size_t limit) {
  auto text = read_end(path, 0, limit);
  if (text.size() < limit) text = read_end(path + ".1", 0, limit - text.size()) + text;
  return text;
}

void append_log(const std::string& path, std::string_view text) {
  if (size_of(path) > log_kept) (void)rename(path.c_str(), (path + ".1").c_str());
  const loop::OwnedFd file(
      open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file) (void)!write(file.get(), text.data(), text.size());
}

}  // namespace agentd
