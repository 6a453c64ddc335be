#pragma once
// Boost.Beast's parser behind values, fed bytes as they come. For the .cpp files of this folder.

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "lib/http/message.h"

namespace http {

/// What is wrong with a message, and the status to answer a request with.
struct ParseFailure {
  int status = 400;
  std::string text;
};

class RequestParser {
 public:
  RequestParser(std::size_t header_bytes, std::size_t body_bytes);
  ~RequestParser();

  /// How many of the bytes, from the front, are used up; the rest must be fed again with more.
  std::expected<std::size_t, ParseFailure> feed(std::string_view bytes);
  bool is_complete() const;
  /// The head is there and the client waits for leave to send the body.
  bool wants_continue() const;
  bool is_http_1_0() const;
  bool keeps_alive() const;
  /// Of a complete request; path, query and peer are not filled in.
  Request take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class ResponseParser {
 public:
  /// `is_head`: the answer to a HEAD request has no body whatever its headers say.
  explicit ResponseParser(bool is_head);
  ~ResponseParser();

  std::expected<std::size_t, ParseFailure> feed(std::string_view bytes);
  /// The connection has ended; failure if the response needed more.
  std::expected<void, ParseFailure> end();
  bool has_head() const;
  bool is_complete() const;
  /// Status and headers, when has_head().
  Response head() const;
  /// What has come of the body since the last call.
  std::string take_body();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace http
