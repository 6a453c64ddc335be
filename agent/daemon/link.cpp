#include "agent/daemon/link.h"

#include <algorithm>
#include <utility>

#include "lib/loop/loop.h"
#include "lib/wire/agent.h"

namespace agentd {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration first_pause = 50ms;
constexpr base::Duration longest_pause = 2s;

}  // namespace

Link::Link(loop::Loop& loop, loop::Address controller, std::shared_ptr<const loop::ShieldMaker> tls,
           LinkEvents events)
    : loop_(loop),
      controller_(std::move(controller)),
      tls_(std::move(tls)),
      events_(std::move(events)),
      pause_(first_pause),
      redial_(loop, [this] { dial(); }) {}

void Link::start() {
  dial();
}

void Link::dial() {
  connector_.emplace(
      loop_, controller_, [this](base::Result<loop::Stream> stream) { dialled(std::move(stream)); },
      tls_);
}

void Link::dialled(base::Result<loop::Stream> stream) {
  if (!stream) {
    disconnect(stream.error().text);
    return;
  }
  stream_.emplace(*std::move(stream));
  stream_->on_drained([this] { events_.drained(); });
  stream_->on_end([this](base::Result<void> end) {
    disconnect(end ? "the controller closed the connection" : end.error().text);
  });
  stream_->on_frame([this](const std::string& frame) { received(frame); });
  events_.connected(stream_->own_host());
}

void Link::received(const std::string& frame) {
  auto message = wire::decode_to_agent(frame);
  if (!message) {
    disconnect(message.error().text);
    return;
  }
  events_.received(*std::move(message));
}

void Link::send(const model::FromAgent& message) {
  if (!stream_) return;
  const auto sent = stream_->send(wire::encode(message));
  if (sent || sent.error().code != base::Code::exhausted) return;  // on_end tells of a broken one
  loop_.defer([this, why = sent.error().text] {
    if (stream_) disconnect(why);
  });
}

std::size_t Link::queued_bytes() const {
  return stream_ ? stream_->queued_bytes() : 0;
}

void Link::accepted() {
  pause_ = first_pause;
}

void Link::disconnect(std::string why) {
  stream_.reset();
  redial_.start(pause_);
  pause_ = std::min(pause_ * 2, longest_pause);
  events_.disconnected(std::move(why));
}

}  // namespace agentd
