#include "launcher/exec/folder_watch.h"

#include <fts.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <set>
#include <utility>

#include "lib/loop/clock.h"

namespace exec {

namespace {

constexpr base::Duration shortest_pause = std::chrono::seconds(1);
constexpr int pause_for_look = 9;  // times as long as the look
constexpr std::uint64_t block_size = 512;

struct Close {
  void operator()(FTS* tree) const { fts_close(tree); }
};

}  // namespace

base::Bytes disk_use(const std::string& folder, const std::atomic<bool>& is_over) {
  std::string path = folder;
  const std::array<char*, 2> roots{path.data(), nullptr};
  const std::unique_ptr<FTS, Close> tree(
      fts_open(roots.data(), FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, nullptr));
  std::uint64_t n_blocks = 0;
  std::set<ino_t> seen;  // of those with several names
  while (FTSENT* entry = tree && !is_over ? fts_read(tree.get()) : nullptr) {
    const bool has_status = entry->fts_info != FTS_DP && entry->fts_info != FTS_NS &&
                            entry->fts_info != FTS_ERR && entry->fts_statp != nullptr;
    if (!has_status) continue;
    const auto& status = *entry->fts_statp;
    const bool has_names = !S_ISDIR(status.st_mode) && status.st_nlink > 1;
    if (has_names && !seen.insert(status.st_ino).second) continue;
    n_blocks += static_cast<std::uint64_t>(status.st_blocks);
  }
  return base::Bytes(n_blocks * block_size);
}

FolderWatch::FolderWatch(loop::Loop& loop, std::string folder, base::Bytes limit,
                         std::function<void(base::Bytes)> above)
    : loop_(loop),
      folder_(std::move(folder)),
      limit_(limit),
      above_(std::move(above)),
      timer_(loop, [this] { look(); }) {
  look();
}

void FolderWatch::look() {
  const auto call = [folder = folder_, is_over = is_over_] {
    const auto began = loop::now();
    const auto held = disk_use(folder, *is_over);
    return std::pair(held, loop::now() - began);
  };
  work_.emplace(loop::in_background(loop_, call, [this](const auto& found) {
    const auto& [held, took] = found;
    if (held > limit_) return std::exchange(above_, [](base::Bytes) {})(held);
    timer_.start(std::max<base::Duration>(shortest_pause, pause_for_look * took));
  }));
}

}  // namespace exec
