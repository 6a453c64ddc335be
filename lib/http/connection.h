#pragma once
// One connection of a Server, and the exchange it is busy with. For the .cpp files of this folder.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/http/parser.h"
#include "lib/http/server.h"
#include "lib/loop/timer.h"

namespace http {

class Connection;

/// What Responder and ResponseStream share. Lives as long as they do; the connection may go before.
class Exchange {
 public:
  explicit Exchange(Connection& on) : connection(&on) {}
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Connection* connection;  // null once the answer is complete or the client gone
  bool is_started = false;
  std::function<void()> gone;
};

struct Server::State {
  State(loop::Loop& l, ServerOptions o, Handler h)
      : loop(l), options(std::move(o)), handler(std::move(h)) {}

  loop::Loop& loop;
  ServerOptions options;
  Handler handler;
  std::optional<loop::Listener> listener;
  std::map<std::uint64_t, std::shared_ptr<Connection>> connections;
  std::uint64_t next_id = 1;

  void accept(loop::Stream stream);
  std::uint64_t add(loop::Stream stream, std::optional<Guest> guest);
  void report(base::Code code, std::string text) const;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Server::State& server, std::uint64_t id, loop::Stream stream);

  void start(std::optional<Server::Guest> guest);
  /// Answers with the error, tells the log, and lets the client go.
  void refuse(int status, const base::Error& error);
  /// Ends it now. The object itself goes at the end of the turn.
  void close();

  // For the exchange in progress:
  void send(const Response& response);
  void start_stream(const Response& response);
  base::Result<void> send_chunk(std::string_view bytes);
  void finish_stream();
  std::size_t queued_bytes() const { return stream_ ? stream_->queued_bytes() : 0; }

 private:
  enum class Phase { idle, receiving, answering, leaving };

  void receive(std::string_view bytes);
  void advance();
  bool parse_some();
  void dispatch();
  void complete();
  void leave();
  void be_idle();
  void on_timeout();
  bool write(std::string bytes);
  std::string head(const Response& response, std::string_view length) const;

  Server::State* server_;
  std::uint64_t id_;
  std::optional<loop::Stream> stream_;
  loop::Timer timer_;
  Phase phase_ = Phase::idle;
  std::string input_;
  std::optional<Server::Guest> guest_;
  std::unique_ptr<RequestParser> parser_;
  Exchange* exchange_ = nullptr;
  bool keeps_alive_ = true;
  bool is_head_ = false;
  bool is_http_1_0_ = false;
  bool has_continued_ = false;
  bool is_advancing_ = false;
  bool has_client_ended_ = false;
  std::size_t unsent_bytes_ = 0;  // at the last look of the idle timer
};

}  // namespace http
