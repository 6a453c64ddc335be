#include "lib/http/server.h"

#include <utility>

#include "lib/http/connection.h"
#include "lib/http/status.h"
#include "lib/loop/loop.h"

namespace http {

// Connections above the limit that may be told so at the same time; more are just closed.
constexpr std::size_t n_refused_at_once = 64;

Exchange::~Exchange() {
  if (connection == nullptr) {
    return;
  }
  gone = nullptr;  // it is the server that gives up, not the client
  Connection& open = *std::exchange(connection, nullptr);
  if (is_started) {
    open.close();  // a body cut short must look so to the client
  } else {
    open.send(error_response({base::Code::io, "the request was dropped without an answer"}));
  }
}

Responder::Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

void Responder::send(Response response) {
  if (is_open() && !exchange_->is_started) {
    exchange_->is_started = true;
    exchange_->connection->send(response);
  }
}

void Responder::fail(const base::Error& error) {
  send(error_response(error));
}

ResponseStream Responder::start_stream(Response response) {
  if (is_open() && !exchange_->is_started) {
    exchange_->is_started = true;
    exchange_->connection->start_stream(response);
  }
  return ResponseStream(exchange_);
}

void Responder::on_close(std::function<void()> gone) {
  exchange_->gone = std::move(gone);
}

bool Responder::is_open() const {
  return exchange_->connection != nullptr;
}

ResponseStream::ResponseStream(std::shared_ptr<Exchange> exchange)
    : exchange_(std::move(exchange)) {}

base::Result<void> ResponseStream::write(std::string_view bytes) {
  if (exchange_->connection == nullptr) {
    return base::fail(base::Code::unavailable, "the client is gone");
  }
  return exchange_->connection->send_chunk(bytes);
}

std::size_t ResponseStream::queued_bytes() const {
  return exchange_->connection == nullptr ? 0 : exchange_->connection->queued_bytes();
}

void ResponseStream::finish() {
  if (exchange_->connection != nullptr) {
    exchange_->connection->finish_stream();
  }
}

void Server::State::report(base::Code code, std::string text) const {
  const auto on_problem = options.on_problem;
  if (on_problem) {
    on_problem({code, std::move(text)});
  }
}

void Server::State::accept(loop::Stream stream) {
  if (connections.size() >= options.n_connections + n_refused_at_once) {
    return;
  }
  (void)add(std::move(stream), std::nullopt);
}

std::uint64_t Server::State::add(loop::Stream stream, std::optional<Guest> guest) {
  const auto id = next_id++;
  const bool is_full = connections.size() >= options.n_connections;
  const auto connection = std::make_shared<Connection>(*this, id, std::move(stream));
  connections.emplace(id, connection);
  if (guest && is_full) guest->early.clear();
  connection->start(std::move(guest));
  if (is_full) {
    connection->refuse(
        503, {base::Code::unavailable, "the limit of " + std::to_string(options.n_connections) +
                                           " connections is reached: try again later"});
  }
  return id;
}

Server::GuestId Server::take(loop::Stream stream, Guest guest) {
  return state_->add(std::move(stream), std::move(guest));
}

bool Server::has(GuestId id) const {
  return state_->connections.contains(id);
}

void Server::close(GuestId id) {
  const auto found = state_->connections.find(id);
  if (found == state_->connections.end()) return;
  const auto connection = found->second;
  connection->close();
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::Server(Server&&) noexcept = default;

Server& Server::operator=(Server&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Server::~Server() {
  if (!state_) {
    return;
  }
  state_->listener.reset();
  while (!state_->connections.empty()) {
    const auto connection = state_->connections.begin()->second;
    connection->close();
  }
}

base::Result<Server> Server::open(loop::Loop& loop, const loop::Address& address,
                                  loop::ListenOptions listen, ServerOptions options,
                                  Handler handler) {
  auto state = std::make_unique<State>(loop, std::move(options), std::move(handler));
  auto listener = loop::Listener::open(
      loop, address, listen,
      [server = state.get()](loop::Stream stream) { server->accept(std::move(stream)); });
  if (!listener) {
    return std::unexpected(listener.error());
  }
  state->listener.emplace(std::move(*listener));
  return Server(std::move(state));
}

const loop::Address& Server::address() const {
  return state_->listener->address();
}

std::size_t Server::n_connections() const {
  return state_->connections.size();
}

}  // namespace http
