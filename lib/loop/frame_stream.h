#pragma once
// A Stream that carries frames (lib/loop/frames.h). Move-only; may be destroyed in its own
// callbacks.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/loop/frames.h"
#include "lib/loop/stream.h"

namespace loop {

class FrameStream {
 public:
  explicit FrameStream(Stream stream, std::size_t frame_limit = default_frame_limit);
  ~FrameStream();
  FrameStream(FrameStream&&) noexcept;
  FrameStream& operator=(FrameStream&&) noexcept;

  /// Setting it starts reading.
  void on_frame(std::function<void(std::string)> take);
  /// Once. Error corrupt for a frame above the limit or a stream that ends inside a frame.
  void on_end(std::function<void(base::Result<void>)> ended);
  void on_drained(std::function<void()> drained);

  /// As Stream::write.
  base::Result<void> send(std::string_view body);
  std::size_t queued_bytes() const;
  void set_queue_limit(std::size_t bytes);
  void finish();
  /// No frame is delivered while paused, not even one that has arrived.
  void pause_reading();
  void resume_reading();
  base::Result<PeerUser> peer_user() const;
  std::optional<PeerIdentity> peer_identity() const;
  std::string peer_host() const;
  std::string own_host() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace loop
