#pragma once
// The images of one user on a node: CACHE/muster-images-UID/ENTRY/{root,size}, with the lock
// ENTRY.lock beside each, which is held shared by who uses it and exclusively by who makes or
// removes it; its time of change is that of the last use.

#include <optional>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"

namespace exec {

class ImageCache {
 public:
  /// Makes the folder, which nobody else may write to.
  static base::Result<ImageCache> open(const std::string& folder);

  std::string path(const std::string& entry) const { return folder_ + "/" + entry; }

  /// Holds a complete entry for as long as the lock is open. Nothing: it is not there.
  std::optional<loop::OwnedFd> hold(const std::string& entry) const;

  /// Command line that removes what is beyond the limit, and nothing that is held by then. None:
  /// there is nothing to remove.
  std::optional<std::vector<std::string>> clean_up(base::Bytes limit) const;

 private:
  explicit ImageCache(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

}  // namespace exec
