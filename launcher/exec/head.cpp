#include "launcher/exec/head.h"

#include <unistd.h>

#include <utility>
#include <variant>

#include "launcher/exec/launch_dir.h"
#include "lib/base/overloaded.h"
#include "lib/loop/loop.h"
#include "lib/loop/process_table.h"
#include "lib/loop/psk_module.h"
#include "lib/loop/secret.h"
#include "lib/wire/head.h"

namespace exec {

namespace {

constexpr std::size_t own_place = 0;  // the head is the first node of the step

// Connections that have not said yet who they are; more are closed.
constexpr std::size_t most_guests = 1024;

// For the client to close after it got the result.
constexpr base::Duration parting_time = std::chrono::seconds(2);

// Of strangers, in launcher.log.
constexpr int most_refusals_noted = 20;

/// Loaded when the first other machine comes: a step of one node starts without.
class LateTls : public loop::ShieldMaker {
 public:
  LateTls(loop::PskOptions options, const LaunchDir& dir)
      : options_(std::move(options)), dir_(dir) {}

  std::unique_ptr<loop::Shield> make_client() const override { return nullptr; }
  std::unique_ptr<loop::Shield> make_server() const override {
    if (!tls_ && !has_failed_) {
      auto loaded = loop::load_psk(options_);
      has_failed_ = !loaded;
      if (loaded) tls_ = *std::move(loaded);
      if (!loaded) dir_.note(loaded.error().text);
    }
    return tls_ ? tls_->make_server() : nullptr;
  }

