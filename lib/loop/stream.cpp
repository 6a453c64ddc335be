#include "lib/loop/stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "lib/loop/loop.h"
#include "lib/loop/stream_state.h"

namespace loop {

namespace {

constexpr std::size_t read_bytes = std::size_t{64} << 10;

// A peer that answers nothing for so long is gone (man 7 tcp).
constexpr int keepalive_idle_s = 15;
constexpr int keepalive_interval_s = 5;
constexpr int keepalive_probes = 3;
constexpr unsigned unacknowledged_ms = 30'000;

thread_local std::unique_ptr<char[]> spare_buffer;

struct Write {
  uv_write_t request{};
  std::string bytes;
  std::size_t n_sent = 0;  // of bytes, before the request
};

void allocate(uv_handle_t*, std::size_t, uv_buf_t* buffer) noexcept {
  buffer->base = spare_buffer ? spare_buffer.release() : new char[read_bytes];
  buffer->len = read_bytes;
}

/// The address that `name_of` says, without the port; empty: there is none.
std::string host_by(int (*name_of)(const uv_tcp_t*, sockaddr*, int*), const uv_tcp_t* tcp) {
  sockaddr_storage name{};
  int size = sizeof(name);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (name_of(tcp, reinterpret_cast<sockaddr*>(&name), &size) != 0) {
    return {};
  }
  const void* host = &reinterpret_cast<const sockaddr_in&>(name).sin_addr;
  if (name.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(name).sin6_addr;
    host = &address;
    if (IN6_IS_ADDR_V4MAPPED(&address)) {  // a listener for both families sees IPv4 so
      name.ss_family = AF_INET;
      host = &address.s6_addr[12];
    }
  }
  return inet_ntop(name.ss_family, host, text.data(), text.size()) == nullptr ? "" : text.data();
}

}  // namespace

Stream::State::State(Loop& l, const Address& address)
    : any{}, is_local(std::holds_alternative<UnixAddress>(address)), loop(l) {
  if (is_local) {
    uv_pipe_init(l.raw(), &local, 0);
  } else {
    uv_tcp_init(l.raw(), &tcp);
  }
  any.data = this;
}

void Stream::State::start_reading() {
  if (!take || is_paused || has_ended) {
    return;
  }
  if (shield && (shield->has_opened() || shield->has_peer_finished())) {
    // It came with the end of the handshake, or before a pause.
    loop.defer([this, still = std::weak_ptr(alive)] {
      if (!still.expired()) deliver();
    });
  }
  begin_reading();
}

void Stream::State::begin_reading() {
  uv_read_start(&any, allocate,
                [](uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) noexcept {
                  static_cast<State*>(stream->data)->receive(n, *buffer);
                  spare_buffer.reset(buffer->base);
                });
}

void Stream::State::receive(ssize_t n_read, const uv_buf_t& buffer) {
  if (discarded) {
    if (n_read < 0) {
      const auto callback = std::exchange(discarded, nullptr);
      callback();
    }
  } else if (shield) {
    receive_shielded(n_read, buffer);
  } else if (n_read > 0) {
    const auto callback = take;
    callback({buffer.base, static_cast<std::size_t>(n_read)});
  } else if (n_read == UV_EOF) {
    end({});
  } else if (n_read < 0) {
    is_broken = true;
    end(std::unexpected(uv_error(static_cast<int>(n_read), "the connection broke")));
  }
}

void Stream::State::receive_shielded(ssize_t n_read, const uv_buf_t& buffer) {
  if (n_read == 0) {
    return;
  }
  if (n_read < 0) {
    auto error = uv_error(static_cast<int>(n_read), "the connection broke");
    if (n_read == UV_EOF) {
      error = {base::Code::io, greeted ? "the other end closed the connection in the handshake"
                                       : "the connection was cut: it ended without a farewell"};
    }
    return break_off(std::move(error));
  }
  const bool is_greeting = !shield->is_established();
  const auto received = shield->receive({buffer.base, static_cast<std::size_t>(n_read)});
  send(shield->take_output());
  if (!received) {
    return break_off(received.error());
  }
  if (!is_greeting) {
    return deliver();
  }
  if (shield->is_established()) {
    uv_read_stop(&any);  // until somebody takes what comes
    const auto callback = std::exchange(greeted, nullptr);
    callback({});
  }
}

/// What is opened, then the end if it has come. The callback may close the stream; its state stays
/// for this turn.
void Stream::State::deliver() {
  if (!take || is_paused || has_ended) {
    return;
  }
  if (shield->has_opened()) {
    const auto plain = shield->take_opened();
    const auto callback = take;
    callback(plain);
  }
  if (alive && !is_paused && shield->has_peer_finished()) {
    end({});
  }
}

void Stream::State::break_off(base::Error why) {
  is_broken = true;
  if (!greeted) {
    return end(std::unexpected(std::move(why)));
  }
  uv_read_stop(&any);
  const auto callback = std::exchange(greeted, nullptr);
  callback(std::unexpected(std::move(why)));
}

void Stream::State::greet(std::unique_ptr<Shield> with,
                          std::function<void(base::Result<void>)> done) {
  shield = std::move(with);
  alive = std::make_shared<const bool>(true);
  greeted = std::move(done);
  notice_vanished_peer();
  send(shield->take_output());
  begin_reading();
}

void Stream::State::discard(std::function<void()> done) {
  discarded = std::move(done);
  finish();
  begin_reading();
}

/// Without it a host that is switched off would be there until something is sent, and for long
/// after.
void Stream::State::notice_vanished_peer() {
  uv_os_fd_t fd = -1;
  if (uv_fileno(reinterpret_cast<const uv_handle_t*>(&any), &fd) != 0) {
    return;
  }
  const int on = 1;
  // A kernel that lacks one of them notices later.
  (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &keepalive_idle_s, sizeof keepalive_idle_s);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &keepalive_interval_s,
                   sizeof keepalive_interval_s);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &keepalive_probes, sizeof keepalive_probes);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
}

