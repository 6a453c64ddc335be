#pragma once
// How long settled launch directories stay, and the memory of those that are gone.

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/ids.h"

namespace agentd {

struct RetentionLimits {
  std::size_t directories = 10000;
  base::Duration age = std::chrono::hours(7 * 24);
  std::size_t forgotten_keys = 20000;
};

/// Says which settled launch directories are to be removed, oldest first, once there are too many
/// or they are too old. Their keys go to NODE/forgotten, one a line, oldest first: so no late order
/// starts one again. The file keeps the last keys only; an order so late that its key is no longer
/// there cannot come, since orders do not outlive the connection they were sent on.
class Retention {
 public:
  static base::Result<Retention> open(const std::string& node_dir, RetentionLimits limits);

  /// Keys whose directories are gone, oldest first.
  const std::vector<model::LaunchKey>& forgotten() const { return forgotten_; }
  void release_forgotten() { forgotten_ = {}; }

  /// A launch is settled now, or was found so; its directory is kept for a while.
  void add(const model::LaunchKey& key, base::Time at);

  struct Rules {
    std::function<bool(const model::LaunchKey&)> is_needed;  // as long as it is, it is kept
    std::function<void(const model::LaunchKey&)> remove;
  };
  /// Removes at most `most` directories. Error: one that cannot be forgotten stays.
  base::Result<void> prune(base::Time now, std::size_t most, const Rules& rules);

 private:
  struct Kept {
    model::LaunchKey key;
    base::Time at;
  };
  Retention(std::string path, RetentionLimits limits) : path_(std::move(path)), limits_(limits) {}
  base::Result<void> forget(const model::LaunchKey& key);
  base::Result<void> rewrite(const std::vector<model::LaunchKey>& keys);

  std::string path_;  // of the file of forgotten keys
  RetentionLimits limits_;
  loop::OwnedFd file_;
  std::size_t n_lines_ = 0;
  std::vector<model::LaunchKey> forgotten_;
  std::deque<Kept> kept_;  // oldest first
};

}  // namespace agentd
