#include "launcher/exec/free_port.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <utility>

namespace exec {

namespace {

constexpr std::uint64_t n_ports = last_meeting_port - first_meeting_port + 1;

constexpr std::uint64_t spread = 7919;  // a prime: neighbours in number are far apart in ports

std::uint16_t port_at(std::uint64_t seed, std::uint64_t i) {
  return static_cast<std::uint16_t>(first_meeting_port + (seed * spread + i) % n_ports);
}

/// Nobody else gets the port while this lives; no socket if somebody has it.
loop::OwnedFd hold(std::uint16_t port) {
  loop::OwnedFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  return ::bind(fd.get(), where, sizeof address) == 0 ? std::move(fd) : loop::OwnedFd();
}

}  // namespace

std::optional<std::uint16_t> free_port(std::uint64_t seed) {
  for (std::uint64_t i = 0; i < n_ports; ++i) {
    if (hold(port_at(seed, i))) return port_at(seed, i);
  }
  return std::nullopt;
}

base::Result<HeldPorts> HeldPorts::take(std::uint64_t seed, std::size_t n) {
  HeldPorts held;
  for (std::uint64_t i = 0; i < n_ports && held.numbers_.size() < n; ++i) {
    auto socket = hold(port_at(seed, i));
    if (!socket) continue;
    held.sockets_.push_back(std::move(socket));
    held.numbers_.push_back(port_at(seed, i));
  }
  if (held.numbers_.size() == n) return held;
  return base::fail(base::Code::exhausted,
                    "only " + std::to_string(held.numbers_.size()) + " of " + std::to_string(n) +
                        " TCP ports from " + std::to_string(first_meeting_port) + " to " +
                        std::to_string(last_meeting_port) + " are free for the ranks to listen at");
}

}  // namespace exec
