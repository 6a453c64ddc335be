#pragma once
// How a launcher and a process that it has forked tell each other what to do, and how it went.

#include <array>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"

namespace exec {

/// One side of a pair of sockets that keep messages apart (man 2 socketpair, SOCK_SEQPACKET).
class Talk {
 public:
  static base::Result<std::array<Talk, 2>> begin();

  void send(std::string_view text) const;
  /// Waits. Empty: the other side is gone.
  std::string receive() const;

  /// The same of how something went.
  void say(const base::Result<void>& done) const;
  /// errors    denied: as the other side said, or that it, `who`, has died
  base::Result<void> hear(std::string_view who) const;

  int fd() const { return end_.get(); }
  void close() { end_ = {}; }

 private:
  loop::OwnedFd end_;
};

}  // namespace exec
