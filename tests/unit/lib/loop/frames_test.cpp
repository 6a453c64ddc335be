#include "lib/loop/frames.h"

#include <optional>

#include "lib/loop/frame_stream.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using loop_test::Fixture;

TEST_CASE("frames come out whole wherever the bytes are split") {
  const std::string big(70'000, 'b');
  const std::string bytes = loop::frame("one") + loop::frame("") + loop::frame(big);
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, bytes.size()}) {
    loop::FrameReader reader;
    std::vector<std::string> frames;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      reader.feed(std::string_view(bytes).substr(at, step));
      while (auto body = *reader.next()) {
        frames.push_back(std::move(*body));
      }
    }
    CHECK(frames == std::vector<std::string>{"one", "", big});
    CHECK(reader.n_waiting() == 0);
  }
}

TEST_CASE("a frame above the limit is corrupt as soon as it is announced") {
  loop::FrameReader reader(10);
  reader.feed(loop::frame("0123456789"));
  CHECK(*reader.next() == "0123456789");
  reader.feed(loop::frame("0123456789a").substr(0, 4));
  CHECK(reader.next().error().code == base::Code::corrupt);
  reader.feed("more");
  CHECK(reader.next().error().code == base::Code::corrupt);
}

namespace {

/// Both ends of a connection, one as a FrameStream, one raw.
struct Ends {
  explicit Ends(Fixture& fixture, std::size_t limit = loop::default_frame_limit)
      : listener(loop::Listener::open(fixture.loop, loop::UnixAddress{fixture.path("s")}, {},
                                      [&, limit](loop::Stream stream) {
                                        frames.emplace(std::move(stream), limit);
                                        if (raw) fixture.loop.stop();
                                      })),
        connector(fixture.loop, listener->address(), [&](base::Result<loop::Stream> stream) {
          raw.emplace(std::move(*stream));
          if (frames) fixture.loop.stop();
        }) {
    fixture.run();
  }

  std::optional<loop::FrameStream> frames;
  std::optional<loop::Stream> raw;
  base::Result<loop::Listener> listener;
  loop::Connector connector;
};

}  // namespace

TEST_CASE("a frame stream may be destroyed in its own callback with frames left") {
  Fixture fixture;
  Ends ends(fixture);
  int n_frames = 0;
  ends.frames->on_frame([&](const std::string&) {
    n_frames += 1;
    ends.frames.reset();
    fixture.loop.stop();
  });
  REQUIRE(ends.raw->write(loop::frame("a") + loop::frame("b")).has_value());
  fixture.run();
  CHECK(n_frames == 1);
}

TEST_CASE("a paused frame stream keeps the frames that have arrived") {
  Fixture fixture;
  Ends ends(fixture);
  std::string got;
  loop::Timer resume(fixture.loop, [&] {
    CHECK(got == "a");
    ends.frames->resume_reading();
  });
  ends.frames->on_frame([&](const std::string& body) {
    got += body;
    if (got == "a") {
      ends.frames->pause_reading();
      resume.start(std::chrono::milliseconds(10));
    }
    if (got == "abc") fixture.loop.stop();
  });
  REQUIRE(ends.raw->write(loop::frame("a") + loop::frame("b")).has_value());
  REQUIRE(ends.raw->write(loop::frame("c")).has_value());
  fixture.run();
  CHECK(got == "abc");
}

TEST_CASE("a frame stream ends corrupt on a cut frame and on one that is too large") {
  for (const std::string& bytes :
       {loop::frame("cut").substr(0, 5), loop::frame("much too large")}) {
    Fixture fixture;
    Ends ends(fixture, 8);
    base::Result<void> end;
    ends.frames->on_frame([](const std::string&) {});
    ends.frames->on_end([&](base::Result<void> how) {
      end = std::move(how);
      ends.frames.reset();
      fixture.loop.stop();
    });
    REQUIRE(ends.raw->write(bytes).has_value());
    ends.raw->finish();
    fixture.run();
    REQUIRE_FALSE(end.has_value());
    CHECK(end.error().code == base::Code::corrupt);
  }
}

TEST_CASE("frames are sent, and the peer's clean end is no error") {
  Fixture fixture;
  Ends ends(fixture);
  std::string got;
  base::Result<void> end = base::fail(base::Code::io, "not yet");
  ends.raw->on_data([&](std::span<const char> bytes) {
    got.append(bytes.data(), bytes.size());
    ends.raw.reset();
  });
  ends.frames->on_frame([](const std::string&) {});
  ends.frames->on_end([&](base::Result<void> how) {
    end = std::move(how);
    fixture.loop.stop();
  });
  REQUIRE(ends.frames->send("hello").has_value());
  fixture.run();
  CHECK(got == loop::frame("hello"));
  CHECK(end.has_value());
}
