#include <optional>
#include <utility>

#include "lib/loop/loop.h"
#include "lib/loop/stream_state.h"
#include "lib/loop/timer.h"

namespace loop {

struct Connector::State {
  uv_connect_t connect{};
  uv_getaddrinfo_t lookup{};
  std::shared_ptr<State> self;  // until the owner and the request in flight have let go
  bool is_in_flight = false;
  bool is_forgotten = false;
  Address address;
  Stream stream;
  std::function<void(base::Result<Stream>)> done;
  std::shared_ptr<const ShieldMaker> tls;
  std::optional<Timer> limit;  // of TLS connections

  State(Loop& loop, const Address& to) : address(to), stream(new Stream::State(loop, to)) {}

  int start(uv_loop_t* loop);
  int look_up(uv_loop_t* loop, const TcpAddress& tcp);
  void found(int status, addrinfo* names);
  void connected(int status);
  void greet();
  void give_up();
  void complete(base::Result<Stream> result);
  base::Error error(int status) const;
};

void Connector::Forget::operator()(State* state) const noexcept {
  state->is_forgotten = true;
  state->done = nullptr;
  state->limit.reset();
  if (state->is_in_flight) {
    // Fails for what cannot be cancelled any more; the callback frees in both cases.
    (void)uv_cancel(reinterpret_cast<uv_req_t*>(&state->lookup));
  }
  state->stream.state_.reset();
  if (!state->is_in_flight) {
    state->self.reset();
  }
}

base::Error Connector::State::error(int status) const {
  auto error = uv_error(status, "cannot connect to " + to_text(address));
  if (error.code == base::Code::not_found || error.code == base::Code::io) {
    error.code = base::Code::unavailable;
  }
  return error;
}

/// Hands over the result, unless nobody waits for it any more; `this` may be gone afterwards.
void Connector::State::complete(base::Result<Stream> result) {
  const auto keep = self;
  if (is_forgotten) {
    self.reset();
    return;
  }
  limit.reset();
  const auto callback = std::exchange(done, nullptr);
  if (callback) {  // else it was given up
    callback(std::move(result));
  }
}

void Connector::State::greet() {
  auto shield = tls->make_client();
  const auto hello = shield->greet();
  if (!hello) {
    complete(std::unexpected(hello.error().in("cannot connect to " + to_text(address))));
    return;
  }
  stream.state_->greet(std::move(shield), [this](const base::Result<void>& how) {
    if (how) {
      complete(std::move(stream));
    } else {
      complete(std::unexpected(how.error().in("cannot connect to " + to_text(address))));
    }
  });
}

/// What is in flight finds neither a stream nor somebody who waits.
void Connector::State::give_up() {
  stream.state_.reset();
  complete(std::unexpected(base::Error{
      base::Code::unavailable, "cannot connect to " + to_text(address) + ": no answer within " +
                                   base::to_text(base::Duration(handshake_limit))}));
}

void Connector::State::connected(int status) {
  is_in_flight = false;
  if (status < 0) {
    complete(std::unexpected(error(status)));
  } else if (is_forgotten) {
    self.reset();
  } else if (tls) {
    greet();
  } else {
    complete(std::move(stream));
  }
}

void Connector::State::found(int status, addrinfo* names) {
  is_in_flight = false;
  const auto on_connect = [](uv_connect_t* request, int result) noexcept {
    static_cast<State*>(request->data)->connected(result);
  };
  const bool is_wanted = !is_forgotten && stream.state_ != nullptr;
  if (status == 0 && is_wanted) {
    uv_tcp_t* tcp = &stream.state_->tcp;
    status = uv_tcp_connect(&connect, tcp, names->ai_addr, on_connect);
    if (status == 0) {
      uv_tcp_nodelay(tcp, 1);
      is_in_flight = true;
    }
  }
  uv_freeaddrinfo(names);
  if (!is_in_flight) {
    complete(std::unexpected(error(is_wanted ? status : UV_ECANCELED)));
  }
}

int Connector::State::look_up(uv_loop_t* loop, const TcpAddress& tcp) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const auto on_found = [](uv_getaddrinfo_t* request, int status, addrinfo* names) noexcept {
    static_cast<State*>(request->data)->found(status, names);
  };
  const std::string port = std::to_string(tcp.port);
  return uv_getaddrinfo(loop, &lookup, on_found, tcp.host.c_str(), port.c_str(), &hints);
}

int Connector::State::start(uv_loop_t* loop) {
  connect.data = this;
  lookup.data = this;
  if (const auto* tcp = tcp_part(address)) {
    return look_up(loop, *tcp);
  }
  const auto on_connect = [](uv_connect_t* request, int status) noexcept {
    static_cast<State*>(request->data)->connected(status);
  };
  const std::string& path = std::get<UnixAddress>(address).path;
  uv_pipe_connect(&connect, &stream.state_->local, path.c_str(), on_connect);
  return 0;
}

Connector::Connector(Loop& loop, const Address& address,
                     std::function<void(base::Result<Stream>)> done,
                     const std::shared_ptr<const ShieldMaker>& tls) {
  const auto state = std::make_shared<State>(loop, address);
  state->self = state;
  state->done = std::move(done);
  state->tls = tls;
  state_.reset(state.get());
  auto valid = parse_address(to_text(address));
  if (valid && std::holds_alternative<TlsAddress>(address) != (tls != nullptr)) {
    valid = base::fail(base::Code::invalid, "cannot connect to " + to_text(address) +
                                                ": TLS needs a certificate, and only TLS does");
  }
  if (valid && tls) {
    state->limit.emplace(loop, [raw = state.get()] { raw->give_up(); });
    state->limit->start(handshake_limit);
  }
  const int status = valid ? state->start(loop.raw()) : 0;
  state->is_in_flight = valid && status == 0;
  if (!state->is_in_flight) {
    auto error = valid ? state->error(status) : valid.error();
    loop.defer([state, error = std::move(error)] { state->complete(std::unexpected(error)); });
  }
}

}  // namespace loop
