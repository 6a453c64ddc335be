#include "lib/loop/tunnel.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "lib/loop/frame_stream.h"
#include "lib/loop/loop.h"
#include "lib/loop/timer.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using loop_test::Fixture;

namespace {

/// Two ends of a Unix socket.
struct SocketPair {
  SocketPair(Fixture& fixture, const std::string& name)
      : listener(loop::Listener::open(fixture.loop, loop::UnixAddress{fixture.path(name)}, {},
                                      [&, this](loop::Stream stream) {
                                        near.emplace(std::move(stream));
                                        if (far) fixture.loop.stop();
                                      })),
        connector(fixture.loop, listener->address(), [&, this](base::Result<loop::Stream> stream) {
          REQUIRE(stream.has_value());
          far.emplace(std::move(*stream));
          if (near) fixture.loop.stop();
        }) {
    fixture.run();
  }

  base::Result<loop::Listener> listener;
  std::optional<loop::Stream> near;
  std::optional<loop::Stream> far;
  loop::Connector connector;
};

/// A program's connection, through two tunnels with frames between them, to another's.
struct Passage {
  explicit Passage(Fixture& fixture)
      : here(fixture, "here"), between(fixture, "between"), there(fixture, "there") {
    first.emplace(std::move(*here.near), loop::FrameStream(std::move(*between.near)),
                  [this] { ended(first); });
    second.emplace(std::move(*there.near), loop::FrameStream(std::move(*between.far)),
                   [this] { ended(second); });
    first->start();
    second->start();
  }

  void ended(std::optional<loop::Tunnel>& tunnel) {
    ++n_ended;
    tunnel.reset();
  }

  SocketPair here;
  SocketPair between;
  SocketPair there;
  std::optional<loop::Tunnel> first;
  std::optional<loop::Tunnel> second;
  int n_ended = 0;
};

void collect(loop::Stream& stream, std::string& got) {
  stream.on_data([&got](std::span<const char> bytes) { got.append(bytes.data(), bytes.size()); });
}

}  // namespace

TEST_CASE("a tunnel passes on all bytes both ways, each way to its own end") {
  Fixture fixture;
  Passage passage(fixture);
  std::string heard_here;
  std::string heard_there;
  collect(*passage.here.far, heard_here);
  collect(*passage.there.far, heard_there);
  const std::string question(3'000'000, 'q');
  const std::string reply(2'000'000, 'r');
  // It answers when it has heard all, as a server does whose client has finished.
  passage.there.far->on_end([&](const base::Result<void>& how) {
    CHECK(how.has_value());
    CHECK(heard_there == question);
    REQUIRE(passage.there.far->write(reply).has_value());
    passage.there.far->finish();
  });
  REQUIRE(passage.here.far->write(question).has_value());
  passage.here.far->finish();
  passage.here.far->on_end([&](const base::Result<void>& how) {
    CHECK(how.has_value());
    fixture.loop.stop();
  });
  fixture.run();
  CHECK(heard_here == reply);
  CHECK(passage.n_ended == 2);
}

TEST_CASE("a reader that does not read holds back the writer, not the memory") {
  Fixture fixture;
  Passage passage(fixture);
  constexpr std::size_t much = std::size_t{32} << 20;
  REQUIRE(passage.here.far->write(std::string(much, 'x')).has_value());
  loop::Timer enough(fixture.loop, [&] { fixture.loop.stop(); });
  enough.start(std::chrono::milliseconds(200));
  fixture.run();
  CHECK(passage.here.far->queued_bytes() > much / 2);  // with who has them, not in the tunnels
  std::string heard;
  passage.there.far->on_data([&](std::span<const char> bytes) {
    heard.append(bytes.data(), bytes.size());
    if (heard.size() == much) fixture.loop.stop();
  });
  fixture.run();
  CHECK(heard.size() == much);
}

TEST_CASE("where one end breaks off, the other is told") {
  Fixture fixture;
  Passage passage(fixture);
  passage.there.far->on_end([&](const base::Result<void>&) { fixture.loop.stop(); });
  passage.there.far->on_data([](std::span<const char>) {});
  passage.first.reset();  // as when its process is gone
  fixture.run();
  CHECK(passage.n_ended == 1);
}
