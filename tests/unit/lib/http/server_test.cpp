#include "lib/http/server.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>

#include "lib/base/text.h"
#include "lib/http/client.h"
#include "lib/http/sse.h"
#include "lib/http/status.h"
#include "lib/loop/loop.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using loop_test::Fixture;
using namespace std::chrono_literals;

namespace {

/// A server whose handler the test gives, and raw or proper ways to talk to it.
struct Site {
  explicit Site(http::Server::Handler handler, http::ServerOptions options = {}) {
    options.on_problem = [this](const base::Error& error) { problems.push_back(error); };
    auto opened = http::Server::open(fixture.loop, loop::UnixAddress{fixture.path("s")}, {},
                                     std::move(options), std::move(handler));
    REQUIRE(opened.has_value());
    server.emplace(std::move(*opened));
  }

  /// Sends bytes and returns all that comes until the server closes, or until `enough` is in it.
  std::string talk(std::string bytes, std::string_view enough = "") {
    std::string got;
    std::optional<loop::Stream> stream;
    const loop::Connector connector(
        fixture.loop, server->address(), [&](base::Result<loop::Stream> connected) {
          stream.emplace(std::move(*connected));
          stream->on_data([&](std::span<const char> data) {
            got.append(data.data(), data.size());
            if (!enough.empty() && got.find(enough) != got.npos) fixture.loop.stop();
          });
          stream->on_end([&](const base::Result<void>&) { fixture.loop.stop(); });
          REQUIRE(stream->write(std::move(bytes)).has_value());
        });
    fixture.run();
    return got;
  }

  base::Result<http::Response> call(http::Request request) {
    std::optional<base::Result<http::Response>> answer;
    const http::Call call(fixture.loop, server->address(), std::move(request),
                          [&](base::Result<http::Response> result) {
                            answer = std::move(result);
                            fixture.loop.stop();
                          });
    fixture.run();
    REQUIRE(answer.has_value());
    return *answer;
  }

  /// Runs the loop until `is_so` holds.
  template <class Condition>
  void run_until(Condition is_so) {
    loop::Timer look(fixture.loop, [&] {
      if (is_so()) fixture.loop.stop();
    });
    look.start_repeating(1ms);
    fixture.run();
  }

