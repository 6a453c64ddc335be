#include "launcher/exec/peer_link.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/loop/address.h"
#include "lib/loop/loop.h"
#include "lib/loop/psk_module.h"
#include "lib/wire/head.h"

namespace exec {

namespace {

using namespace std::chrono_literals;

/// Longer each time.
base::Duration next_pause(base::Duration waited) {
  return std::clamp<base::Duration>(waited, 2ms, 50ms);
}

/// Sockets of this machine, or TLS between machines, whose key is made from the step's secret.
base::Result<loop::PatientConnector::Options> way_to_head(const model::LaunchOrder& order) {
  loop::PatientConnector::Options options{
      .addresses = {}, .limit = meeting_time, .pause = next_pause, .tls = nullptr};
  const auto given = order.head_tls.empty() ? std::vector{order.head_address} : order.head_tls;
  for (const auto& text : given) {
    auto address = loop::parse_address(text);
    if (!address) return std::unexpected(std::move(address).error());
    options.addresses.push_back(*std::move(address));
  }
  if (order.head_tls.empty()) return options;
  auto tls = loop::load_psk({.identity = to_text(order.key), .secret = order.secret});
  if (!tls) return std::unexpected(std::move(tls).error());
  options.tls = *std::move(tls);
  return options;
}

}  // namespace

PeerLink::PeerLink(loop::Loop& loop, const model::LaunchOrder& order, LinkEvents events)
    : loop_(loop), order_(order), events_(std::move(events)) {
  auto way = way_to_head(order);
  if (!way) {
    loop_.defer([this, why = std::move(way).error().text] { lose(why); });
    return;
  }
  connector_.emplace(loop_, *std::move(way), [this](base::Result<loop::Stream> stream) {
    if (stream) {
      use(std::move(*stream));
    } else {
      lose("its launcher does not answer: " + stream.error().text);
    }
  });
}

void PeerLink::use(loop::Stream stream) {
  stream_.emplace(std::move(stream));
  stream_->on_drained([this] { check_fill(); });
  stream_->on_frame([this](const std::string& frame) {
    auto message = wire::decode_head(frame);
    if (message) {
      events_.message(std::move(*message));
    } else {
      lose("its launcher sent nonsense: " + message.error().text);
    }
  });
  stream_->on_end([this](const base::Result<void>& end) {
    lose(end ? "its launcher is gone" : "the connection broke: " + end.error().text);
  });
  write(wire::encode(model::PeerHello{
      .key = order_.key, .secret = order_.secret, .node_index = order_.node_index}));
  for (const auto& frame : std::exchange(waiting_, {})) write(frame);
  waiting_bytes_ = 0;
  check_fill();
  check_finished();
}

void PeerLink::send(model::HeadMessage message) {
  std::string frame = wire::encode(message);
  if (stream_) {
    write(frame);
  } else if (!is_lost_) {
    waiting_bytes_ += frame.size();
    waiting_.push_back(std::move(frame));
  }
  check_fill();
}

void PeerLink::write(const std::string& frame) {
  if (!stream_) return;
  auto sent = stream_->send(frame);
  if (sent) return;
  loop_.defer([this, why = std::move(sent).error().text] { lose(why); });
}

void PeerLink::lose(std::string why) {
  if (std::exchange(is_lost_, true)) return;
  stream_.reset();
  waiting_.clear();
  waiting_bytes_ = 0;
  check_fill();
  events_.lost(std::move(why));
  check_finished();
}

void PeerLink::check_fill() {
  const std::size_t queued = stream_ ? stream_->queued_bytes() : waiting_bytes_;
  const bool is_full = queued > output_limit;
  if (is_full == is_full_) return;
  is_full_ = is_full;
  loop_.defer([this] { events_.full(is_full_); });
}

void PeerLink::finish(std::function<void()> done) {
  done_ = std::move(done);
  loop_.defer([this] { check_finished(); });
}

void PeerLink::stop_waiting() {
  if (stream_) return;
  connector_.reset();
  loop_.defer([this] { lose("its launcher had not answered when this one was told to end"); });
}

/// Tells the head that nothing more comes, then waits until it closes: until then it may say that
/// the step has failed elsewhere.
void PeerLink::check_finished() {
  if (!done_) return;
  if (is_lost_) {
    std::exchange(done_, nullptr)();
  } else if (stream_ && !std::exchange(said_all_, true)) {
    stream_->finish();
  }
}

}  // namespace exec
