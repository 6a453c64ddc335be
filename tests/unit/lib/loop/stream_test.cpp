#include "lib/loop/stream.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include "lib/loop/loop.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using loop_test::Fixture;

namespace {

std::string text_of(std::span<const char> bytes) {
  return {bytes.data(), bytes.size()};
}

/// A listener and a connection to it, both ends in hand.
struct Pair {
  Pair(Fixture& fixture, const loop::Address& address)
      : listener(loop::Listener::open(fixture.loop, address, {},
                                      [&, this](loop::Stream stream) {
                                        server.emplace(std::move(stream));
                                        if (client) fixture.loop.stop();
                                      })),
        connector(fixture.loop, listener->address(), [&, this](base::Result<loop::Stream> stream) {
          REQUIRE(stream.has_value());
          client.emplace(std::move(*stream));
          if (server) fixture.loop.stop();
        }) {
    fixture.run();
  }

  base::Result<loop::Listener> listener;
  std::optional<loop::Stream> server;
  std::optional<loop::Stream> client;
  loop::Connector connector;
};

void echo_through(Fixture& fixture, Pair& pair) {
  std::string got;
  pair.server->on_data([&](std::span<const char> bytes) {
    REQUIRE(pair.server->write(text_of(bytes)).has_value());
  });
  bool server_saw_end = false;
  pair.server->on_end([&](base::Result<void> how) {
    server_saw_end = how.has_value();
    pair.server->finish();
  });
  pair.client->on_data([&](std::span<const char> bytes) { got += text_of(bytes); });
  pair.client->on_end([&](base::Result<void> how) {
    CHECK(how.has_value());
    fixture.loop.stop();
  });
  const std::string sent(300'000, 'x');
  REQUIRE(pair.client->write(sent).has_value());
  pair.client->finish();
  CHECK(pair.client->write("late").error().code == base::Code::unavailable);
  fixture.run();
  CHECK(server_saw_end);
  CHECK(got == sent);
}

}  // namespace

TEST_CASE("bytes go both ways over a Unix socket and end after all was sent") {
  Fixture fixture;
  Pair pair(fixture, loop::UnixAddress{fixture.path("s")});
  echo_through(fixture, pair);
}

TEST_CASE("bytes go both ways over TCP on a port that the system chose") {
  Fixture fixture;
  Pair pair(fixture, loop::TcpAddress{"127.0.0.1", 0});
  CHECK(std::get<loop::TcpAddress>(pair.listener->address()).port != 0);
  CHECK(pair.server->peer_user().error().code == base::Code::invalid);
  echo_through(fixture, pair);
}

TEST_CASE("a host name is looked up when connecting") {
  Fixture fixture;
  Pair pair(fixture, loop::TcpAddress{"localhost", 0});
  echo_through(fixture, pair);
}

TEST_CASE("the peer of a Unix socket is the process that connected") {
  Fixture fixture;
  Pair pair(fixture, loop::UnixAddress{fixture.path("s")});
  const auto peer = pair.server->peer_user();
  REQUIRE(peer.has_value());
  CHECK(*peer == loop::PeerUser{.pid = getpid(), .uid = getuid(), .gid = getgid()});
}

TEST_CASE("a stream may be destroyed in its own callback with writes queued") {
  Fixture fixture;
  Pair pair(fixture, loop::UnixAddress{fixture.path("s")});
  pair.server->on_data([&](std::span<const char>) {
    for (int i = 0; i < 10; ++i) {
      REQUIRE(pair.server->write(std::string(1'000'000, 'y')).has_value());
    }
    CHECK(pair.server->queued_bytes() > 0);
    pair.server.reset();
  });
  pair.client->on_end([&](base::Result<void>) {
    pair.client.reset();
    fixture.loop.stop();
  });
  pair.client->on_data([](std::span<const char>) {});
  REQUIRE(pair.client->write("go").has_value());
  fixture.run();
  CHECK_FALSE(pair.server.has_value());
  CHECK_FALSE(pair.client.has_value());
}

TEST_CASE("a peer that does not read hits the limit of the queue, and draining is told") {
  Fixture fixture;
  Pair pair(fixture, loop::UnixAddress{fixture.path("s")});
  pair.client->set_queue_limit(1'000'000);
  base::Result<void> written;
  std::size_t n_sent = 0;
  while ((written = pair.client->write(std::string(100'000, 'z')))) {
    n_sent += 100'000;
    REQUIRE(n_sent < 100'000'000);
  }
  CHECK(written.error().code == base::Code::exhausted);
  CHECK(written.error().text.find("the limit is 1000000") != std::string::npos);
  CHECK(pair.client->queued_bytes() <= 1'000'000);

  std::size_t n_got = 0;
  bool is_drained = false;
  const auto look = [&] {
    if (is_drained && n_got == n_sent) fixture.loop.stop();
  };
  pair.client->on_drained([&] {
    is_drained = true;
    look();
  });
  pair.server->on_data([&](std::span<const char> bytes) {
    n_got += bytes.size();
    look();
  });
  fixture.run();
  CHECK(n_got == n_sent);
  CHECK(pair.client->queued_bytes() == 0);
}

TEST_CASE("nothing is delivered while reading is paused") {
  Fixture fixture;
  Pair pair(fixture, loop::UnixAddress{fixture.path("s")});
  std::string got;
  pair.server->pause_reading();
  pair.server->on_data([&](std::span<const char> bytes) {
    got += text_of(bytes);
    fixture.loop.stop();
  });
  REQUIRE(pair.client->write("now").has_value());
  loop::Timer resume(fixture.loop, [&] {
    CHECK(got.empty());
    pair.server->resume_reading();
  });
  resume.start(std::chrono::milliseconds(20));
  fixture.run();
  CHECK(got == "now");
}

TEST_CASE("writing to a peer that is gone ends with an error, not with SIGPIPE") {
  Fixture fixture;
  Pair pair(fixture, loop::UnixAddress{fixture.path("s")});
  bool has_ended = false;
  pair.client->on_data([](std::span<const char>) {});
  pair.client->on_end([&](base::Result<void>) {
    has_ended = true;
    (void)pair.client->write("a");  // accepted or refused: only a crash would be wrong
    (void)pair.client->write("b");
    fixture.loop.stop();
  });
  pair.server.reset();
  fixture.run();
  CHECK(has_ended);
}

TEST_CASE("a listener may be destroyed in its own callback and takes its socket file away") {
  Fixture fixture;
  std::optional<loop::Listener> listener;
  auto opened = loop::Listener::open(fixture.loop, loop::UnixAddress{fixture.path("s")},
                                     {.mode = 0640}, [&](const loop::Stream&) {
                                       listener.reset();
                                       fixture.loop.stop();
                                     });
  REQUIRE(opened.has_value());
  listener.emplace(std::move(*opened));
  struct stat found{};
  REQUIRE(stat(fixture.path("s").c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0640);
  const loop::Connector connector(fixture.loop, listener->address(), [](const auto&) {});
  fixture.run();
  CHECK(access(fixture.path("s").c_str(), F_OK) != 0);
}

TEST_CASE("a socket file is replaced when nobody listens on it, and not when somebody does") {
  Fixture fixture;
  const std::string path = fixture.path("s");
  const int stale = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof(name.sun_path) - 1);
  REQUIRE(bind(stale, reinterpret_cast<sockaddr*>(&name), sizeof(name)) == 0);
  close(stale);

  const auto accept = [](const loop::Stream&) {};
  const loop::Address address = loop::UnixAddress{path};
  const auto first = loop::Listener::open(fixture.loop, address, {}, accept);
  REQUIRE(first.has_value());
  const auto second = loop::Listener::open(fixture.loop, address, {}, accept);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == base::Code::conflict);
  CHECK(second.error().text.find("address in use") != std::string::npos);
}

TEST_CASE("listening refuses what it cannot do with a reason") {
  Fixture fixture;
  const auto accept = [](const loop::Stream&) {};
  const auto open = [&](const loop::Address& address) {
    return loop::Listener::open(fixture.loop, address, {}, accept).error();
  };
  CHECK(open(loop::UnixAddress{fixture.path("none/s")}).code == base::Code::not_found);
  std::ofstream(fixture.path("file")) << "x";
  CHECK(open(loop::UnixAddress{fixture.path("file")}).code == base::Code::conflict);
  const auto too_long = open(loop::UnixAddress{fixture.path(std::string(120, 'p'))});
  CHECK(too_long.code == base::Code::invalid);
  CHECK(too_long.text.find("may have 107") != std::string::npos);
  const auto taken =
      loop::Listener::open(fixture.loop, loop::TcpAddress{"127.0.0.1", 0}, {}, accept);
  REQUIRE(taken.has_value());
  CHECK(open(taken->address()).code == base::Code::conflict);
}

TEST_CASE("connecting to nobody is unavailable and names the address") {
  Fixture fixture;
  base::Error error;
  const auto fail_with = [&](const loop::Address& address) {
    const loop::Connector connector(fixture.loop, address, [&](base::Result<loop::Stream> stream) {
      error = stream.error();
      fixture.loop.stop();
    });
    fixture.run();
    return error;
  };
  CHECK(fail_with(loop::UnixAddress{fixture.path("none")}).code == base::Code::unavailable);
  CHECK(error.text.find("unix:" + fixture.path("none")) != std::string::npos);
  CHECK(fail_with(loop::TcpAddress{"127.0.0.1", 1}).code == base::Code::unavailable);
  CHECK(fail_with(loop::UnixAddress{std::string(200, 'p')}).code == base::Code::invalid);
}

TEST_CASE("a connection attempt can be given up") {
  Fixture fixture;
  const auto listener = loop::Listener::open(fixture.loop, loop::TcpAddress{"127.0.0.1", 0}, {},
                                             [](const loop::Stream&) {});
  const auto never = [](const base::Result<loop::Stream>&) { FAIL("it was given up"); };
  {
    const loop::Connector given_up(fixture.loop, listener->address(), never);
  }
  {
    const loop::Connector given_up(fixture.loop, loop::UnixAddress{fixture.path("none")}, never);
  }
  {
    const loop::Connector given_up(fixture.loop, loop::UnixAddress{std::string(200, 'p')}, never);
  }
  loop::Timer end(fixture.loop, [&] { fixture.loop.stop(); });
  end.start(std::chrono::milliseconds(20));
  fixture.run();
}

TEST_CASE("addresses are read and written, and bad ones refused") {
  const auto tcp = loop::parse_address("tcp:[::1]:7000");
  REQUIRE(tcp.has_value());
  CHECK(*tcp == loop::Address(loop::TcpAddress{"::1", 7000}));
  for (const char* text : {"unix:/run/x", "tcp:host:1", "tcp:[::1]:7000"}) {
    CHECK(loop::to_text(*loop::parse_address(text)) == text);
  }
  for (const char* text :
       {"", "unix:", "tcp:", "tcp:host", "tcp::1", "tcp:h:70000", "tcp:::1:1", "x"}) {
    CHECK(loop::parse_address(text).error().code == base::Code::invalid);
  }
}