  Fixture fixture;
  std::vector<base::Error> problems;
  std::optional<http::Server> server;
};

void echo(const http::Request& request, http::Responder responder) {
  responder.send({.body = request.method + " " + request.path + " " + request.body + "\n"});
}

std::string get(const std::string& path, const std::string& headers = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("a request reaches the handler with all its parts, and the answer the client") {
  http::Request seen;
  Site site([&](http::Request request, http::Responder responder) {
    seen = std::move(request);
    responder.send({.status = 201, .body = "{}", .headers = {{"X-Odd", "yes"}}});
  });
  const auto answer = site.call({.method = "POST",
                                 .target = "/v1/jobs%20x?wait=5s",
                                 .headers = {{"X-Request-Id", "7"}},
                                 .body = std::string(200'000, 'b')});
  REQUIRE(answer.has_value());
  CHECK(answer->status == 201);
  CHECK(answer->body == "{}");
  CHECK(answer->content_type == "application/json");
  CHECK(answer->headers.at("x-odd") == "yes");
  CHECK(seen.method == "POST");
  CHECK(seen.path == "/v1/jobs x");
  CHECK(seen.parameter("wait") == "5s");
  CHECK(seen.parameter("none") == std::nullopt);
  CHECK(seen.header("x-request-ID") == "7");
  CHECK(seen.body.size() == 200'000);
  REQUIRE(seen.peer.has_value());
  CHECK(seen.peer->uid == getuid());
  CHECK(seen.peer->pid == getpid());
}

TEST_CASE("pipelined requests are answered in order, one at a time, also by slow handlers") {
  std::vector<http::Responder> waiting;
  std::size_t most_waiting = 0;
  std::optional<loop::Timer> later;
  Site site([&](const http::Request& request, http::Responder responder) {
    waiting.push_back(std::move(responder));
    most_waiting = std::max(most_waiting, waiting.size());
    later->start(request.path == "/1" ? 10ms : 0ms);
  });
  later.emplace(site.fixture.loop, [&] {
    auto responder = std::move(waiting.back());
    waiting.pop_back();
    responder.send({.body = "answer\n"});
  });
  std::string bytes;
  for (int i = 1; i <= 20; ++i) {
    bytes += get("/" + std::to_string(i), i == 20 ? "Connection: close\r\n" : "");
  }
  const auto text = site.talk(bytes);
  CHECK(count(text, "answer\n") == 20);
  CHECK(most_waiting == 1);
  later.reset();
}

TEST_CASE("requests split at every byte are the same requests") {
  const std::string request =
      "\r\nPOST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  Site site(echo);
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    std::string got;
    std::optional<loop::Stream> stream;
    loop::Timer rest(site.fixture.loop,
                     [&] { REQUIRE(stream->write(request.substr(cut)).has_value()); });
    const loop::Connector connector(site.fixture.loop, site.server->address(),
                                    [&](base::Result<loop::Stream> connected) {
                                      stream.emplace(std::move(*connected));
                                      stream->on_data([&](std::span<const char> data) {
                                        got.append(data.data(), data.size());
                                        site.fixture.loop.stop();
                                      });
                                      REQUIRE(stream->write(request.substr(0, cut)).has_value());
                                      rest.start(1ms);
                                    });
    site.fixture.run();
    REQUIRE_THAT(got, Catch::EndsWith("\r\n\r\nPOST /a abcde\n"));
  }
}

TEST_CASE("what is not a proper request is refused with the reason, and the connection ends") {
  struct Case {
    std::string bytes;
    std::string status;
  };
  const std::string head = "GET / HTTP/1.1\r\n";
  const std::vector<Case> cases{
      {"nonsense\r\n\r\n", "400"},
      {"GET /\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},                        // no Host
      {head + "Host: a\r\nHost: b\r\n\r\n", "400"},             // two hosts
      {head + "Host: x\r\nbad header\r\n\r\n", "400"},          //
      {head + "Host: x\r\nContent-Length: -1\r\n\r\n", "400"},  //
      {head + "Host: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"},
      {head + "Host: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
      {"GET / HTTP/3.7\r\nHost: x\r\n\r\n", "505"},
      {head + "Host: x\r\nX: " + std::string(5000, 'x') + "\r\n\r\n", "431"},
      {head + "X: " + std::string(5000, 'x'), "431"},  // never ends
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", "413"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
           std::string(1001, 'x') + "\r\n0\r\n\r\n",
       "413"},
  };
  for (const auto& item : cases) {
    Site site([](const http::Request&, const http::Responder&) { FAIL("it was refused"); },
              {.header_bytes = 4096, .body_bytes = 1000});
    INFO(item.bytes.substr(0, 100));
    const auto text = site.talk(item.bytes);
    CHECK_THAT(text, Catch::StartsWith("HTTP/1.1 " + item.status + " "));
    CHECK_THAT(text, Catch::Contains("Connection: close\r\n") && Catch::Contains("{\"error\":"));
    CHECK(site.problems.size() == 1);
  }
}

TEST_CASE("a bad escape in the target is refused, and the connection goes on") {
  Site site(echo);
  const auto text = site.talk(get("/%zz") + get("/good", "Connection: close\r\n"));
  CHECK_THAT(text, Catch::StartsWith("HTTP/1.1 400 ") && Catch::EndsWith("GET /good \n"));
}

TEST_CASE("a client that asks may send its body, HEAD gets no body, and HTTP/1.0 is understood") {
  Site site(echo);
  const auto text =
      site.talk("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
                "Continue");
  CHECK(text == "HTTP/1.1 100 Continue\r\n\r\n");
  const auto head = site.talk("HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(head, Catch::Contains("Content-Length: 9\r\n") && Catch::EndsWith("\r\n\r\n"));
  CHECK_THAT(site.talk("GET /old HTTP/1.0\r\n\r\n"), Catch::EndsWith("GET /old \n"));
  CHECK(site.call({.method = "HEAD", .target = "/x"})->body.empty());
}

TEST_CASE("an answer may come later, counts once, and is missed by nobody when dropped") {
  std::optional<http::Responder> kept;
  Site site([&](const http::Request& request, http::Responder responder) {
    if (request.path == "/dropped") return;
    kept = responder;
    site.fixture.loop.defer([&, responder]() mutable {
      responder.send({.body = "first"});
      responder.send({.body = "second"});
    });
  });
  CHECK(site.call({.target = "/later"})->body == "first");
  CHECK_FALSE(kept->is_open());
  kept->send({.body = "late"});
  const auto dropped = site.call({.target = "/dropped"});
  CHECK(dropped->status == 500);
  CHECK_THAT(http::to_error(*dropped).text, Catch::Contains("without an answer"));
}

TEST_CASE("a handler is told when its client goes") {
  std::optional<http::Responder> kept;
  bool is_gone = false;
  Site site([&](const http::Request&, http::Responder responder) {
    responder.on_close([&] { is_gone = true; });
    kept = responder;
    site.fixture.loop.stop();
  });
  {
    const http::Call call(site.fixture.loop, site.server->address(), {},
                          [](const auto&) { FAIL("it was given up"); });
    site.fixture.run();
  }
  CHECK_FALSE(is_gone);
  site.run_until([&] { return is_gone; });
  CHECK_FALSE(kept->is_open());
  CHECK(site.server->n_connections() == 0);
  kept->send({});
}

TEST_CASE("a streamed response arrives in pieces and the connection serves the next request") {
  std::optional<http::ResponseStream> stream;
  Site site([&](const http::Request& request, http::Responder responder) {
    if (request.path == "/next") {
      responder.send({.body = "next"});
      return;
    }
    stream = responder.start_stream({.content_type = std::string(http::sse_content_type)});
    REQUIRE(stream->write(http::encode({"1", "tick", "a"})).has_value());
    site.fixture.loop.defer([&] {
      REQUIRE(stream->write(http::encode({"2", "tick", std::string(1000, 'b')})).has_value());
      REQUIRE(stream->write("").has_value());
      stream->finish();
      CHECK(stream->write("late").error().code == base::Code::unavailable);
    });
  });
  const auto raw = site.talk(get("/") + get("/next", "Connection: close\r\n"));
  CHECK_THAT(raw, Catch::Contains("Transfer-Encoding: chunked\r\n") &&
                      Catch::Contains("\r\n0\r\n\r\nHTTP/1.1 200 OK") && Catch::EndsWith("next"));

  http::SseReader reader;
  std::vector<std::string> ids;
  std::optional<http::Response> answer;
  http::Call call(site.fixture.loop, site.server->address(), {},
                  [&](base::Result<http::Response> result) {
                    answer = *result;
                    site.fixture.loop.stop();
                  });
  call.on_chunk([&](std::string_view bytes) {
    reader.feed(bytes);
    while (const auto event = *reader.next()) {
      ids.push_back(event->id);
    }
  });
  site.fixture.run();
  CHECK(ids == std::vector<std::string>{"1", "2"});
  CHECK(answer->body.empty());
  CHECK(answer->content_type == http::sse_content_type);
}

TEST_CASE("a consumer that does not read is closed when its queue is full") {
  std::optional<http::ResponseStream> stream;
  bool is_gone = false;
  Site site(
      [&](const http::Request&, http::Responder responder) {
        responder.on_close([&] { is_gone = true; });
        stream = responder.start_stream({});
        site.fixture.loop.stop();
      },
      {.queue_bytes = 1'000'000});
  std::optional<loop::Stream> client;
  const loop::Connector connector(site.fixture.loop, site.server->address(),
                                  [&](base::Result<loop::Stream> connected) {
                                    client.emplace(std::move(*connected));
                                    REQUIRE(client->write(get("/")).has_value());
                                  });
  site.fixture.run();
  base::Result<void> written;
  for (int i = 0; i < 1000 && written; ++i) {
    written = stream->write(std::string(100'000, 'x'));
  }
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().code == base::Code::exhausted);
  CHECK(is_gone);
  REQUIRE(site.problems.size() == 1);
  CHECK_THAT(site.problems[0].text, Catch::Contains("reads too slowly"));
}

TEST_CASE("a stream that is dropped unfinished looks cut to the client") {
  Site site([&](const http::Request&, http::Responder responder) {
    REQUIRE(responder.start_stream({}).write("part").has_value());
  });
  const auto answer = site.call({});
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == base::Code::unavailable);
}

TEST_CASE("connections above the limit get 503") {
  Site site(echo, {.n_connections = 1});
  std::optional<loop::Stream> first;
  const loop::Connector connector(site.fixture.loop, site.server->address(),
                                  [&](base::Result<loop::Stream> connected) {
                                    first.emplace(std::move(*connected));
                                    site.fixture.loop.stop();
                                  });
  site.fixture.run();
  site.run_until([&] { return site.server->n_connections() == 1; });
  CHECK_THAT(site.talk(""), Catch::StartsWith("HTTP/1.1 503 "));
  first.reset();
  site.run_until([&] { return site.server->n_connections() == 0; });
  CHECK(site.call({})->status == 200);
}

TEST_CASE("idle connections are closed and requests that do not arrive get 408") {
  Site site(echo, {.idle_timeout = 20ms, .request_timeout = 20ms});
  CHECK(site.talk("").empty());
  CHECK_THAT(site.talk("GET / HTT"), Catch::StartsWith("HTTP/1.1 408 "));
  CHECK_THAT(site.talk(get("/x")), Catch::EndsWith("GET /x \n"));
}

TEST_CASE("a server may be destroyed in its own handler, with requests waiting") {
  std::vector<http::Responder> kept;
  int n_gone = 0;
  Site site([&](const http::Request& request, http::Responder responder) {
    responder.on_close([&] { n_gone += 1; });
    kept.push_back(responder);
    if (request.path == "/end") {
      site.server.reset();
    }
  });
  const auto address = site.server->address();
  int n_ended = 0;
  const auto done = [&](const base::Result<http::Response>& result) {
    CHECK(result.error().code == base::Code::unavailable);
    if (++n_ended == 2) site.fixture.loop.stop();
  };
  const http::Call first(site.fixture.loop, address, {.target = "/wait"}, done);
  const http::Call second(site.fixture.loop, address, {.target = "/end"}, done);
  site.fixture.run();
  CHECK(n_gone == 2);
  CHECK(n_ended == 2);
}
