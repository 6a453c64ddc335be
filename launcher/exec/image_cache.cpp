#include "launcher/exec/image_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "launcher/map/container_plan.h"
#include "lib/base/text.h"
#include "lib/loop/files.h"

namespace exec {

namespace {

constexpr std::size_t size_limit = 64;
constexpr std::int64_t most_kib = std::int64_t{1} << 50;

// Renamed first, so that what is left of a removal is no image.
constexpr const char* removal = R"(
for entry; do
  (
    flock -n 9 || exit 0
    mv "$entry" "$entry.part" || exit 0
    chmod -R u+rwX "$entry.part"
    rm -rf "$entry.part" "$entry.lock"
  ) 9>>"$entry.lock"
done
)";

loop::OwnedFd open_lock(const std::string& path) {
  return loop::OwnedFd(open((path + ".lock").c_str(), O_RDWR | O_CLOEXEC));
}

bool is_complete(const std::string& path) {
  return access((path + "/size").c_str(), F_OK) == 0;
}

/// Of an entry that is complete.
std::optional<mapping::CacheEntry> look_at_entry(const std::string& path, std::string name) {
  const auto text = loop::read_file(path + "/size", size_limit);
  if (!text) return std::nullopt;
  const auto lock = open_lock(path);
  struct stat status{};
  if (!lock || fstat(lock.get(), &status) != 0) return std::nullopt;
  const auto kib = base::parse_int(base::trim(*text), 0, most_kib).value_or(0);
  return mapping::CacheEntry{.name = std::move(name),
                             .size = base::Bytes(static_cast<std::uint64_t>(kib) * 1024),
                             .used_at = status.st_mtim.tv_sec,
                             .is_in_use = flock(lock.get(), LOCK_EX | LOCK_NB) != 0};
}

}  // namespace

base::Result<ImageCache> ImageCache::open(const std::string& folder) {
  const std::string path = folder + "/muster-images-" + std::to_string(geteuid());
  if (mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return base::fail_errno(errno, "cannot make the folder for images '" + path +
                                       "' (containers.cache of muster.toml)");
  }
  struct stat status{};
  const bool is_own = lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
                      status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  if (is_own) return ImageCache(path);
  return base::fail(base::Code::conflict,
                    "'" + path + "', where images are kept, is no folder that is this user's alone");
}

std::optional<loop::OwnedFd> ImageCache::hold(const std::string& entry) const {
  auto lock = open_lock(path(entry));
  // Who makes it has the lock: then it is waited for by the command that would make it.
  if (!lock || flock(lock.get(), LOCK_SH | LOCK_NB) != 0) return std::nullopt;
  if (!is_complete(path(entry))) return std::nullopt;
  (void)futimens(lock.get(), nullptr);  // its place among the others is no matter of life or death
  return lock;
}

std::optional<std::vector<std::string>> ImageCache::clean_up(base::Bytes limit) const {
  std::vector<mapping::CacheEntry> entries;
  std::error_code none;
  for (const auto& item : std::filesystem::directory_iterator(folder_, none)) {
    const auto name = item.path().filename().string();
    if (!name.starts_with("image-")) continue;
    if (auto entry = look_at_entry(path(name), name)) entries.push_back(std::move(*entry));
  }
  const auto going = mapping::beyond_limit(std::move(entries), limit);
  if (going.empty()) return std::nullopt;
  std::vector<std::string> arguments{"/bin/sh", "-c", removal, "muster-images"};
  for (const auto& name : going) arguments.push_back(path(name));
  return arguments;
}

}  // namespace exec
