#include "launcher/exec/talk.h"

#include <sys/socket.h>

#include <cerrno>

namespace exec {

namespace {

constexpr std::string_view done_well = ".";

}  // namespace

base::Result<std::array<Talk, 2>> Talk::begin() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return base::fail_errno(errno, "cannot make a pair of sockets");
  std::array<Talk, 2> sides;
  for (std::size_t i = 0; i < sides.size(); ++i) sides[i].end_ = loop::OwnedFd(ends[i]);
  return sides;
}

void Talk::send(std::string_view text) const {
  (void)!::send(end_.get(), text.data(), text.size(), MSG_NOSIGNAL);  // its end is heard
}

std::string Talk::receive() const {
  std::array<char, 1024> text{};
  ssize_t n_bytes = 0;
  do {
    n_bytes = recv(end_.get(), text.data(), text.size(), 0);
  } while (n_bytes < 0 && errno == EINTR);
  return {text.data(), n_bytes > 0 ? static_cast<std::size_t>(n_bytes) : 0};
}

void Talk::say(const base::Result<void>& done) const {
  send(done ? done_well : std::string_view(done.error().text));
}

base::Result<void> Talk::hear(std::string_view who) const {
  const auto said = receive();
  if (said == done_well) return {};
  return base::fail(base::Code::denied, said.empty() ? std::string(who) + " has died" : said);
}

}  // namespace exec