 private:
  loop::PskOptions options_;
  const LaunchDir& dir_;
  mutable std::shared_ptr<const loop::ShieldMaker> tls_;
  mutable bool has_failed_ = false;
};

model::Failure client_missing(const model::LaunchOrder& order, std::string text) {
  model::Failure failure;
  failure.cause = model::Cause::cancelled;
  failure.step = order.key.step;
  failure.node = order.allocation.nodes[static_cast<std::size_t>(order.node_index)].name;
  failure.text = std::move(text);
  return failure;
}

}  // namespace

void Head::Line::send(const std::string& frame) {
  if (stream) {
    // A broken connection is noticed by on_end.
    (void)stream->send(frame);
    return;
  }
  waiting_bytes += frame.size();
  waiting.push_back(frame);
}

std::size_t Head::Line::queued_bytes() const {
  return stream ? stream->queued_bytes() : waiting_bytes;
}

Head::Head(loop::Loop& loop, const LaunchDir& dir, const model::LaunchOrder& order,
           LinkEvents events)
    : loop_(loop),
      dir_(dir),
      order_(order),
      events_(std::move(events)),
      star_(order),
      nodes_(star_.nodes().size()),
      tunnels_(loop),
      meeting_(loop, [this] { give_up_waiting(); }),
      parting_(loop, [this] { end(); }) {
  meeting_.start(meeting_time);
}

base::Result<std::unique_ptr<Head>> Head::open(loop::Loop& loop, const LaunchDir& dir,
                                               const model::LaunchOrder& order, LinkEvents events) {
  std::unique_ptr<Head> head(new Head(loop, dir, order, std::move(events)));
  if (auto listens = head->listen(); !listens) return std::unexpected(std::move(listens).error());
  return head;
}

base::Result<void> Head::listen() {
  const auto address = loop::parse_address(order_.head_address);
  if (!address) return std::unexpected(address.error());
  auto listener = loop::Listener::open(loop_, *address, {},
                                       [this](loop::Stream stream) { accept(std::move(stream)); });
  if (!listener) return std::unexpected(std::move(listener).error().in(order_.head_address));
  listener_.emplace(std::move(*listener));
  if (order_.head_tls.empty()) return {};
  auto for_others = listen_to_machines();
  if (for_others || star_.nodes().size() > 1) return for_others;
  dir_.note(for_others.error().text);  // nobody else needs it
  return {};
}

base::Result<void> Head::listen_to_machines() {
  const auto tls = std::make_shared<LateTls>(
      loop::PskOptions{.identity = to_text(order_.key), .secret = order_.secret}, dir_);
  const auto refused = [this](const std::string& host, const base::Error& why) {
    if (n_refusals_noted_++ >= most_refusals_noted) return;
    dir_.note("refused a connection to the step's head from " + host + ": " + why.text);
  };
  base::Error last;
  for (const auto& text : order_.head_tls) {
    const auto address = loop::parse_address(text);
    if (!address) return std::unexpected(address.error());
    auto listener =
        loop::Listener::open(loop_, *address, {.tls = tls, .on_refused = refused},
                             [this](loop::Stream stream) { accept(std::move(stream)); });
    if (listener) {
      remote_listener_.emplace(std::move(*listener));
      return {};
    }
    last = std::move(listener).error();
    if (last.code != base::Code::conflict) break;  // else the next port may be free
  }
  return std::unexpected(std::move(last).in("the step's head cannot be reached by other machines"));
}

Head::~Head() {
  if (!listener_) return;
  if (const auto* local = std::get_if<loop::UnixAddress>(&listener_->address())) {
    unlink(local->path.c_str());
  }
}

void Head::send(model::HeadMessage message) {
  star_.from_node(own_place, std::move(message));
  carry_out();
}

void Head::finish(std::function<void()> done) {
  done_ = std::move(done);
  star_.node_closed(own_place, "its launcher ended");
  carry_out();
}

void Head::accept(loop::Stream stream) {
  if (guests_.size() >= most_guests) return;  // which closes it
  // Others do not come to its folder; root may.
  const auto user = stream.peer_user();
  if (user && user->uid != geteuid() && user->uid != 0) return;
  const int guest = next_guest_++;
  auto& line = guests_.emplace(guest, loop::FrameStream(std::move(stream))).first->second;
  line.on_frame([this, guest](const std::string& frame) { greet(guest, frame); });
  line.on_end([this, guest](const base::Result<void>&) { guests_.erase(guest); });
}

/// The first frame says who it is.
void Head::greet(int guest, const std::string& frame) {
  const auto message = wire::decode_head(frame);
  if (!message) {
    turn_away(guest, message.error().text);
  } else if (const auto* peer = std::get_if<model::PeerHello>(&*message)) {
    welcome_peer(guest, *peer);
  } else if (const auto* client = std::get_if<model::ClientHello>(&*message)) {
    welcome_client(guest, *client);
  } else if (const auto* port = std::get_if<model::PortHello>(&*message)) {
    welcome_tunnel(guest, *port);
  } else {
    turn_away(guest, "it did not say who it is");
  }
}

void Head::turn_away(int guest, std::string_view why) {
  dir_.note("turned away a connection to the step's head: " + std::string(why));
  guests_.erase(guest);
}

bool Head::knows(const model::LaunchKey& key, const std::string& secret) const {
  return key == order_.key && loop::equal_constant_time(secret, order_.secret);
}

void Head::start_line(Line& line, int guest) {
  line.stream.emplace(std::move(guests_.at(guest)));
  guests_.erase(guest);
  line.stream->on_drained([this] { check_fill(); });
  for (const auto& frame : std::exchange(line.waiting, {})) line.send(frame);
  line.waiting_bytes = 0;
}

void Head::welcome_peer(int guest, const model::PeerHello& hello) {
  std::size_t node = 0;
  while (node < nodes_.size() && star_.nodes()[node].index != hello.node_index) ++node;
  if (!knows(hello.key, hello.secret) || node == own_place || node >= nodes_.size() ||
      nodes_[node].stream || star_.is_closed(node)) {
    turn_away(guest, "a launcher with a wrong secret, or one that is not expected");
    return;
  }
  start_line(nodes_[node], guest);
  auto& stream = *nodes_[node].stream;
  stream.on_end([this, node](const base::Result<void>& end) { node_gone(node, end); });
  stream.on_frame([this, node](const std::string& frame) {
    auto message = wire::decode_head(frame);
    if (message) {
      star_.from_node(node, std::move(*message));
      carry_out();
    } else {
      node_gone(node, std::unexpected(message.error()));
    }
  });
  if (is_full_) stream.pause_reading();
}

void Head::welcome_client(int guest, const model::ClientHello& hello) {
  const bool may_follow = order_.step->terminal && !client_left_ && !told_result_;
  if (!knows(hello.key, hello.secret) || (client_came_ && !may_follow)) {
    turn_away(guest, "a client with a wrong secret, or a second one");
    return;
  }
  if (client_came_) part_from_client();
  client_came_ = true;
  start_line(client_, guest);
  client_.stream->on_end([this](const base::Result<void>&) { client_gone(); });
  client_.stream->on_frame([this](const std::string& frame) {
    auto message = wire::decode_head(frame);
    if (message) {
      take_from_client(std::move(*message));
    } else {
      dir_.note("the client sent nonsense: " + message.error().text);
      client_gone();
    }
  });
  watch_client();
  check_fill();
  check_end();
}

void Head::take_from_client(model::HeadMessage message) {
  if (order_.step->terminal && std::holds_alternative<model::Detach>(message)) {
    return part_from_client();
  }
  if (const auto* size = std::get_if<model::WindowSize>(&message); size != nullptr && is_away_) {
    replay(*size);
  }
  star_.from_client(std::move(message));
  carry_out();
}

/// The step goes on without the client, which leaves when it is told.
void Head::part_from_client() {
  is_away_ = true;
  client_watch_.reset();
  client_.waiting.clear();
  client_.waiting_bytes = 0;
  if (client_.stream) {
    parted_ = std::exchange(client_.stream, {});
    parted_->on_end([this](const base::Result<void>&) { parted_.reset(); });
    parted_->on_frame([](const std::string&) {});
    parted_->resume_reading();
    (void)parted_->send(wire::encode(model::HeadMessage(model::Detach{})));  // or it sees the end
    parted_->finish();
  }
  check_fill();
}

void Head::replay(const model::WindowSize& size) {
  is_away_ = false;
  client_.send(wire::encode(
      model::HeadMessage(model::RankOutput{.rank = 0,
                                           .stream = model::OutputStream::out,
                                           .bytes = std::string(screen_.last(size.rows))})));
}

void Head::welcome_tunnel(int guest, const model::PortHello& hello) {
  if (!knows(hello.key, hello.secret)) {
    turn_away(guest, "one that wants a port, with a wrong secret");
    return;
  }
  auto stream = std::move(guests_.at(guest));
  guests_.erase(guest);
  tunnels_.open(std::move(stream), static_cast<std::uint16_t>(hello.port));
}

/// While its stream is held back its end is not seen there.
void Head::watch_client() {
  const auto user = client_.stream->peer_user();
  if (!user) return;
  const auto start_time = loop::process_start_time(user->pid);
  if (!start_time) return;
  auto watch = loop::ProcessWatch::open(loop_, user->pid, *start_time, [this] { client_gone(); });
  if (watch) client_watch_.emplace(std::move(*watch));
}

void Head::stop_waiting() {
  if (meeting_.is_running()) meeting_.start(parting_time);
}

void Head::hold_input(bool is_held) {
  if (!client_.stream) return;
  if (is_held) {
    client_.stream->pause_reading();
  } else {
    client_.stream->resume_reading();
  }
}

void Head::node_gone(std::size_t node, const base::Result<void>& end) {
  if (!end) nodes_[node].stream.reset();
  star_.node_closed(node, end ? "its launcher is gone" : end.error().text);
  carry_out();
}

void Head::client_gone() {
  if (std::exchange(client_left_, true)) return;
  client_.stream.reset();
  client_.waiting_bytes = 0;
  if (!told_result_) star_.fail(client_missing(order_, "its 'muster run' is gone"));
  carry_out();
}

/// Whoever has not come by now does not come.
void Head::give_up_waiting() {
  if (!client_came_) {
    client_left_ = true;
    star_.fail(client_missing(order_, "no 'muster run' came to take its output within 30s"));
  }
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (node != own_place && !nodes_[node].stream) {
      star_.node_closed(node, "its launcher did not come within 30s");
    }
  }
  carry_out();
}

