#pragma once
// A private folder in memory for one node's part of a step: shared memory of the ranks and of PMIx.

#include <string>

#include "lib/base/result.h"

namespace exec {

class LaunchDir;

/// Removed, with all that is in it, when the object goes.
class SessionDir {
 public:
  /// In `root`; without one, in /dev/shm where there is one, else in /tmp. Its path is recorded in
  /// `dir` first.
  static base::Result<SessionDir> make(const LaunchDir& dir, std::string root);
  ~SessionDir();
  SessionDir(SessionDir&& other) noexcept;
  SessionDir& operator=(SessionDir&& other) noexcept;

  const std::string& path() const { return path_; }

 private:
  SessionDir(std::string root, std::string path);

  std::string root_;
  std::string path_;
};

}  // namespace exec
