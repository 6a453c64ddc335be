#pragma once
// HTTP/1.1 over lib/loop streams. Requests of one connection are handled one after the other, so
// answers come in order; what a client pipelines waits in a bounded buffer.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/time.h"
#include "lib/http/message.h"
#include "lib/loop/stream.h"

namespace loop {
class Loop;
}

namespace http {

struct ServerOptions {
  std::size_t header_bytes = std::size_t{32} << 10;           // more: 431
  std::size_t body_bytes = std::size_t{8} << 20;              // more: 413
  std::size_t n_connections = 1024;                           // more: 503
  base::Duration idle_timeout = std::chrono::seconds(60);     // between requests
  base::Duration request_timeout = std::chrono::seconds(30);  // for a request to arrive; then 408
  std::size_t queue_bytes = std::size_t{16}
                            << 20;  // unsent bytes of a streaming response; then closed
  /// Told what a log may want to say: malformed requests, consumers that were too slow.
  std::function<void(const base::Error&)> on_problem;
};

class Exchange;

/// The body of a response that goes on: chunks as they come.
class ResponseStream {
 public:
  explicit ResponseStream(std::shared_ptr<Exchange> exchange);
  /// Error unavailable when the client is gone; exhausted, and the connection is closed, when the
  /// client reads so slowly that more than queue_bytes would wait.
  base::Result<void> write(std::string_view bytes);
  std::size_t queued_bytes() const;
  /// Ends the body; the connection is ready for the next request.
  void finish();

 private:
  std::shared_ptr<Exchange> exchange_;
};

/// The answer to one request, now or later. Copies are the same answer; the first send counts, and
/// when all copies go without one the client gets status 500.
class Responder {
 public:
  explicit Responder(std::shared_ptr<Exchange> exchange);
  void send(Response response);
  void fail(const base::Error& error);
  /// Sends the head; response.body, if any, is the first chunk.
  ResponseStream start_stream(Response response);
  /// Calls `gone`, once, if the client leaves before the answer is complete.
  void on_close(std::function<void()> gone);
  bool is_open() const;

 private:
  std::shared_ptr<Exchange> exchange_;
};

class Server {
 public:
  using Handler = std::function<void(Request, Responder)>;

  /// Errors as loop::Listener::open.
  static base::Result<Server> open(loop::Loop& loop, const loop::Address& address,
                                   loop::ListenOptions listen, ServerOptions options,
                                   Handler handler);
  /// Closes all connections at once; open answers see their on_close.
  ~Server();
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;

  const loop::Address& address() const;
  std::size_t n_connections() const;

  /// A connection that was accepted elsewhere.
  struct Guest {
    loop::PeerUser peer;  // who asks
    std::string via;      // who says so
    std::string early;    // what was received already
  };
  using GuestId = std::uint64_t;
  GuestId take(loop::Stream stream, Guest guest);
  bool has(GuestId id) const;
  /// Closes it at once.
  void close(GuestId id);

  struct State;

 private:
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace http
