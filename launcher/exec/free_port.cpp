#include "launcher/exec/free_port.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/loop/owned_fd.h"

namespace exec {

namespace {

constexpr std::uint64_t n_ports = last_meeting_port - first_meeting_port + 1;

bool is_free(std::uint16_t port) {
  const loop::OwnedFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return false;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

std::optional<std::uint16_t> free_port(std::uint64_t seed) {
  constexpr std::uint64_t spread = 7919;  // a prime: neighbours in number are far apart in ports
  for (std::uint64_t i = 0; i < n_ports; ++i) {
    const auto port =
        static_cast<std::uint16_t>(first_meeting_port + (seed * spread + i) % n_ports);
    if (is_free(port)) return port;
  }
  return std::nullopt;
}

}  // namespace exec
