#pragma once
// HTTP requests and responses as plain values (RFC 9110).

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/loop/stream.h"

namespace http {

struct LessIgnoringCase {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};

/// By name, whatever its case; a repeated header is joined by ", ".
using Headers = std::map<std::string, std::string, LessIgnoringCase>;

struct Request {
  std::string method = "GET";
  std::string target = "/";  // as sent: path and query, percent-encoded
  Headers headers;
  std::string body;

  // Filled in by the server:
  std::string path;                          // percent-decoded
  std::map<std::string, std::string> query;  // percent-decoded; of repeated keys the last
  std::optional<loop::PeerUser> peer;        // on Unix sockets, and as Server::take was told
  std::string via;                           // as Server::take was told

  std::optional<std::string_view> header(std::string_view name) const;
  std::optional<std::string_view> parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers;  // besides Content-Type, Content-Length and those of the connection

  bool is_success() const { return status >= 200 && status < 300; }
};

}  // namespace http
