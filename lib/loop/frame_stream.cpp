#include "lib/loop/frame_stream.h"

#include <utility>

namespace loop {

struct FrameStream::State : std::enable_shared_from_this<State> {
  State(Stream s, std::size_t limit) : stream(std::move(s)), reader(limit) {}

  Stream stream;
  FrameReader reader;
  std::function<void(std::string)> take;
  std::function<void(base::Result<void>)> ended;
  bool is_gone = false;  // the FrameStream was destroyed or has ended
  bool is_paused = false;
  bool is_delivering = false;

  void deliver();
  void end(base::Result<void> how);
};

/// Hands over complete frames until there are none, or a callback pauses or destroys the
/// FrameStream.
void FrameStream::State::deliver() {
  if (is_delivering) {
    return;
  }
  const auto keep = shared_from_this();
  is_delivering = true;
  while (!is_gone && !is_paused) {
    auto body = reader.next();
    if (!body) {
      end(std::unexpected(body.error()));
      break;
    }
    if (!*body) {
      break;
    }
    const auto callback = take;
    callback(std::move(**body));
  }
  is_delivering = false;
}

void FrameStream::State::end(base::Result<void> how) {
  if (is_gone) {
    return;
  }
  is_gone = true;
  stream.pause_reading();
  const auto callback = std::move(ended);
  if (callback) {
    callback(std::move(how));
  }
}

FrameStream::FrameStream(Stream stream, std::size_t frame_limit)
    : state_(std::make_shared<State>(std::move(stream), frame_limit)) {
  State* state = state_.get();
  state->stream.on_end([state](base::Result<void> how) {
    const auto keep = state->shared_from_this();
    if (how && state->reader.n_waiting() > 0) {
      how = base::fail(base::Code::corrupt, "the connection ended inside a frame");
    }
    state->end(std::move(how));
  });
}

FrameStream::~FrameStream() {
  if (state_) {
    state_->is_gone = true;
    state_->take = nullptr;
    state_->ended = nullptr;
    const Stream closed = std::move(state_->stream);
  }
}

FrameStream::FrameStream(FrameStream&&) noexcept = default;

FrameStream& FrameStream::operator=(FrameStream&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

void FrameStream::on_frame(std::function<void(std::string)> take) {
  state_->take = std::move(take);
  state_->stream.on_data([state = state_.get()](std::span<const char> bytes) {
    state->reader.feed({bytes.data(), bytes.size()});
    state->deliver();
  });
}

void FrameStream::on_end(std::function<void(base::Result<void>)> ended) {
  state_->ended = std::move(ended);
}

void FrameStream::on_drained(std::function<void()> drained) {
  state_->stream.on_drained(std::move(drained));
}

base::Result<void> FrameStream::send(std::string_view body) {
  return state_->stream.write(frame(body));
}

std::size_t FrameStream::queued_bytes() const {
  return state_->stream.queued_bytes();
}

void FrameStream::set_queue_limit(std::size_t bytes) {
  state_->stream.set_queue_limit(bytes);
}

void FrameStream::finish() {
  state_->stream.finish();
}

void FrameStream::pause_reading() {
  state_->is_paused = true;
  state_->stream.pause_reading();
}

void FrameStream::resume_reading() {
  const auto state = state_;
  state->is_paused = false;
  state->deliver();
  if (!state->is_gone && !state->is_paused) {
    state->stream.resume_reading();
  }
}

base::Result<PeerUser> FrameStream::peer_user() const {
  return state_->stream.peer_user();
}

std::optional<PeerIdentity> FrameStream::peer_identity() const {
  return state_->stream.peer_identity();
}

std::string FrameStream::peer_host() const {
  return state_->stream.peer_host();
}

std::string FrameStream::own_host() const {
  return state_->stream.own_host();
}

}  // namespace loop
