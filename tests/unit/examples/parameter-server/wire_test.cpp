#include "examples/parameter-server/wire.h"

#include <limits>

#include "examples/digits/bytes.h"
#include "tests/support/catch.h"

namespace {

using parameter_server::encode;
using parameter_server::Frame;
using parameter_server::Kind;

constexpr std::size_t n_weights = 3;

/// What the other side gets of encoded bytes.
Frame received(const std::string& bytes) {
  const auto header =
      parameter_server::decode_header(bytes.substr(0, parameter_server::header_size), n_weights);
  REQUIRE(header);
  REQUIRE(bytes.size() == parameter_server::header_size + header->length);
  return {.kind = header->kind, .body = bytes.substr(parameter_server::header_size)};
}

std::string refusal(std::uint32_t kind, std::uint32_t length) {
  std::string bytes;
  digits::put(bytes, kind);
  digits::put(bytes, length);
  const auto header = parameter_server::decode_header(bytes, n_weights);
  REQUIRE(!header);
  CHECK(header.error().code == base::Code::corrupt);
  return header.error().text;
}

}  // namespace

TEST_CASE("every frame arrives as it was sent") {
  const auto hello = parameter_server::decode_hello(received(
      encode(parameter_server::Hello{.worker = 1, .n_workers = 2, .server = 3, .n_servers = 4})));
  REQUIRE(hello);
  CHECK(hello->worker == 1);
  CHECK(hello->n_workers == 2);
  CHECK(hello->server == 3);
  CHECK(hello->n_servers == 4);

  CHECK(received(parameter_server::encode_pull()).kind == Kind::pull);

  const std::vector<double> gradient{1, -2.5, 0};
  const auto push =
      parameter_server::decode_push(received(parameter_server::encode_push(gradient)));
  REQUIRE(push);
  CHECK(*push == gradient);

  CHECK(decode_finished(received(parameter_server::encode_finished(7))) == 7);

  const auto weights = decode_weights(
      received(encode(parameter_server::Weights{.finished = 9, .values = gradient})));
  CHECK(weights.finished == 9);
  CHECK(weights.values == gradient);
}

TEST_CASE("every kind has a name and a number of its own") {
  for (const Kind kind : {Kind::hello, Kind::pull, Kind::push, Kind::finished, Kind::weights}) {
    CHECK(parameter_server::kind_from_number(static_cast<std::uint32_t>(kind)) == kind);
    CHECK(to_text(kind) != "unknown");
  }
}

TEST_CASE("a frame of an unknown kind or a wrong length is refused before its body is read") {
  CHECK(refusal(0, 0) == "expected a frame of kind 1 to 5, got kind 0");
  CHECK(refusal(6, 0) == "expected a frame of kind 1 to 5, got kind 6");
  CHECK(refusal(1, 23) == "hello: expected 24 bytes, got 23");
  CHECK(refusal(2, 1) == "pull: expected 0 bytes, got 1");
  CHECK(refusal(3, 4'294'967'295) == "push: expected 24 bytes, got 4294967295");
  CHECK(refusal(4, 0) == "finished: expected 4 bytes, got 0");
  CHECK(refusal(5, 24) == "weights: expected 28 bytes, got 24");
}

TEST_CASE("a hello of another version is refused") {
  auto frame = received(encode(parameter_server::Hello{}));
  frame.body[0] = 2;
  CHECK(parameter_server::decode_hello(frame).error().text == "hello: expected version 1, got 2");
}

TEST_CASE("a gradient with a number that is not finite is refused") {
  for (const double bad :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    const std::vector<double> gradient{1, bad, 0};
    CHECK(!parameter_server::decode_push(received(parameter_server::encode_push(gradient))));
  }
}
