#pragma once
// The inside of a Stream, which Listener and Connector make. Only for the .cpp files of this
// folder.

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "lib/loop/handle.h"
#include "lib/loop/stream.h"

namespace loop {

struct Stream::State {
  union {
    uv_stream_t any;
    uv_pipe_t local;
    uv_tcp_t tcp;
  };
  bool is_local;
  bool is_paused = false;
  bool has_ended = false;  // on_end was called
  bool is_broken = false;  // nothing can be written any more
  bool is_finishing = false;
  std::size_t queued_bytes = 0;
  std::size_t queue_limit = std::size_t{64} << 20;
  std::function<void(std::span<const char>)> take;
  std::function<void(base::Result<void>)> ended;
  std::function<void()> drained;

  // Of private connections; else null.
  Loop& loop;
  std::unique_ptr<Shield> shield;
  std::shared_ptr<const bool> alive;                // null once closed, for what is deferred
  std::function<void(base::Result<void>)> greeted;  // once: the handshake is over
  std::function<void()> discarded;                  // set: what comes is thrown away until the end

  State(Loop& l, const Address& address);

  void start_reading();
  void end(base::Result<void> how);
  void receive(ssize_t n_read, const uv_buf_t& buffer);
  void queue(std::string bytes, std::size_t n_sent);
  void written(std::size_t n_bytes, int status);
  void send(std::string bytes);
  void finish();

  /// Begins the handshake; a peer that vanishes later is noticed.
  void greet(std::unique_ptr<Shield> with, std::function<void(base::Result<void>)> done);
  /// Says nothing more and throws away what comes, so that the peer can read what was said before.
  void discard(std::function<void()> done);
  void notice_vanished_peer();
  void begin_reading();
  void receive_shielded(ssize_t n_read, const uv_buf_t& buffer);
  void deliver();
  void break_off(base::Error why);
};

}  // namespace loop