void Stream::State::end(base::Result<void> how) {
  uv_read_stop(&any);
  if (has_ended) {
    return;
  }
  has_ended = true;
  const auto callback = ended;
  if (callback) {
    callback(std::move(how));
  }
}

void Stream::State::written(std::size_t n_bytes, int status) {
  queued_bytes -= n_bytes;
  if (status == UV_ECANCELED) {
    return;
  }
  if (status < 0) {
    is_broken = true;
    end(std::unexpected(uv_error(status, "cannot send")));
    return;
  }
  const auto callback = drained;
  if (queued_bytes == 0 && callback) {
    callback();
  }
}

void Stream::Close::operator()(State* state) const noexcept {
  state->take = nullptr;
  state->ended = nullptr;
  state->drained = nullptr;
  state->greeted = nullptr;
  state->discarded = nullptr;
  state->alive = nullptr;
  const bool is_open = state->shield && state->shield->is_established() && !state->is_broken;
  if (is_open && !state->is_finishing && state->queued_bytes == 0) {
    state->shield->finish();
    auto farewell = state->shield->take_output();
    const uv_buf_t buffer{.base = farewell.data(), .len = farewell.size()};
    (void)uv_try_write(&state->any, &buffer, 1);  // what does not fit is cut with the connection
  }
  close_and_free(state, &state->any);
}

Stream::Stream(State* state) : state_(state) {}

void Stream::on_data(std::function<void(std::span<const char>)> take) {
  state_->take = std::move(take);
  state_->start_reading();
}

void Stream::on_end(std::function<void(base::Result<void>)> ended) {
  state_->ended = std::move(ended);
}

void Stream::on_drained(std::function<void()> drained) {
  state_->drained = std::move(drained);
}

