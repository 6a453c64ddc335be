#include "lib/http/client.h"

#include <optional>
#include <thread>

#include "lib/http/server.h"
#include "lib/loop/loop.h"
#include "lib/loop/stream.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using loop_test::Fixture;
using namespace std::chrono_literals;

namespace {

/// A peer that answers any connection's first bytes with fixed bytes and closes.
base::Result<http::Response> answer_of(const std::string& bytes, http::ClientOptions options = {}) {
  Fixture fixture;
  std::optional<loop::Stream> peer;
  const auto listener = loop::Listener::open(fixture.loop, loop::UnixAddress{fixture.path("s")}, {},
                                             [&](loop::Stream stream) {
                                               peer.emplace(std::move(stream));
                                               peer->on_data([&](std::span<const char>) {
                                                 if (bytes.empty()) return;
                                                 REQUIRE(peer->write(bytes).has_value());
                                                 peer->finish();
                                               });
                                             });
  std::optional<base::Result<http::Response>> answer;
  const http::Call call(
      fixture.loop, listener->address(), {},
      [&](base::Result<http::Response> result) {
        answer = std::move(result);
        fixture.loop.stop();
      },
      options);
  fixture.run();
  REQUIRE(answer.has_value());
  return *answer;
}

}  // namespace

TEST_CASE("a body may end with its length, its last chunk, or the connection") {
  CHECK(answer_of("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore")->body == "ok");
  CHECK(answer_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
            ->body == "ok");
  CHECK(answer_of("HTTP/1.1 404 No\r\n\r\nnone here")->body == "none here");
}

TEST_CASE("answers that are cut, too large, no HTTP, or never come are errors") {
  const auto code_of = [](const std::string& bytes, http::ClientOptions options = {}) {
    return answer_of(bytes, options).error().code;
  };
  CHECK(code_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok") == base::Code::unavailable);
  CHECK(code_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n") ==
        base::Code::unavailable);
  CHECK(code_of("HTTP/1.1 200") == base::Code::unavailable);
  CHECK(code_of("SSH-2.0-nothing\r\n\r\n") == base::Code::corrupt);
  CHECK(code_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlarge", {.body_bytes = 4}) ==
        base::Code::exhausted);
  CHECK(code_of("", {.timeout = 20ms}) == base::Code::unavailable);
}

TEST_CASE("a request that would split its head is refused") {
  Fixture fixture;
  const http::Client client(loop::UnixAddress{fixture.path("none")});
  CHECK(client.request({.target = "/a\r\nX: y"}).error().code == base::Code::invalid);
  CHECK(client.request({.target = "/a b"}).error().code == base::Code::invalid);
  CHECK(client.request({.headers = {{"X", "a\nb"}}}).error().code == base::Code::invalid);
}

TEST_CASE("nobody listening is unavailable and names the socket") {
  Fixture fixture;
  const http::Client client(loop::UnixAddress{fixture.path("none")});
  const auto answer = client.request({});
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == base::Code::unavailable);
  CHECK_THAT(answer.error().text, Catch::Contains(fixture.path("none")));
}

TEST_CASE("the waiting client gets answers and streams, and may stop a stream") {
  Fixture fixture;
  std::optional<http::ResponseStream> stream;
  std::optional<loop::Timer> tick;
  const auto server = http::Server::open(
      fixture.loop, loop::UnixAddress{fixture.path("s")}, {}, {},
      [&](const http::Request& request, http::Responder responder) {
        if (request.path == "/endless") {
          stream = responder.start_stream({});
          responder.on_close([&] { tick->stop(); });
          tick->start_repeating(1ms);
        } else {
          responder.send({.status = request.path == "/bad" ? 400 : 200, .body = "whole"});
        }
      });
  tick.emplace(fixture.loop, [&] { (void)stream->write("x"); });  // its end is told by on_close

  std::thread other([&] {
    const http::Client client(server->address());
    CHECK(client.request({})->body == "whole");
    std::string pieces;
    const auto take = [&](std::string_view bytes) {
      pieces += bytes;
      return pieces.size() < 5;
    };
    CHECK(client.request_stream({.target = "/endless"}, take)->status == 200);
    CHECK(pieces.size() >= 5);
    pieces.clear();
    CHECK(client.request_stream({.target = "/bad"}, take)->body == "whole");
    CHECK(pieces.empty());
    fixture.loop.post([&] { fixture.loop.stop(); });
  });
  fixture.run();
  other.join();
  tick.reset();
}

TEST_CASE("a call may be destroyed in its own callbacks") {
  Fixture fixture;
  const auto server = http::Server::open(
      fixture.loop, loop::UnixAddress{fixture.path("s")}, {}, {},
      [&](const http::Request&, http::Responder responder) { responder.send({.body = "x"}); });
  std::optional<http::Call> call;
  call.emplace(fixture.loop, server->address(), http::Request{}, [&](const auto&) {
    call.reset();
    fixture.loop.stop();
  });
  fixture.run();
  CHECK_FALSE(call.has_value());
  call.emplace(fixture.loop, server->address(), http::Request{},
               [&](const auto&) { FAIL("it is gone"); });
  call->on_chunk([&](std::string_view) {
    call.reset();
    fixture.loop.stop();
  });
  fixture.run();
  CHECK_FALSE(call.has_value());
}
