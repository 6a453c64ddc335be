#include "lib/http/connection.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/status.h"
#include "lib/http/target.h"
#include "lib/loop/loop.h"

namespace http {

// What a client may send ahead of its turn before it is no longer read.
constexpr std::size_t pipeline_bytes = std::size_t{256} << 10;

Connection::Connection(Server::State& server, std::uint64_t id, loop::Stream stream)
    : server_(&server),
      id_(id),
      stream_(std::move(stream)),
      timer_(server.loop, [this] { on_timeout(); }) {}

void Connection::start(std::optional<Server::Guest> guest) {
  guest_ = std::move(guest);
  stream_->set_queue_limit(
      SIZE_MAX);  // whole answers always fit; streams are limited in send_chunk
  stream_->on_drained([this] {
    if (has_client_ended_) {
      close();
    }
  });
  stream_->on_end([this](const base::Result<void>& how) {
    // A client may end its side early and still take an answer that is on its way.
    has_client_ended_ = how && phase_ != Phase::answering && queued_bytes() > 0;
    if (!has_client_ended_) {
      close();
    }
  });
  stream_->on_data([this](std::span<const char> bytes) { receive({bytes.data(), bytes.size()}); });
  if (stream_) {
    be_idle();
  }
  if (stream_ && guest_ && !guest_->early.empty()) {
    receive(std::exchange(guest_->early, {}));
  }
}

void Connection::be_idle() {
  phase_ = Phase::idle;
  unsent_bytes_ = queued_bytes();
  timer_.start(server_->options.idle_timeout);
}

void Connection::on_timeout() {
  const auto keep = shared_from_this();
  if (phase_ == Phase::receiving) {
    refuse(408, {base::Code::unavailable, "the request did not arrive in " +
                                              base::to_text(server_->options.request_timeout)});
  } else if (queued_bytes() < unsent_bytes_) {
    unsent_bytes_ = queued_bytes();  // the client is still taking its answer
    timer_.start(server_->options.idle_timeout);
  } else {
    close();
  }
}

void Connection::close() {
  if (!stream_) {
    return;
  }
  const auto keep = shared_from_this();
  stream_.reset();
  timer_.stop();
  server_->connections.erase(id_);
  // Callers up the stack still use this object.
  server_->loop.defer([keep] {});
  if (Exchange* exchange = std::exchange(exchange_, nullptr)) {
    exchange->connection = nullptr;
    const auto gone = std::exchange(exchange->gone, nullptr);
    if (gone) {
      gone();
    }
  }
}

void Connection::receive(std::string_view bytes) {
  if (phase_ == Phase::leaving) {
    return;
  }
  input_.append(bytes);
  if (phase_ == Phase::answering && input_.size() > pipeline_bytes) {
    stream_->pause_reading();
    return;
  }
  const auto keep = shared_from_this();
  advance();
}

/// Takes requests from the input until one waits for its answer or more bytes are needed.
void Connection::advance() {
  if (is_advancing_) {
    return;
  }
  is_advancing_ = true;
  while (stream_ && (phase_ == Phase::idle || phase_ == Phase::receiving) && parse_some()) {
    dispatch();
  }
  is_advancing_ = false;
}

/// True when a request is complete.
bool Connection::parse_some() {
  if (phase_ == Phase::idle) {
    // Empty lines before a request are to be ignored (RFC 9112, section 2.2).
    input_.erase(0, std::min(input_.find_first_not_of("\r\n"), input_.size()));
  }
  if (input_.empty()) {
    return false;
  }
  if (phase_ == Phase::idle) {
    const auto& options = server_->options;
    parser_ = std::make_unique<RequestParser>(options.header_bytes, options.body_bytes);
    has_continued_ = false;
    phase_ = Phase::receiving;
    timer_.start(options.request_timeout);
  }
  const auto n_used = parser_->feed(input_);
  if (!n_used) {
    const auto code = n_used.error().status == 413 ? base::Code::exhausted : base::Code::invalid;
    refuse(n_used.error().status,
           {code, "not a request that can be served: " + n_used.error().text});
    return false;
  }
  input_.erase(0, *n_used);
  if (!parser_->is_complete() && parser_->wants_continue() && !has_continued_) {
    has_continued_ = true;
    write("HTTP/1.1 100 Continue\r\n\r\n");
  }
  return parser_->is_complete();
}

void Connection::dispatch() {
  phase_ = Phase::answering;
  timer_.stop();
  keeps_alive_ = parser_->keeps_alive();
  is_http_1_0_ = parser_->is_http_1_0();
  Request request = parser_->take();
  is_head_ = request.method == "HEAD";
  const auto exchange = std::make_shared<Exchange>(*this);
  exchange_ = exchange.get();
  Responder responder(exchange);
  auto target = parse_target(request.target);
  if (!target) {
    responder.fail(target.error());
    return;
  }
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  if (guest_) {
    request.peer = guest_->peer;
    request.via = guest_->via;
  } else if (const auto peer = stream_->peer_user()) {
    request.peer = *peer;
  }
  const auto handler = server_->handler;
  handler(std::move(request), std::move(responder));
}

void Connection::refuse(int status, const base::Error& error) {
  server_->report(error.code, error.text);
  Response response = error_response(error);
  response.status = status;
  keeps_alive_ = false;
  write(head(response, "Content-Length: " + std::to_string(response.body.size())) + response.body);
  leave();
}

/// Sends what is queued, then waits a little for the client to go: closing at once could cost it
/// the answer while it still sends.
void Connection::leave() {
  phase_ = Phase::leaving;
  input_.clear();
  if (stream_) {
    stream_->finish();
    stream_->resume_reading();
    unsent_bytes_ = queued_bytes();
    timer_.start(std::min<base::Duration>(server_->options.idle_timeout, std::chrono::seconds(5)));
  }
}

/// The answer is out: the next request of this connection has its turn, in a later callback.
void Connection::complete() {
  if (exchange_ != nullptr) {
    exchange_->connection = nullptr;
    exchange_->gone = nullptr;
    exchange_ = nullptr;
  }
  if (!keeps_alive_) {
    leave();
    return;
  }
  be_idle();
  if (!is_advancing_) {
    server_->loop.defer([self = shared_from_this()] {
      if (self->stream_) {
        self->advance();
      }
      if (self->stream_ && self->phase_ != Phase::answering) {
        self->stream_->resume_reading();
      }
    });
  }
}

bool Connection::write(std::string bytes) {
  if (stream_ && stream_->write(std::move(bytes))) {
    return true;
  }
  close();
  return false;
}

std::string Connection::head(const Response& response, std::string_view length) const {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text.append(reason_phrase(response.status)).append("\r\n");
  if (!response.content_type.empty()) {
    text.append("Content-Type: ").append(response.content_type).append("\r\n");
  }
  for (const auto& [name, value] : response.headers) {
    text.append(name).append(": ").append(value).append("\r\n");
  }
  if (!length.empty()) {
    text.append(length).append("\r\n");
  }
  if (!keeps_alive_) {
    text.append("Connection: close\r\n");
  } else if (is_http_1_0_) {
    text.append("Connection: keep-alive\r\n");
  }
  return text.append("\r\n");
}

void Connection::send(const Response& response) {
  const auto keep = shared_from_this();
  const bool has_body = response.status != 204 && response.status != 304;
  std::string text =
      head(response, has_body ? "Content-Length: " + std::to_string(response.body.size()) : "");
  if (has_body && !is_head_) {
    text += response.body;
  }
  if (write(std::move(text))) {
    complete();
  }
}

void Connection::start_stream(const Response& response) {
  const auto keep = shared_from_this();
  // HTTP/1.0 has no chunks: the body ends with the connection.
  keeps_alive_ = keeps_alive_ && !is_http_1_0_;
  if (write(head(response, is_http_1_0_ ? "" : "Transfer-Encoding: chunked")) &&
      !response.body.empty()) {
    // A client that is gone is told by on_close.
    (void)send_chunk(response.body);
  }
}

base::Result<void> Connection::send_chunk(std::string_view bytes) {
  if (bytes.empty() || is_head_) {
    return {};
  }
  const auto keep = shared_from_this();
  const std::size_t limit = server_->options.queue_bytes;
  if (queued_bytes() + bytes.size() > limit) {
    base::Error error{base::Code::exhausted, "a client reads too slowly: more than " +
                                                 std::to_string(limit) +
                                                 " bytes would wait for it"};
    server_->report(error.code, error.text);
    close();
    return std::unexpected(std::move(error));
  }
  std::string chunk;
  if (!is_http_1_0_) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t rest = bytes.size(); rest > 0; rest /= 16) {
      chunk.insert(chunk.begin(), digits[rest % 16]);
    }
    chunk += "\r\n";
  }
  chunk.append(bytes).append(is_http_1_0_ ? "" : "\r\n");
  if (!write(std::move(chunk))) {
    return base::fail(base::Code::unavailable, "the client is gone");
  }
  return {};
}

void Connection::finish_stream() {
  const auto keep = shared_from_this();
  if (is_http_1_0_ || is_head_ || write("0\r\n\r\n")) {
    complete();
  }
}

}  // namespace http