/// Sends what the star has to say. Messages for this node go through the loop, so that no caller
/// is called back from inside its own call.
void Head::carry_out() {
  for (auto& output : star_.take_outputs()) {
    if (auto* to_client = std::get_if<mapping::ToClient>(&output)) {
      const auto* bytes = std::get_if<model::RankOutput>(&to_client->message);
      if (bytes != nullptr && events_.keep(*bytes)) continue;
      if (bytes != nullptr && order_.step->terminal) screen_.take(bytes->bytes);
      if (!client_left_ && !is_away_) client_.send(wire::encode(to_client->message));
      continue;
    }
    auto& to_node = std::get<mapping::ToNode>(output);
    if (to_node.node != own_place) {
      nodes_[to_node.node].send(wire::encode(to_node.message));
      continue;
    }
    loop_.post([this, message = std::move(to_node.message)]() mutable {
      events_.message(std::move(message));
    });
  }
  check_fill();
  check_end();
}

/// Holds back all output while the client has much to take.
void Head::check_fill() {
  const bool is_full = !client_left_ && client_.queued_bytes() > output_limit;
  if (is_full == is_full_) return;
  is_full_ = is_full;
  for (auto& node : nodes_) {
    if (!node.stream) continue;
    if (is_full) {
      node.stream->pause_reading();
    } else {
      node.stream->resume_reading();
    }
  }
  loop_.post([this] { events_.full(is_full_); });
}

void Head::check_end() {
  if (!done_ || told_result_ || !star_.has_ended()) return;
  for (auto& node : nodes_) node.stream.reset();  // for which the launchers wait
  if (!client_came_ && !client_left_) return;     // it may still come for the result
  told_result_ = true;
  if (auto failure = events_.complete()) star_.fail(std::move(*failure));
  if (!client_.stream) {
    loop_.post([this] { end(); });
    return;
  }
  client_.send(wire::encode(star_.result()));
  client_.stream->finish();
  client_.stream->resume_reading();
  client_.stream->on_end([this](const base::Result<void>&) { end(); });
  parting_.start(parting_time);
}

void Head::end() {
  if (done_) std::exchange(done_, nullptr)();
}

}  // namespace exec
