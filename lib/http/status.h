#pragma once
// The one place that maps base::Code to HTTP status and back, and errors to JSON bodies and back.

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/http/message.h"

namespace http {

/// invalid 400, denied 403, not_found 404, conflict 409, exhausted 429, io and corrupt 500,
/// unavailable 503.
int to_status(base::Code code);
/// The nearest code for any error status (400 and above).
base::Code to_code(int status);
/// "Not Found" for 404; "" for a number without a name.
std::string_view reason_phrase(int status);

/// {"error":{"code":"invalid","text":"..."}} with the status of its code.
Response error_response(const base::Error& error);
/// The error in such a body; of any other body, its first line with the status' code.
base::Error to_error(const Response& response);

}  // namespace http
