#include "doctor/measure/link.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

namespace doctor {

namespace {

constexpr std::size_t longest_line = std::size_t{1} << 20;
constexpr int unsent_limit = 1 << 17;  // what waits in the kernel beyond what the network takes
constexpr int pause_ms = 50;

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

bool would_block(int error_number) {
  return error_number == EAGAIN || error_number == EWOULDBLOCK || error_number == EINTR;
}

std::unexpected<base::Error> too_late(const Deadline& deadline) {
  return base::fail(base::Code::unavailable, "no answer within " + base::to_text(deadline.limit()));
}

/// Until the descriptor is ready for `events`.
base::Result<void> wait_until(int fd, short events, const Deadline& deadline) {
  for (;;) {
    pollfd watched{.fd = fd, .events = events, .revents = 0};
    const int n = poll(&watched, 1, deadline.left_ms());
    if (n > 0) return {};
    if (n < 0 && errno != EINTR) return base::fail_errno(errno, "cannot wait for a connection");
    if (deadline.is_over()) return too_late(deadline);
  }
}

/// What costs time when the system refuses it, nothing else.
void set_option(int fd, int option, int value) {
  (void)setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value);
}

Link prepared(loop::OwnedFd fd) {
  set_option(fd.get(), TCP_NODELAY, 1);
  set_option(fd.get(), TCP_NOTSENT_LOWAT, unsent_limit);
  return Link(std::move(fd));
}

base::Result<Link> connect_to(const addrinfo& address, const Deadline& deadline) {
  loop::OwnedFd fd(
      socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return base::fail_errno(errno, "cannot make a socket");
  if (connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return prepared(std::move(fd));
  if (errno != EINPROGRESS) return base::fail_errno(errno, "cannot connect");
  if (auto ready = wait_until(fd.get(), POLLOUT, deadline); !ready) {
    return std::unexpected(std::move(ready).error());
  }
  int error_number = 0;
  socklen_t length = sizeof error_number;
  if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error_number, &length) != 0) error_number = errno;
  if (error_number != 0) return base::fail_errno(error_number, "cannot connect");
  return prepared(std::move(fd));
}

base::Result<Link> dial_once(const Host& host, const Deadline& deadline) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed =
      getaddrinfo(host.name.c_str(), std::to_string(host.port).c_str(), &hints, &found);
  if (failed != 0) {
    return base::fail(base::Code::not_found,
                      std::string("the name has no address: ") + gai_strerror(failed));
  }
  const Addresses addresses(found, freeaddrinfo);
  base::Result<Link> link = base::fail(base::Code::unavailable, "no address");
  for (const auto* at = addresses.get(); at != nullptr && !link; at = at->ai_next) {
    link = connect_to(*at, deadline);
  }
  return link;
}

/// As much as goes at once; 0: nothing now.
base::Result<std::size_t> some(ssize_t n, std::string_view what) {
  if (n > 0) return static_cast<std::size_t>(n);
  if (n < 0 && would_block(errno)) return std::size_t{0};
  if (n < 0) return base::fail_errno(errno, what);
  return base::fail(base::Code::unavailable, "the connection was closed by the other end");
}

base::Result<std::size_t> send_some(int fd, std::string_view bytes) {
  return some(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), "cannot send");
}

base::Result<std::size_t> receive_some(int fd, std::span<char> bytes) {
  return some(::recv(fd, bytes.data(), bytes.size(), 0), "cannot receive");
}

}  // namespace

