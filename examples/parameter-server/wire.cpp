#include "examples/parameter-server/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "examples/digits/bytes.h"

namespace parameter_server {
namespace {

constexpr std::uint32_t version = 1;
constexpr std::size_t number_size = sizeof(std::uint32_t);
constexpr std::size_t weight_size = sizeof(double);

std::size_t body_length(Kind kind, std::size_t n_weights) {
  switch (kind) {
    case Kind::hello:
      return 6 * number_size;
    case Kind::pull:
      return 0;
    case Kind::push:
      return n_weights * weight_size;
    case Kind::finished:
      return number_size;
    case Kind::weights:
      return number_size + n_weights * weight_size;
  }
  return 0;
}

std::string with_header(Kind kind, std::string_view body) {
  std::string bytes;
  bytes.reserve(header_size + body.size());
  digits::put(bytes, static_cast<std::uint32_t>(kind));
  digits::put(bytes, static_cast<std::uint32_t>(body.size()));
  bytes.append(body);
  return bytes;
}

}  // namespace

std::string_view to_text(Kind kind) {
  switch (kind) {
    case Kind::hello:
      return "hello";
    case Kind::pull:
      return "pull";
    case Kind::push:
      return "push";
    case Kind::finished:
      return "finished";
    case Kind::weights:
      return "weights";
  }
  return "unknown";
}

std::optional<Kind> kind_from_number(std::uint32_t number) {
  if (number < static_cast<std::uint32_t>(Kind::hello) ||
      number > static_cast<std::uint32_t>(Kind::weights)) {
    return std::nullopt;
  }
  return static_cast<Kind>(number);
}

std::string encode(const Hello& hello) {
  std::string body;
  for (const std::uint32_t number : {version, hello.worker, hello.n_workers, hello.server,
                                     hello.n_servers, hello.n_parameters}) {
    digits::put(body, number);
  }
  return with_header(Kind::hello, body);
}

std::string encode_pull() {
  return with_header(Kind::pull, {});
}

std::string encode_push(std::span<const double> gradient) {
  std::string body;
  digits::put_all(body, gradient);
  return with_header(Kind::push, body);
}

std::string encode_finished(std::uint32_t epochs) {
  std::string body;
  digits::put(body, epochs);
  return with_header(Kind::finished, body);
}

std::string encode(const Weights& weights) {
  std::string body;
  digits::put(body, weights.finished);
  digits::put_all(body, weights.values);
  return with_header(Kind::weights, body);
}

base::Result<Header> decode_header(std::string_view bytes, std::size_t n_weights) {
  const auto number = digits::take<std::uint32_t>(bytes);
  const auto length = digits::take<std::uint32_t>(bytes);
  const auto kind = kind_from_number(number);
  if (!kind) {
    return base::fail(base::Code::corrupt,
                      fmt::format("expected a frame of kind 1 to 5, got kind {}", number));
  }
  const auto expected = body_length(*kind, n_weights);
  if (length != expected) {
    return base::fail(base::Code::corrupt, fmt::format("{}: expected {} bytes, got {}",
                                                       to_text(*kind), expected, length));
  }
  return Header{.kind = *kind, .length = expected};
}

base::Result<Hello> decode_hello(const Frame& frame) {
  std::string_view body = frame.body;
  const auto spoken = digits::take<std::uint32_t>(body);
  if (spoken != version) {
    return base::fail(base::Code::corrupt,
                      fmt::format("hello: expected version {}, got {}", version, spoken));
  }
  Hello hello;
  for (auto* number :
       {&hello.worker, &hello.n_workers, &hello.server, &hello.n_servers, &hello.n_parameters}) {
    *number = digits::take<std::uint32_t>(body);
  }
  return hello;
}

base::Result<std::vector<double>> decode_push(const Frame& frame) {
  std::string_view body = frame.body;
  auto gradient = digits::take_all(body, body.size() / weight_size);
  if (!std::ranges::all_of(gradient, [](double value) { return std::isfinite(value); })) {
    return base::fail(base::Code::corrupt,
                      "push: a number of the gradient is not finite: training diverged, try a "
                      "smaller --learning-rate");
  }
  return gradient;
}

std::uint32_t decode_finished(const Frame& frame) {
  std::string_view body = frame.body;
  return digits::take<std::uint32_t>(body);
}

Weights decode_weights(const Frame& frame) {
  std::string_view body = frame.body;
  Weights weights;
  weights.finished = digits::take<std::uint32_t>(body);
  weights.values = digits::take_all(body, body.size() / weight_size);
  return weights;
}

}  // namespace parameter_server
