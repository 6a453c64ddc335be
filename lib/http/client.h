#pragma once
// HTTP/1.1 requests: Call on a loop, Client for programs that just wait. One connection per
// request.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/time.h"
#include "lib/http/message.h"
#include "lib/loop/address.h"

namespace loop {
class Loop;
}

namespace http {

struct ClientOptions {
  base::Duration timeout = std::chrono::seconds(60);  // without a byte from the server; 0: none
  std::size_t body_bytes = std::size_t{256} << 20;    // of a response that is not streamed
};

/// One request on a loop. Destroying it, also in its own callbacks, gives the request up.
class Call {
 public:
  using Done = std::function<void(base::Result<Response>)>;
  using TakeChunk = std::function<void(std::string_view)>;

  /// `done` runs once. Any status is a Response; an Error means that there is none: unavailable
  /// (nobody listens, cut off, timeout), corrupt (not HTTP), exhausted (body too large).
  Call(loop::Loop& loop, const loop::Address& address, Request request, Done done,
       ClientOptions options = {});
  /// Streams: the body of a successful response goes to `take` as it comes, not into the Response.
  void on_chunk(TakeChunk take);
  /// Ends the request: `done` gets the Response so far, or error unavailable if there is none yet.
  void stop();

  ~Call();
  Call(Call&&) noexcept;
  Call& operator=(Call&&) noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// For the command line: waits for the answer on a loop of its own.
class Client {
 public:
  explicit Client(loop::Address address, ClientOptions options = {});

  /// Errors as Call; "nobody listens" names the address.
  base::Result<Response> request(Request request) const;
  /// `take` gets each piece of a successful response's body as it comes and says whether to go on;
  /// false ends the request with the Response so far.
  base::Result<Response> request_stream(Request request,
                                        std::function<bool(std::string_view)> take) const;

 private:
  loop::Address address_;
  ClientOptions options_;
};

}  // namespace http