int Deadline::left_ms() const {
  const auto left = std::max(limit_ - since_.so_far(), base::Duration());
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

base::Result<void> Link::send(std::string_view bytes, const Deadline& deadline) const {
  while (!bytes.empty()) {
    const auto n = send_some(fd(), bytes);
    if (!n) return std::unexpected(n.error());
    bytes.remove_prefix(*n);
    if (bytes.empty()) break;
    if (auto ready = wait_until(fd(), POLLOUT, deadline); !ready) return ready;
  }
  return {};
}

base::Result<void> Link::receive(std::span<char> bytes, const Deadline& deadline) const {
  while (!bytes.empty()) {
    const auto n = receive_some(fd(), bytes);
    if (!n) return std::unexpected(n.error());
    bytes = bytes.subspan(*n);
    if (bytes.empty()) break;
    if (auto ready = wait_until(fd(), POLLIN, deadline); !ready) return ready;
  }
  return {};
}

base::Result<std::string> Link::read_line(const Deadline& deadline) {
  for (;;) {
    if (const auto end = unread_.find('\n'); end != std::string::npos) {
      auto line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    if (unread_.size() > longest_line) {
      return base::fail(base::Code::corrupt, "the other end sent a line without end");
    }
    std::array<char, 4096> piece;
    const auto n = receive_some(fd(), piece);
    if (!n) return std::unexpected(n.error());
    unread_.append(piece.data(), *n);
    if (*n > 0) continue;
    if (auto ready = wait_until(fd(), POLLIN, deadline); !ready) {
      return std::unexpected(std::move(ready).error());
    }
  }
}

base::Result<void> Link::send_line(std::string_view line, const Deadline& deadline) const {
  return send(std::string(line) + '\n', deadline);
}

std::string Link::peer() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  std::array<char, NI_MAXHOST> host{};
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (getpeername(fd(), generic, &length) != 0 ||
      getnameinfo(generic, length, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
    return {};
  }
  return host.data();
}

base::Result<void> exchange(const Link& to, std::string_view bytes, const Link& from,
                            std::span<char> into, const Deadline& deadline) {
  while (!bytes.empty() || !into.empty()) {
    std::array<pollfd, 2> watched{{{.fd = bytes.empty() ? -1 : to.fd(), .events = POLLOUT},
                                   {.fd = into.empty() ? -1 : from.fd(), .events = POLLIN}}};
    const int n_ready = poll(watched.data(), watched.size(), deadline.left_ms());
    if (n_ready < 0 && errno != EINTR) return base::fail_errno(errno, "cannot wait for links");
    if (n_ready == 0 && deadline.is_over()) return too_late(deadline);
    if (n_ready <= 0) continue;
    if (watched[0].revents != 0) {
      const auto n = send_some(to.fd(), bytes);
      if (!n) return std::unexpected(n.error());
      bytes.remove_prefix(*n);
    }
    if (watched[1].revents != 0) {
      const auto n = receive_some(from.fd(), into);
      if (!n) return std::unexpected(n.error());
      into = into.subspan(*n);
    }
  }
  return {};
}

base::Result<Link> dial(const Host& host, const Deadline& deadline) {
  for (;;) {
    auto link = dial_once(host, deadline);
    if (link || deadline.is_over()) return link;
    (void)poll(nullptr, 0, std::min(pause_ms, deadline.left_ms()));
  }
}

base::Result<loop::OwnedFd> listen_at(std::uint16_t port) {
  loop::OwnedFd fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in6 wide{};
  wide.sin6_family = AF_INET6;
  wide.sin6_port = htons(port);
  sockaddr_in narrow{};
  narrow.sin_family = AF_INET;
  narrow.sin_port = htons(port);
  const int on = 1;
  const int off = 0;
  const auto* where = reinterpret_cast<const sockaddr*>(&wide);
  socklen_t length = sizeof wide;
  if (!fd || setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) {
    fd = loop::OwnedFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    where = reinterpret_cast<const sockaddr*>(&narrow);
    length = sizeof narrow;
  }
  (void)setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!fd || bind(fd.get(), where, length) != 0 || listen(fd.get(), SOMAXCONN) != 0) {
    return base::fail_errno(errno, "cannot listen at port " + std::to_string(port));
  }
  return fd;
}

std::uint16_t port_of(const loop::OwnedFd& listener) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (getsockname(listener.get(), generic, &length) != 0) return 0;
  // The port is at the same place in the addresses of both families.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

base::Result<Link> accept_from(const loop::OwnedFd& listener, const Deadline& deadline) {
  for (;;) {
    loop::OwnedFd fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd) return prepared(std::move(fd));
    if (!would_block(errno) && errno != ECONNABORTED) {
      return base::fail_errno(errno, "cannot accept a connection");
    }
    if (auto ready = wait_until(listener.get(), POLLIN, deadline); !ready) {
      return std::unexpected(std::move(ready).error());
    }
  }
}

}  // namespace doctor
