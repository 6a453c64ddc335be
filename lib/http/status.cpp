#include "lib/http/status.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "lib/base/check.h"
#include "lib/base/text.h"

namespace http {

namespace {

struct Phrase {
  int status;
  std::string_view text;
};

// RFC 9110, section 15; those of this server and of servers that the client may meet.
constexpr std::array phrases{
    Phrase{200, "OK"},
    Phrase{201, "Created"},
    Phrase{202, "Accepted"},
    Phrase{204, "No Content"},
    Phrase{304, "Not Modified"},
    Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},
    Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{408, "Request Timeout"},
    Phrase{409, "Conflict"},
    Phrase{410, "Gone"},
    Phrase{412, "Precondition Failed"},
    Phrase{413, "Content Too Large"},
    Phrase{415, "Unsupported Media Type"},
    Phrase{429, "Too Many Requests"},
    Phrase{431, "Request Header Fields Too Large"},
    Phrase{500, "Internal Server Error"},
    Phrase{502, "Bad Gateway"},
    Phrase{503, "Service Unavailable"},
    Phrase{504, "Gateway Timeout"},
    Phrase{505, "HTTP Version Not Supported"},
};

}  // namespace

int to_status(base::Code code) {
  switch (code) {
    case base::Code::invalid:
      return 400;
    case base::Code::denied:
      return 403;
    case base::Code::not_found:
      return 404;
    case base::Code::conflict:
      return 409;
    case base::Code::exhausted:
      return 429;
    case base::Code::io:
    case base::Code::corrupt:
      return 500;
    case base::Code::unavailable:
      return 503;
  }
  base::check(false, "every code has a status");
  return 500;
}

base::Code to_code(int status) {
  switch (status) {
    case 401:
    case 403:
      return base::Code::denied;
    case 404:
    case 410:
      return base::Code::not_found;
    case 409:
    case 412:
      return base::Code::conflict;
    case 413:
    case 429:
    case 431:
      return base::Code::exhausted;
    case 408:
    case 502:
    case 503:
    case 504:
      return base::Code::unavailable;
    default:
      return status >= 500 ? base::Code::io : base::Code::invalid;
  }
}

std::string_view reason_phrase(int status) {
  const auto found = std::ranges::find(phrases, status, &Phrase::status);
  return found == phrases.end() ? std::string_view() : found->text;
}

Response error_response(const base::Error& error) {
  nlohmann::ordered_json body;
  body["error"]["code"] = base::to_text(error.code);
  body["error"]["text"] = error.text;
  // Texts quote what users typed, which need not be UTF-8: what is not is replaced.
  const auto replace = nlohmann::ordered_json::error_handler_t::replace;
  Response response;
  response.status = to_status(error.code);
  response.body = body.dump(-1, ' ', false, replace) + "\n";
  return response;
}

base::Error to_error(const Response& response) {
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  if (body.is_object() && body.contains("error") && body["error"].is_object()) {
    const auto& error = body["error"];
    const auto code = error.contains("code") && error["code"].is_string()
                          ? base::code_from_text(error["code"].get<std::string>())
                          : std::nullopt;
    if (error.contains("text") && error["text"].is_string()) {
      return {code.value_or(to_code(response.status)), error["text"].get<std::string>()};
    }
  }
  const std::string_view line = base::split(response.body, '\n').front();
  return {to_code(response.status), "the server answered with status " +
                                        std::to_string(response.status) +
                                        (line.empty() ? "" : ": " + base::printable(line, 200))};
}

}  // namespace http
