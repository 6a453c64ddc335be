#pragma once
// TCP as workers and servers need it: listening, connecting with patience, and whole frames.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "examples/parameter-server/roster.h"
#include "examples/parameter-server/wire.h"
#include "lib/base/result.h"

namespace parameter_server {

/// A socket that is closed with its owner.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket();
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int fd() const { return fd_; }

 private:
  int fd_;
};

/// Listens on a numeric address as it is given. Under a name it listens on all addresses, as many
/// systems give their own name a loopback address, where no other node would find it.
base::Result<Socket> listen_on(const Address& address);

/// The next peer that connects to `listener`.
base::Result<Socket> accept_from(const Socket& listener);

/// Tries until a server listens there, as processes start in any order.
base::Result<Socket> connect_to(const Address& address, std::chrono::seconds patience);

/// The other side, for people: "127.0.0.1 port 7000".
std::string peer_of(const Socket& socket);

/// How long receive() waits for a peer that says nothing; zero is for ever.
void limit_silence(const Socket& socket, std::chrono::seconds limit);

base::Result<void> send_all(const Socket& socket, std::string_view bytes);

/// The next frame; nullopt when the peer has closed the connection behind its last frame.
///
/// errors    corrupt when the bytes are no frame of a server with so many weights, unavailable when
///           they end within one, io when the connection breaks
base::Result<std::optional<Frame>> receive(const Socket& socket, std::size_t n_weights);

}  // namespace parameter_server
