#pragma once
// Looks from time to time how much a folder holds.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/loop/timer.h"
#include "lib/loop/work.h"

namespace exec {

/// Disk space of all files in the folder, one that has several names once; nothing of what is
/// mounted in it. What cannot be read, or goes meanwhile, is left out. Nobody waits for what it
/// comes to once `is_over`.
///
/// source    man 3 fts
base::Bytes disk_use(const std::string& folder, const std::atomic<bool>& is_over);

/// A look takes a thread, and a tenth of its time at most.
class FolderWatch {
 public:
  /// `above` is called once, with what was found to be above the limit.
  FolderWatch(loop::Loop& loop, std::string folder, base::Bytes limit,
              std::function<void(base::Bytes)> above);
  ~FolderWatch() { *is_over_ = true; }
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

 private:
  void look();

  loop::Loop& loop_;
  std::string folder_;
  base::Bytes limit_;
  std::function<void(base::Bytes)> above_;
  std::shared_ptr<std::atomic<bool>> is_over_ = std::make_shared<std::atomic<bool>>(false);
  loop::Timer timer_;
  std::optional<loop::Work> work_;
};

}  // namespace exec
