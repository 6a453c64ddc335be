#include "lib/http/sse.h"
#include "lib/http/status.h"
#include "lib/http/target.h"
#include "tests/support/catch.h"

TEST_CASE("paths and queries are decoded") {
  const auto target = http::parse_target("/v1/a%20b/%C3%A9?user=ann+lee&x=%2B%26&flag&x=2&=none&");
  REQUIRE(target.has_value());
  CHECK(target->path == "/v1/a b/\xC3\xA9");
  CHECK(target->query ==
        std::map<std::string, std::string>{{"user", "ann lee"}, {"x", "2"}, {"flag", ""}});
  CHECK(http::parse_target("/a+b")->path == "/a+b");
}

TEST_CASE("bad escapes and paths are invalid") {
  for (const char* text : {"", "x", "/%", "/%1", "/%zz", "/%00", "/?a=%f", "/?%0g=1"}) {
    const auto target = http::parse_target(text);
    REQUIRE_FALSE(target.has_value());
    CHECK(target.error().code == base::Code::invalid);
  }
}

TEST_CASE("any bytes but NUL survive encoding and decoding") {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) {
    all += static_cast<char>(byte);
  }
  CHECK(*http::percent_decode(http::percent_encode(all), true) == all);
  CHECK(http::percent_encode("a b/~") == "a%20b%2F~");
}

TEST_CASE("every code has a status, and errors survive the way to the client") {
  using base::Code;
  for (const Code code : {Code::invalid, Code::not_found, Code::conflict, Code::denied,
                          Code::exhausted, Code::unavailable, Code::io, Code::corrupt}) {
    const base::Error error{code, "text with \"quotes\"\nand lines"};
    const auto response = http::error_response(error);
    CHECK(response.status == http::to_status(code));
    CHECK_FALSE(http::reason_phrase(response.status).empty());
    CHECK(http::to_error(response) == error);
    if (code != Code::corrupt) CHECK(http::to_code(response.status) == code);
  }
  CHECK(http::error_response({Code::invalid, "x"}).body ==
        "{\"error\":{\"code\":\"invalid\",\"text\":\"x\"}}\n");
  CHECK(http::error_response({Code::invalid, "\xff"}).body.find("\xff") == std::string::npos);
}

TEST_CASE("an error body of somebody else becomes an error all the same") {
  http::Response response;
  response.status = 502;
  response.body = "<html>\nBad Gateway";
  CHECK(http::to_error(response) ==
        base::Error{base::Code::unavailable, "the server answered with status 502: <html>"});
  response.body = R"({"error":{"code":7,"text":"odd"}})";
  CHECK(http::to_error(response) == base::Error{base::Code::unavailable, "odd"});
}

TEST_CASE("events come out whole wherever the bytes are split") {
  const std::vector<http::SseEvent> events{
      {"1", "job", "{\"a\":1}"}, {"", "", "two\nlines\n"}, {"3", "", ""}};
  std::string bytes = http::sse_comment("hello");
  for (const auto& event : events) {
    bytes += http::encode(event);
  }
  for (const bool is_crlf : {false, true}) {
    std::string text;
    for (const char c : bytes) {
      if (c == '\n' && is_crlf) text += '\r';
      text += c;
    }
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      http::SseReader reader;
      std::vector<http::SseEvent> got;
      for (const auto& part : {text.substr(0, cut), text.substr(cut)}) {
        reader.feed(part);
        while (auto event = *reader.next()) {
          got.push_back(std::move(*event));
        }
      }
      REQUIRE(got == events);
    }
  }
}

TEST_CASE("an event above the limit is corrupt, in one line or in many") {
  http::SseReader one_line(100);
  one_line.feed("data: " + std::string(200, 'x'));
  CHECK(one_line.next().error().code == base::Code::corrupt);
  http::SseReader many_lines(100);
  for (int i = 0; i < 60; ++i) {
    many_lines.feed("data: x\n");
  }
  CHECK(many_lines.next().error().code == base::Code::corrupt);
}

TEST_CASE("carriage returns inside data become line ends, and unknown fields are skipped") {
  http::SseReader reader;
  reader.feed("retry: 5\nodd\nid:7\ndata:a\rdata: b\r\n\r\n");
  CHECK(**reader.next() == http::SseEvent{"7", "", "a\nb"});
}
