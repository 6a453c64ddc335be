#include "lib/loop/stream.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "lib/loop/loop.h"
#include "lib/loop/stream_state.h"

namespace loop {

namespace {

constexpr std::size_t read_bytes = std::size_t{64} << 10;
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

}  // namespace

Stream::State::State(uv_loop_t* loop, const Address& address)
    : any{}, is_local(std::holds_alternative<UnixAddress>(address)) {
  if (is_local) {
    uv_pipe_init(loop, &local, 0);
  } else {
    uv_tcp_init(loop, &tcp);
  }
  any.data = this;
}

void Stream::State::start_reading() {
  if (!take || is_paused || has_ended) {
    return;
  }
  uv_read_start(&any, allocate,
                [](uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) noexcept {
                  static_cast<State*>(stream->data)->receive(n, *buffer);
                  spare_buffer.reset(buffer->base);
                });
}

void Stream::State::receive(ssize_t n_read, const uv_buf_t& buffer) {
  if (n_read > 0) {
    const auto callback = take;
    callback({buffer.base, static_cast<std::size_t>(n_read)});
  } else if (n_read == UV_EOF) {
    end({});
  } else if (n_read < 0) {
    is_broken = true;
    end(std::unexpected(uv_error(static_cast<int>(n_read), "the connection broke")));
  }
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
  std::size_t n_sent = 0;
  if (state.queued_bytes == 0 && !bytes.empty()) {
    const uv_buf_t buffer{.base = bytes.data(), .len = bytes.size()};
    const int n = uv_try_write(&state.any, &buffer, 1);
    n_sent = n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  if (n_sent == bytes.size()) {
    return {};
  }
  state.queue(std::move(bytes), n_sent);
  return {};
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
  if (state_->is_finishing) {
    return;
  }
  state_->is_finishing = true;
  auto* request = new uv_shutdown_t{};
  // A connection that is broken already has nothing to shut down; its end is told by on_end.
  const auto done = [](uv_shutdown_t* finished, int) noexcept { delete finished; };
  if (uv_shutdown(request, &state_->any, done) < 0) {
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

}  // namespace loop
