#pragma once
// TCP connections between the ranks, where every wait has a limit.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/clock.h"
#include "lib/loop/owned_fd.h"

namespace doctor {

class Deadline {
 public:
  explicit Deadline(base::Duration limit) : limit_(limit) {}

  bool is_over() const { return since_.so_far() >= limit_; }
  /// For poll(2), rounded up.
  int left_ms() const;
  base::Duration limit() const { return limit_; }

 private:
  loop::Elapsed since_;
  base::Duration limit_;
};

/// Errors of all: unavailable when the time is over or the peer has gone, io.
class Link {
 public:
  Link() = default;
  explicit Link(loop::OwnedFd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  /// A line, or more, has come already.
  bool has_line() const { return unread_.contains('\n'); }

  base::Result<void> send(std::string_view bytes, const Deadline& deadline) const;
  base::Result<void> receive(std::span<char> bytes, const Deadline& deadline) const;
  /// Without its end. For a link that carries lines only.
  base::Result<std::string> read_line(const Deadline& deadline);
  base::Result<void> send_line(std::string_view line, const Deadline& deadline) const;
  /// The numeric address of the other end.
  std::string peer() const;

 private:
  loop::OwnedFd fd_;
  std::string unread_;
};

/// Sends on the one and receives on the other at the same time.
base::Result<void> exchange(const Link& to, std::string_view bytes, const Link& from,
                            std::span<char> into, const Deadline& deadline);

struct Host {
  std::string name;
  std::uint16_t port = 0;
};

/// Tries again while nobody listens there yet, or the name is not known.
base::Result<Link> dial(const Host& host, const Deadline& deadline);

/// At every address of this machine; port 0: any free one.
base::Result<loop::OwnedFd> listen_at(std::uint16_t port);
std::uint16_t port_of(const loop::OwnedFd& listener);
base::Result<Link> accept_from(const loop::OwnedFd& listener, const Deadline& deadline);

}  // namespace doctor
