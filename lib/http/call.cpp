#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/client.h"
#include "lib/http/parser.h"
#include "lib/loop/loop.h"
#include "lib/loop/timer.h"

namespace http {

struct Call::State : std::enable_shared_from_this<State> {
  State(loop::Loop& loop, const Request& r, Done d, ClientOptions o)
      : options(o),
        parser(r.method == "HEAD"),
        timer(loop, [this] { on_timeout(); }),
        done(std::move(d)) {}

  ClientOptions options;
  std::string address;
  std::string request;
  ResponseParser parser;
  loop::Timer timer;
  Done done;
  TakeChunk take;
  std::optional<loop::Connector> connector;
  std::optional<loop::Stream> stream;
  Response response;
  std::string input;
  bool has_head = false;

  bool is_over() const { return done == nullptr; }
  void connected(base::Result<loop::Stream> result);
  void receive(std::string_view bytes);
  void take_body();
  void ended(const base::Result<void>& how);
  void touch();
  void on_timeout();
  void finish(base::Result<Response> result);
  void fail(base::Code code, const std::string& text);
};

static bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

/// The bytes of a request; error invalid for line ends where they would change its meaning.
static base::Result<std::string> to_bytes(const Request& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\n";
  bool is_clean = is_one_line(request.method) && is_one_line(request.target) &&
                  request.target.find(' ') == std::string::npos;
  if (!request.headers.contains("Host")) {
    text += "Host: localhost\r\n";
  }
  for (const auto& [name, value] : request.headers) {
    is_clean = is_clean && is_one_line(name) && is_one_line(value);
    text.append(name).append(": ").append(value).append("\r\n");
  }
  if (!is_clean) {
    return base::fail(base::Code::invalid, "blanks or line ends in the head of a request to '" +
                                               base::printable(request.target) + "'");
  }
  if (!request.body.empty() && !request.headers.contains("Content-Type")) {
    text += "Content-Type: application/json\r\n";
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "Connection: close\r\n\r\n" + request.body;
}

/// Tells the result, once; the state lives on until the Call goes.
void Call::State::finish(base::Result<Response> result) {
  const auto keep = shared_from_this();
  const auto callback = std::exchange(done, nullptr);
  timer.stop();
  stream.reset();
  connector.reset();
  if (callback) {
    callback(std::move(result));
  }
}

void Call::State::fail(base::Code code, const std::string& text) {
  finish(base::fail(code, address + ": " + text));
}

void Call::State::touch() {
  if (options.timeout > base::Duration::zero()) {
    timer.start(options.timeout);
  }
}

void Call::State::on_timeout() {
  fail(base::Code::unavailable, "no answer within " + base::to_text(options.timeout));
}

void Call::State::connected(base::Result<loop::Stream> result) {
  if (!result) {
    finish(std::unexpected(result.error()));
    return;
  }
  stream.emplace(std::move(*result));
  stream->set_queue_limit(SIZE_MAX);
  stream->on_end([this](const base::Result<void>& how) { ended(how); });
  stream->on_data([this](std::span<const char> bytes) { receive({bytes.data(), bytes.size()}); });
  // A connection that is broken already tells by on_end.
  (void)stream->write(std::move(request));
  touch();
}

void Call::State::receive(std::string_view bytes) {
  const auto keep = shared_from_this();
  touch();
  input.append(bytes);
  const auto n_used = parser.feed(input);
  if (!n_used) {
    fail(base::Code::corrupt, "the answer is not HTTP: " + n_used.error().text);
    return;
  }
  input.erase(0, *n_used);
  if (!has_head && parser.has_head()) {
    has_head = true;
    response = parser.head();
  }
  if (has_head) {
    take_body();
  }
  if (!is_over() && parser.is_complete()) {
    finish(std::move(response));
  }
}

void Call::State::take_body() {
  std::string piece = parser.take_body();
  const auto callback = take;
  if (callback && response.is_success()) {
    if (!piece.empty()) {
      callback(piece);
    }
    return;
  }
  response.body += piece;
  if (response.body.size() > options.body_bytes) {
    fail(base::Code::exhausted,
         "the answer has more than " + std::to_string(options.body_bytes) + " bytes");
  }
}

void Call::State::ended(const base::Result<void>& how) {
  const auto keep = shared_from_this();
  if (is_over()) {
    return;
  }
  if (how && has_head && parser.end()) {
    finish(std::move(response));
    return;
  }
  fail(base::Code::unavailable,
       how ? "the server closed the connection before its answer was complete" : how.error().text);
}

Call::Call(loop::Loop& loop, const loop::Address& address, Request request, Done done,
           ClientOptions options)
    : state_(std::make_shared<State>(loop, request, std::move(done), options)) {
  State* state = state_.get();
  state->address = loop::to_text(address);
  auto bytes = to_bytes(request);
  if (!bytes) {
    loop.defer([weak = std::weak_ptr<State>(state_), error = bytes.error()] {
      if (const auto alive = weak.lock(); alive && !alive->is_over()) {
        alive->finish(std::unexpected(error));
      }
    });
    return;
  }
  state->request = std::move(*bytes);
  state->connector.emplace(loop, address, [state](base::Result<loop::Stream> stream) {
    state->connected(std::move(stream));
  });
  state->touch();
}

void Call::on_chunk(TakeChunk take) {
  state_->take = std::move(take);
}

void Call::stop() {
  const auto state = state_;
  if (state->has_head) {
    state->finish(state->response);
  } else {
    state->fail(base::Code::unavailable, "the request was stopped before there was an answer");
  }
}

Call::~Call() {
  if (state_) {
    // Callbacks up the stack may hold the state a little longer; nobody is told any more.
    state_->done = nullptr;
    state_->take = nullptr;
    state_->timer.stop();
    state_->stream.reset();
    state_->connector.reset();
  }
}

Call::Call(Call&&) noexcept = default;

Call& Call::operator=(Call&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

}  // namespace http
