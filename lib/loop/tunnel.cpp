#include "lib/loop/tunnel.h"

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace loop {

namespace {

constexpr std::size_t full_bytes = std::size_t{256}
                                   << 10;  // waiting for one end; then the other waits

}  // namespace

Tunnel::Tunnel(Stream plain, FrameStream framed, std::function<void()> done)
    : plain_(std::move(plain)), framed_(std::move(framed)), done_(std::move(done)) {
  framed_.on_drained([this] {
    if (plain_said_all_) return check_end();
    plain_.resume_reading();
  });
  plain_.on_drained([this] {
    if (framed_said_all_) return check_end();
    framed_.resume_reading();
  });
}

void Tunnel::start() {
  plain_.on_end([this](const base::Result<void>& how) {
    plain_said_all_ = true;
    if (!how || !framed_.send({})) return end();
    check_end();
  });
  framed_.on_end([this](const base::Result<void>&) { end(); });
  plain_.on_data([this](std::span<const char> bytes) { take_plain({bytes.data(), bytes.size()}); });
  framed_.on_frame([this](const std::string& bytes) { take_frame(bytes); });
  framed_.resume_reading();
}

void Tunnel::take_plain(std::string_view bytes) {
  if (!framed_.send(bytes)) return end();
  if (framed_.queued_bytes() > full_bytes) plain_.pause_reading();
}

void Tunnel::take_frame(const std::string& bytes) {
  if (bytes.empty()) {
    framed_said_all_ = true;
    plain_.finish();
    return check_end();
  }
  if (!plain_.write(bytes)) return end();
  if (plain_.queued_bytes() > full_bytes) framed_.pause_reading();
}

void Tunnel::check_end() {
  const bool is_passed_on = plain_.queued_bytes() == 0 && framed_.queued_bytes() == 0;
  if (plain_said_all_ && framed_said_all_ && is_passed_on) end();
}

void Tunnel::end() {
  if (done_) std::exchange(done_, nullptr)();
}

}  // namespace loop
