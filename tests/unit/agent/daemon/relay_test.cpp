#include "agent/daemon/relay.h"

#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "lib/loop/clock.h"
#include "lib/loop/frame_stream.h"
#include "lib/loop/frames.h"
#include "lib/loop/tls.h"
#include "lib/pki/certificate.h"
#include "lib/pki/folder.h"
#include "lib/wire/join.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using namespace std::chrono_literals;

namespace {

/// A controller that hears what the relay passes on, and a user who asks at its socket.
struct Passage {
  Passage() {
    const pki::Validity now{.from = loop::now() - 1h, .until = loop::now() + 1h};
    authority.key = pki::make_key();
    authority.certificate = *pki::make_authority(authority.key, "test", now);
    controller = context("controller", pki::Role::controller, now);
    node = context("m1", pki::Role::node, now);
    auto opened_log = loop::Log::open({.path = fixture.path("log")});
    REQUIRE(opened_log.has_value());
    log.emplace(std::move(*opened_log));
    listen(0);
    open_relay();
  }

  std::shared_ptr<loop::TlsContext> context(const std::string& name, pki::Role role,
                                            const pki::Validity& validity) const {
    const auto key = pki::make_key();
    const auto certificate =
        pki::sign_request(authority, *pki::make_request(key, name), {name, role}, validity);
    REQUIRE(certificate.has_value());
    auto made = loop::TlsContext::make({.certificate = *certificate + authority.certificate,
                                        .key = key,
                                        .authority = authority.certificate,
                                        .protocol = pki::api_protocol});
    REQUIRE(made.has_value());
    return *made;
  }

  void listen(std::uint16_t port) {
    auto opened =
        loop::Listener::open(fixture.loop, loop::TlsAddress{{"127.0.0.1", port}},
                             {.tls = controller}, [this](loop::Stream stream) {
                               far.emplace(std::move(stream));
                               far->on_end([this](const base::Result<void>&) { far_ended = true; });
                               if (takes) take();
                             });
    REQUIRE(opened.has_value());
    listener.emplace(std::move(*opened));
  }

  void open_relay() {
    auto opened = agentd::Relay::open(
        fixture.loop,
        {.socket = fixture.path("api.sock"), .controller = listener->address(), .tls = node}, *log);
    REQUIRE(opened.has_value());
    relay = *std::move(opened);
  }

  void take() {
    far->on_data(
        [this](std::span<const char> bytes) { heard_far.append(bytes.data(), bytes.size()); });
  }

  void ask(std::string bytes) {
    connector.emplace(fixture.loop, loop::UnixAddress{fixture.path("api.sock")},
                      [this, bytes = std::move(bytes)](base::Result<loop::Stream> stream) {
                        REQUIRE(stream.has_value());
                        near.emplace(std::move(*stream));
                        near->on_end([this](const base::Result<void>&) { near_ended = true; });
                        near->on_data([this](std::span<const char> answer) {
                          heard_near.append(answer.data(), answer.size());
                        });
                        CHECK(near->write(bytes));
                      });
  }

  template <class Condition>
  void run_until(Condition is_so) {
    loop::Timer look(fixture.loop, [&] {
      if (is_so()) fixture.loop.stop();
    });
    look.start_repeating(1ms);
    fixture.run();
  }

  static std::string caller() {
    return loop::frame(wire::encode(model::Caller{.uid = geteuid(), .is_agent = true}));
  }

  loop_test::Fixture fixture;
  pki::Authority authority;
  std::shared_ptr<loop::TlsContext> controller;
  std::shared_ptr<loop::TlsContext> node;
  std::optional<loop::Log> log;
  std::optional<loop::Listener> listener;
  std::unique_ptr<agentd::Relay> relay;
  std::optional<loop::Connector> connector;
  std::optional<loop::Stream> near;
  std::optional<loop::Stream> far;
  std::string heard_near;
  std::string heard_far;
  bool near_ended = false;
  bool far_ended = false;
  bool takes = true;
};

}  // namespace

TEST_CASE("what a user asks goes to the controller behind the user's number, and the answer back") {
  Passage passage;
  passage.ask("question");
  passage.run_until([&] { return passage.heard_far.ends_with("question"); });
  CHECK(passage.heard_far == Passage::caller() + "question");
  CHECK(passage.far->write("answer"));
  passage.run_until([&] { return passage.heard_near == "answer"; });
}

TEST_CASE("who has said all may still hear the answer") {
  Passage passage;
  passage.ask("question");
  passage.run_until([&] { return passage.heard_far.ends_with("question"); });
  passage.near->finish();
  passage.run_until([&] { return passage.far_ended; });
  CHECK(passage.far->write("answer"));
  passage.far->finish();
  passage.run_until([&] { return passage.near_ended; });
  CHECK(passage.heard_near == "answer");
}

TEST_CASE("a request waits for a controller that is away") {
  Passage passage;
  const auto port = std::get<loop::TlsAddress>(passage.listener->address()).tcp.port;
  passage.listener.reset();
  passage.ask("question");
  passage.run_until([&] { return passage.near.has_value(); });
  CHECK_FALSE(passage.near_ended);
  passage.listen(port);
  passage.run_until([&] { return passage.heard_far.ends_with("question"); });
}

TEST_CASE("a side that does not read holds the other back") {
  constexpr std::size_t n_bytes = std::size_t{64} << 20;
  Passage passage;
  passage.takes = false;
  passage.ask(std::string(n_bytes, 'x'));
  passage.run_until([&] { return passage.far.has_value(); });
  // What buffers of the kernel and the relay take, it takes at once.
  std::size_t before = 0;
  int n_equal = 0;
  passage.run_until([&] {
    const auto now = passage.near->queued_bytes();
    n_equal = now == std::exchange(before, now) ? n_equal + 1 : 0;
    return n_equal == 20;
  });
  CHECK(passage.near->queued_bytes() > n_bytes / 2);
  passage.take();
  passage.run_until([&] { return passage.heard_far.size() == Passage::caller().size() + n_bytes; });
}

TEST_CASE("with the controller's end a user's connection is over, and the other way round") {
  Passage passage;
  passage.ask("question");
  passage.run_until([&] { return passage.heard_far.ends_with("question"); });
  passage.far.reset();
  passage.run_until([&] { return passage.near_ended; });
  passage.heard_far.clear();
  passage.ask("another");
  passage.run_until([&] { return passage.heard_far.ends_with("another"); });
  passage.near.reset();
  passage.run_until([&] { return passage.far_ended; });
}