base::Result<void> Stream::write(std::string bytes) {
  State& state = *state_;
  if (state.is_broken || state.is_finishing) {
    return base::fail(base::Code::unavailable, "the connection is closed for sending");
  }
  if (state.queued_bytes + bytes.size() > state.queue_limit) {
    return base::fail(
        base::Code::exhausted,
        "the other end does not read: " + std::to_string(state.queued_bytes + bytes.size()) +
            " bytes would wait, the limit is " + std::to_string(state.queue_limit));
  }
  if (state.shield) {
    if (const auto sealed = state.shield->seal(bytes); !sealed) {
      state.is_broken = true;
      return base::fail(base::Code::unavailable, sealed.error().text);
    }
    bytes = state.shield->take_output();
  }
  state.send(std::move(bytes));
  return {};
}

/// At once what the kernel takes, the rest when it takes more.
void Stream::State::send(std::string bytes) {
  std::size_t n_sent = 0;
  if (queued_bytes == 0 && !bytes.empty()) {
    const uv_buf_t buffer{.base = bytes.data(), .len = bytes.size()};
    const int n = uv_try_write(&any, &buffer, 1);
    n_sent = n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  if (n_sent < bytes.size()) {
    queue(std::move(bytes), n_sent);
  }
}

void Stream::State::queue(std::string bytes, std::size_t n_sent) {
  auto* write = new Write{.request = {}, .bytes = std::move(bytes), .n_sent = n_sent};
  write->request.data = write;
  const uv_buf_t buffer{.base = write->bytes.data() + n_sent, .len = write->bytes.size() - n_sent};
  queued_bytes += buffer.len;
  const auto done = [](uv_write_t* request, int status) noexcept {
    const std::unique_ptr<Write> finished(static_cast<Write*>(request->data));
    auto* owner = static_cast<State*>(request->handle->data);
    owner->written(finished->bytes.size() - finished->n_sent, status);
  };
  if (const int status = uv_write(&write->request, &any, &buffer, 1, done); status < 0) {
    queued_bytes -= buffer.len;
    is_broken = true;
    delete write;
  }
}

std::size_t Stream::queued_bytes() const {
  return state_->queued_bytes;
}

void Stream::set_queue_limit(std::size_t bytes) {
  state_->queue_limit = bytes;
}

void Stream::finish() {
  state_->finish();
}

void Stream::State::finish() {
  if (is_finishing) {
    return;
  }
  is_finishing = true;
  if (shield && shield->is_established() && !is_broken) {
    shield->finish();
    send(shield->take_output());
  }
  auto* request = new uv_shutdown_t{};
  // A connection that is broken already has nothing to shut down; its end is told by on_end.
  const auto done = [](uv_shutdown_t* finished, int) noexcept { delete finished; };
  if (uv_shutdown(request, &any, done) < 0) {
    delete request;
  }
}

void Stream::pause_reading() {
  state_->is_paused = true;
  uv_read_stop(&state_->any);
}

void Stream::resume_reading() {
  state_->is_paused = false;
  state_->start_reading();
}

base::Result<PeerUser> Stream::peer_user() const {
  if (!state_->is_local) {
    return base::fail(base::Code::invalid, "only Unix sockets know the user at the other end");
  }
  uv_os_fd_t fd = -1;
  ucred user{};
  socklen_t size = sizeof(user);
  const auto* handle = reinterpret_cast<const uv_handle_t*>(&state_->any);
  if (uv_fileno(handle, &fd) != 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &size) != 0) {
    return base::fail_errno(errno, "cannot tell the user at the other end");
  }
  return PeerUser{.pid = user.pid, .uid = user.uid, .gid = user.gid};
}

std::optional<PeerIdentity> Stream::peer_identity() const {
  return state_->shield ? state_->shield->peer() : std::nullopt;
}

std::string Stream::protocol() const {
  return state_->shield ? state_->shield->protocol() : std::string();
}

std::string Stream::peer_host() const {
  return state_->is_local ? std::string() : host_by(uv_tcp_getpeername, &state_->tcp);
}

std::string Stream::own_host() const {
  return state_->is_local ? std::string() : host_by(uv_tcp_getsockname, &state_->tcp);
}

}  // namespace loop
