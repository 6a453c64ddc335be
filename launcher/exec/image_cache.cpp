#include "launcher/exec/image_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "launcher/map/container_plan.h"
#include "lib/base/text.h"
#include "lib/loop/files.h"

namespace exec {

namespace {

constexpr std::size_t size_limit = 64;
constexpr std::int64_t most_kib = std::int64_t{1} << 50;

constexpr std::string_view part_suffix = ".part";
constexpr std::string_view gone_prefix = "gone-";

loop::OwnedFd open_file(const std::string& path) {
  return loop::OwnedFd(open(path.c_str(), O_RDWR | O_CLOEXEC));
}

bool is_complete(const std::string& path) {
  return access((path + "/size").c_str(), F_OK) == 0;
}

/// Of an entry that is complete.
std::optional<mapping::CacheEntry> look_at_entry(const std::string& path, std::string name) {
  const auto text = loop::read_file(path + "/size", size_limit);
  if (!text) return std::nullopt;
  const auto lock = open_file(path + ".lock");
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
                    "'" + path + "', where images are kept, is no folder of this user's alone");
}

std::optional<loop::OwnedFd> ImageCache::hold(const std::string& entry) const {
  auto lock = open_file(path(entry) + ".lock");
  if (!lock || flock(lock.get(), LOCK_SH | LOCK_NB) != 0) return std::nullopt;
  if (!is_complete(path(entry))) return std::nullopt;
  (void)futimens(lock.get(), nullptr);  // its place among the others is no matter of life or death
  return lock;
}

/// A rename is at once and for good; what is gone can be removed at any time, by anybody.
bool ImageCache::let_go(const std::string& name, const std::string& lock, int number) const {
  const auto file = open_file(path(lock));
  if (!file || flock(file.get(), LOCK_EX | LOCK_NB) != 0) return false;
  const auto gone = std::string(gone_prefix) + std::to_string(getpid()) + "-";
  return rename(path(name).c_str(), path(gone + std::to_string(number)).c_str()) == 0;
}

std::optional<std::vector<std::string>> ImageCache::clean_up(base::Bytes limit) const {
  std::vector<mapping::CacheEntry> entries;
  std::vector<std::string> parts;
  bool is_there_more = false;
  std::error_code none;
  for (const auto& item : std::filesystem::directory_iterator(folder_, none)) {
    const auto name = item.path().filename().string();
    is_there_more = is_there_more || name.starts_with(gone_prefix);
    if (!name.starts_with("image-")) continue;
    if (name.ends_with(part_suffix)) {
      parts.push_back(name);
    } else if (auto entry = look_at_entry(path(name), name)) {
      entries.push_back(std::move(*entry));
    }
  }
  int n_gone = 0;
  for (const auto& name : mapping::beyond_limit(std::move(entries), limit)) {
    if (let_go(name, name + ".lock", n_gone)) ++n_gone;
  }
  // Left by who was killed while fetching.
  for (const auto& name : parts) {
    const auto lock = name.substr(0, name.size() - part_suffix.size()) + ".making";
    if (let_go(name, lock, n_gone)) ++n_gone;
  }
  if (n_gone == 0 && !is_there_more) return std::nullopt;
  constexpr auto script = R"(chmod -R u+rwX "$1"/gone-*; rm -rf "$1"/gone-*)";
  return std::vector<std::string>{"/bin/sh", "-c", script, "muster-images", folder_};
}

}  // namespace exec
