#pragma once
// The images of one user on a node: CACHE/muster-images-UID/ENTRY/{root,size}, with two locks
// beside each: ENTRY.lock is held shared by who uses it, and exclusively by who removes it; its
// time of change is that of the last use. ENTRY.making is held by who makes it, as ENTRY.part.

#include <optional>
#include <string>
#include <utility>
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

  /// Lets go of what is beyond the limit, and of nothing that is held. Command line that removes
  /// what nobody has any more; none: there is nothing.
  std::optional<std::vector<std::string>> clean_up(base::Bytes limit) const;

 private:
  bool let_go(const std::string& name, const std::string& lock, int number) const;
  explicit ImageCache(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

}  // namespace exec
