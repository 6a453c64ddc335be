#include "lib/http/parser.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <utility>

namespace http {

namespace beast = boost::beast::http;
using boost::beast::error_code;

namespace {

constexpr std::size_t response_header_bytes = std::size_t{64} << 10;

ParseFailure failure(const error_code& error) {
  const int status = error == beast::error::body_limit     ? 413
                     : error == beast::error::header_limit ? 431
                     : error == beast::error::bad_version  ? 505
                                                           : 400;
  return {.status = status, .text = error.message()};
}

template <class Parser>
std::expected<std::size_t, ParseFailure> put(Parser& parser, std::string_view bytes) {
  error_code error;
  const auto n = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != beast::error::need_more) {
    return std::unexpected(failure(error));
  }
  return n;
}

template <class Fields>
Headers to_headers(const Fields& fields) {
  Headers headers;
  for (const auto& field : fields) {
    const std::string value(field.value().data(), field.value().size());
    const auto [at, is_new] = headers.try_emplace(
        std::string(field.name_string().data(), field.name_string().size()), value);
    if (!is_new) {
      at->second += ", " + value;
    }
  }
  return headers;
}

}  // namespace

struct RequestParser::State {
  beast::request_parser<beast::string_body> parser;
};

RequestParser::RequestParser(std::size_t header_bytes, std::size_t body_bytes)
    : state_(std::make_unique<State>()) {
  state_->parser.header_limit(static_cast<std::uint32_t>(header_bytes));
  state_->parser.body_limit(body_bytes);
  state_->parser.eager(true);
}

RequestParser::~RequestParser() = default;

std::expected<std::size_t, ParseFailure> RequestParser::feed(std::string_view bytes) {
  auto n = put(state_->parser, bytes);
  if (n && is_complete()) {
    const auto& message = state_->parser.get();
    if (message.version() >= 11 && message.count(beast::field::host) != 1) {
      return std::unexpected(ParseFailure{.status = 400, .text = "expected one Host header"});
    }
  }
  return n;
}

bool RequestParser::is_complete() const {
  return state_->parser.is_done();
}

bool RequestParser::wants_continue() const {
  const auto& parser = state_->parser;
  return parser.is_header_done() && !parser.is_done() &&
         boost::beast::iequals(parser.get()[beast::field::expect], "100-continue");
}

bool RequestParser::is_http_1_0() const {
  return state_->parser.get().version() < 11;
}

bool RequestParser::keeps_alive() const {
  return state_->parser.keep_alive();
}

Request RequestParser::take() {
  auto message = state_->parser.release();
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.headers = to_headers(message);
  request.body = std::move(message.body());
  return request;
}

struct ResponseParser::State {
  beast::response_parser<beast::string_body> parser;
};

ResponseParser::ResponseParser(bool is_head) : state_(std::make_unique<State>()) {
  state_->parser.header_limit(response_header_bytes);
  state_->parser.body_limit(boost::none);
  state_->parser.eager(true);
  state_->parser.skip(is_head);
}

ResponseParser::~ResponseParser() = default;

std::expected<std::size_t, ParseFailure> ResponseParser::feed(std::string_view bytes) {
  return put(state_->parser, bytes);
}

std::expected<void, ParseFailure> ResponseParser::end() {
  error_code error;
  state_->parser.put_eof(error);
  if (error) {
    return std::unexpected(failure(error));
  }
  return {};
}

bool ResponseParser::has_head() const {
  return state_->parser.is_header_done();
}

bool ResponseParser::is_complete() const {
  return state_->parser.is_done();
}

Response ResponseParser::head() const {
  const auto& message = state_->parser.get();
  Response response;
  response.status = static_cast<int>(message.result_int());
  response.headers = to_headers(message);
  const auto type = response.headers.find("Content-Type");
  response.content_type = type == response.headers.end() ? "" : type->second;
  return response;
}

std::string ResponseParser::take_body() {
  return std::exchange(state_->parser.get().body(), {});
}

}  // namespace http
