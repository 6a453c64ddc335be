#include "examples/parameter-server/socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <thread>

namespace parameter_server {
namespace {

using Found = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

base::Result<Found> look_up(const Address& address, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed =
      getaddrinfo(address.host.c_str(), fmt::to_string(address.port).c_str(), &hints, &found);
  if (failed != 0) {
    return base::fail(base::Code::not_found,
                      fmt::format("cannot look up '{}': {}", address.host, gai_strerror(failed)));
  }
  return Found(found, freeaddrinfo);
}

// What follows costs time or patience when the system refuses it, nothing else.

void set_option(const Socket& socket, int level, int option, int value) {
  (void)setsockopt(socket.fd(), level, option, &value, sizeof value);
}

void set_limit(const Socket& socket, int option, std::chrono::seconds limit) {
  timeval time{};
  time.tv_sec = limit.count();
  (void)setsockopt(socket.fd(), SOL_SOCKET, option, &time, sizeof time);
}

/// Listens on a numeric address.
base::Result<Socket> listen_at(const Address& address) {
  const auto found = look_up(address, AI_NUMERICHOST);
  if (!found) {
    return std::unexpected(found.error());
  }
  const addrinfo& at = **found;
  Socket socket(::socket(at.ai_family, at.ai_socktype | SOCK_CLOEXEC, at.ai_protocol));
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  if (at.ai_family == AF_INET6) {
    set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  }
  if (socket.fd() < 0 || bind(socket.fd(), at.ai_addr, at.ai_addrlen) != 0 ||
      listen(socket.fd(), SOMAXCONN) != 0) {
    return base::fail_errno(errno, fmt::format("cannot listen on {}", to_text(address)));
  }
  return socket;
}

base::Result<Socket> connect_once(const Address& address, std::chrono::seconds limit) {
  const auto found = look_up(address, 0);
  if (!found) {
    return std::unexpected(found.error());
  }
  int error_number = 0;
  for (const addrinfo* at = found->get(); at != nullptr; at = at->ai_next) {
    Socket socket(::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol));
    set_limit(socket, SO_SNDTIMEO, limit);
    if (socket.fd() >= 0 && connect(socket.fd(), at->ai_addr, at->ai_addrlen) == 0) {
      set_limit(socket, SO_SNDTIMEO, std::chrono::seconds(0));
      set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
      return socket;
    }
    // The system's word for a limit that is over is that the connection is still being made.
    error_number = errno == EINPROGRESS ? ETIMEDOUT : errno;
  }
  return base::fail_errno(error_number, fmt::format("cannot connect to {}", to_text(address)));
}

/// Up to `count` bytes; fewer when the peer closes the connection before.
base::Result<std::string> receive_up_to(const Socket& socket, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t n_got = 0;
  while (n_got < count) {
    const ssize_t got = recv(socket.fd(), bytes.data() + n_got, count - n_got, 0);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return errno == EAGAIN ? base::fail(base::Code::unavailable, "said nothing for too long")
                             : base::fail_errno(errno, "cannot receive");
    }
    if (got == 0) {
      break;
    }
    n_got += static_cast<std::size_t>(got);
  }
  bytes.resize(n_got);
  return bytes;
}

std::unexpected<base::Error> cut_off(std::string_view what, std::size_t expected,
                                     std::size_t found) {
  return base::fail(
      base::Code::unavailable,
      fmt::format("{}: expected {} bytes, the connection ended after {}", what, expected, found));
}

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

base::Result<Socket> listen_on(const Address& address) {
  if (look_up(address, AI_NUMERICHOST)) {
    return listen_at(address);
  }
  auto socket = listen_at({.host = "::", .port = address.port});
  return socket ? std::move(socket) : listen_at({.host = "0.0.0.0", .port = address.port});
}

base::Result<Socket> accept_from(const Socket& listener) {
  Socket peer(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (peer.fd() < 0) {
    return base::fail_errno(errno, "cannot accept a connection");
  }
  set_option(peer, IPPROTO_TCP, TCP_NODELAY, 1);
  return peer;
}

base::Result<Socket> connect_to(const Address& address, std::chrono::seconds patience) {
  constexpr std::chrono::milliseconds pause(50);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto socket = connect_once(address, patience);
  while (!socket && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(pause);
    socket = connect_once(address, patience);
  }
  if (!socket) {
    return std::unexpected(
        std::move(socket).error().in(fmt::format("tried for {} s", patience.count())));
  }
  return socket;
}

std::string peer_of(const Socket& socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  std::array<char, NI_MAXHOST> host;
  std::array<char, NI_MAXSERV> port;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (getpeername(socket.fd(), generic, &length) != 0 ||
      getnameinfo(generic, length, host.data(), host.size(), port.data(), port.size(),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "a peer that has gone";
  }
  return fmt::format("{} port {}", host.data(), port.data());
}

void limit_silence(const Socket& socket, std::chrono::seconds limit) {
  set_limit(socket, SO_RCVTIMEO, limit);
}

base::Result<void> send_all(const Socket& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) {
      return base::fail_errno(errno, "cannot send");
    }
    bytes.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
  }
  return {};
}

base::Result<std::optional<Frame>> receive(const Socket& socket, std::size_t n_weights) {
  const auto bytes = receive_up_to(socket, header_size);
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  if (bytes->empty()) {
    return std::nullopt;
  }
  if (bytes->size() < header_size) {
    return cut_off("the head of a frame", header_size, bytes->size());
  }
  const auto header = decode_header(*bytes, n_weights);
  if (!header) {
    return std::unexpected(header.error());
  }
  auto body = receive_up_to(socket, header->length);
  if (!body) {
    return std::unexpected(body.error());
  }
  if (body->size() < header->length) {
    return cut_off(to_text(header->kind), header->length, body->size());
  }
  return Frame{.kind = header->kind, .body = *std::move(body)};
}

}  // namespace parameter_server
