#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/loop.h"
#include "lib/loop/stream_state.h"
#include "lib/loop/timer.h"

namespace loop {

struct Listener::State {
  /// A connection whose handshake goes on, or whose peer may still read why it is refused.
  struct Greeting {
    Stream stream;
    Timer limit;
  };

  State(Loop& l, Address a) : handle(new Stream::State(l, a)), loop(l), address(std::move(a)) {
    handle->any.data = this;
  }

  Stream::State* handle;  // its own heap object: it frees itself when closed
  Loop& loop;
  Address address;
  ListenOptions options;
  std::function<void(Stream)> accept;
  std::map<std::uint64_t, Greeting> greetings;
  std::uint64_t last_greeting = 0;

  base::Result<void> bind_local(mode_t mode);
  base::Result<void> bind_tcp();
  base::Result<void> listen(int backlog);
  void accept_one();
  void greet(Stream stream);
  void greeted(std::uint64_t id, const base::Result<void>& how);
  void refuse(const Stream& stream, const base::Error& why) const;
};

void Listener::Close::operator()(State* state) const noexcept {
  Stream::Close()(state->handle);
  delete state;
}

Listener::Listener(State* state) : state_(state) {}

const Address& Listener::address() const {
  return state_->address;
}

/// Whether a process listens on the socket file.
static bool is_listening(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof(name.sun_path) - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int status = connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof(name));
  const bool is_refused = status != 0 && errno == ECONNREFUSED;
  close(fd);
  return !is_refused;
}

static bool is_socket(const std::string& path) {
  struct stat found{};
  return lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode);
}

base::Result<void> Listener::State::bind_local(mode_t mode) {
  const std::string& path = std::get<UnixAddress>(address).path;
  if (const auto valid = parse_address(to_text(address)); !valid) {
    return std::unexpected(valid.error());
  }
  const std::string what = "cannot listen on '" + base::printable(path, path.size()) + "'";
  int status = uv_pipe_bind(&handle->local, path.c_str());
  if (status == UV_EADDRINUSE) {
    if (!is_socket(path)) {
      return base::fail(base::Code::conflict, what + ": a file that is no socket is there");
    }
    if (is_listening(path)) {
      return base::fail(base::Code::conflict, what + ": address in use by a running process");
    }
    unlink(path.c_str());
    status = uv_pipe_bind(&handle->local, path.c_str());
  }
  if (status < 0) {
    const auto folder = path.substr(0, path.rfind('/') + 1);
    if (!folder.empty() && access(folder.c_str(), F_OK) != 0 && errno == ENOENT) {
      return base::fail(base::Code::not_found, what + ": there is no folder '" + folder + "'");
    }
    return std::unexpected(uv_error(status, what));
  }
  // Nobody can connect before listen(), so nobody sees the file with another mode.
  if (chmod(path.c_str(), mode) != 0) {
    return base::fail_errno(errno, what);
  }
  return {};
}

base::Result<void> Listener::State::bind_tcp() {
  const auto& tcp = *tcp_part(address);
  const std::string what = "cannot listen on " + to_text(address);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  uv_getaddrinfo_t lookup{};
  const std::string port = std::to_string(tcp.port);
  int status = uv_getaddrinfo(loop.raw(), &lookup, nullptr, tcp.host.c_str(), port.c_str(), &hints);
  if (status < 0) {
    return std::unexpected(uv_error(status, what));
  }
  status = uv_tcp_bind(&handle->tcp, lookup.addrinfo->ai_addr, 0);
  uv_freeaddrinfo(lookup.addrinfo);
  if (status < 0) {
    return std::unexpected(uv_error(status, what));
  }
  return {};
}

base::Result<void> Listener::State::listen(int backlog) {
  const auto ready = [](uv_stream_t* server, int status) noexcept {
    if (status == 0) {
      static_cast<State*>(server->data)->accept_one();
    }
  };
  const int status = uv_listen(&handle->any, backlog, ready);
  if (status < 0) {
    auto error = uv_error(status, "cannot listen on " + to_text(address));
    error.code = status == UV_EADDRINUSE ? base::Code::conflict : error.code;
    return std::unexpected(std::move(error));
  }
  if (!handle->is_local) {
    auto* tls = std::get_if<TlsAddress>(&address);
    TcpAddress& tcp = tls != nullptr ? tls->tcp : std::get<TcpAddress>(address);
    sockaddr_storage name{};
    int size = sizeof(name);
    uv_tcp_getsockname(&handle->tcp, reinterpret_cast<sockaddr*>(&name), &size);
    tcp.port = ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(name).sin6_port
                                                : reinterpret_cast<sockaddr_in&>(name).sin_port);
  }
  return {};
}

void Listener::State::accept_one() {
  Stream stream(new Stream::State(loop, address));
  if (uv_accept(&handle->any, &stream.state_->any) != 0) {
    return;
  }
  if (!stream.state_->is_local) {
    uv_tcp_nodelay(&stream.state_->tcp, 1);
  }
  if (options.tls) {
    greet(std::move(stream));
    return;
  }
  const auto callback = accept;
  callback(std::move(stream));
}

void Listener::State::refuse(const Stream& stream, const base::Error& why) const {
  const auto callback = options.on_refused;
  if (callback) {
    callback(stream.peer_host(), why);
  }
}

void Listener::State::greet(Stream stream) {
  if (greetings.size() >= options.n_handshakes) {
    refuse(stream, {base::Code::exhausted,
                    "too many handshakes at a time: " + std::to_string(greetings.size())});
    return;
  }
  auto shield = options.tls->make_server();
  if (!shield) return refuse(stream, {base::Code::unavailable, "there is no TLS here"});
  const auto id = ++last_greeting;
  Timer limit(loop, [this, id] {
    const auto late = greetings.extract(id);
    if (!late.mapped().stream.state_->is_finishing) {
      refuse(late.mapped().stream,
             {base::Code::unavailable,
              "no handshake within " + base::to_text(base::Duration(handshake_limit))});
    }
  });
  limit.start(handshake_limit);
  auto& greeting =
      greetings.emplace(id, Greeting{std::move(stream), std::move(limit)}).first->second;
  greeting.stream.state_->greet(std::move(shield),
                                [this, id](const auto& how) { greeted(id, how); });
}

void Listener::State::greeted(std::uint64_t id, const base::Result<void>& how) {
  auto& greeting = greetings.at(id);
  if (!how) {
    refuse(greeting.stream, how.error());
    // Closed at once, what the peer has sent already would undo what it is told.
    greeting.stream.state_->discard([this, id] { greetings.erase(id); });
    return;
  }
  const auto done = greetings.extract(id);
  const auto callback = accept;
  callback(std::move(done.mapped().stream));
}

base::Result<Listener> Listener::open(Loop& loop, const Address& address, ListenOptions options,
                                      std::function<void(Stream)> accept) {
  if (std::holds_alternative<TlsAddress>(address) != (options.tls != nullptr)) {
    return base::fail(base::Code::invalid, "cannot listen on " + to_text(address) +
                                               ": TLS needs a certificate, and only TLS does");
  }
  Listener listener(new State(loop, address));
  State& state = *listener.state_;
  state.accept = std::move(accept);
  state.options = std::move(options);
  const auto bound =
      state.handle->is_local ? state.bind_local(state.options.mode) : state.bind_tcp();
  if (!bound) {
    return std::unexpected(bound.error());
  }
  if (const auto listening = state.listen(state.options.backlog); !listening) {
    return std::unexpected(listening.error());
  }
  return listener;
}

}  // namespace loop
