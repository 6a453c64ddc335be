#include "lib/http/client.h"

#include <optional>
#include <utility>

#include "lib/loop/loop.h"

namespace http {

Client::Client(loop::Address address, ClientOptions options)
    : address_(std::move(address)), options_(options) {}

base::Result<Response> Client::request(Request request) const {
  loop::Loop loop;
  std::optional<base::Result<Response>> answer;
  {
    const Call call(
        loop, address_, std::move(request),
        [&](base::Result<Response> result) {
          answer = std::move(result);
          loop.stop();
        },
        options_);
    loop.run();
  }
  return std::move(*answer);
}

base::Result<Response> Client::request_stream(Request request,
                                              std::function<bool(std::string_view)> take) const {
  loop::Loop loop;
  std::optional<base::Result<Response>> answer;
  {
    Call call(
        loop, address_, std::move(request),
        [&](base::Result<Response> result) {
          answer = std::move(result);
          loop.stop();
        },
        options_);
    call.on_chunk([&](std::string_view bytes) {
      if (!take(bytes)) {
        call.stop();
      }
    });
    loop.run();
  }
  return std::move(*answer);
}

}  // namespace http
