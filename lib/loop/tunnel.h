#pragma once
// Passes bytes on between a stream and one that carries them in frames (lib/loop/frame_stream.h),
// both ways, as fast as each takes them. An empty frame is the end of what its sender has to say.

#include <functional>
#include <string>
#include <string_view>

#include "lib/loop/frame_stream.h"
#include "lib/loop/stream.h"

namespace loop {

class Tunnel {
 public:
  /// `done` runs once after start(), when both have said all and it is passed on, or either is
  /// broken; it may destroy this.
  Tunnel(Stream plain, FrameStream framed, std::function<void()> done);
  /// `framed` may be paused until now. What waits there is passed on at once, so `done` may run.
  void start();
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

 private:
  void take_plain(std::string_view bytes);
  void take_frame(const std::string& bytes);
  void check_end();
  void end();

  Stream plain_;
  FrameStream framed_;
  std::function<void()> done_;
  bool plain_said_all_ = false;
  bool framed_said_all_ = false;
};

}  // namespace loop
