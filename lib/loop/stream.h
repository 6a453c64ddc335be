#pragma once
// Connections over Unix and TCP sockets, and TLS on TCP. All objects are move-only, callbacks run
// on the loop, and each object may be destroyed in any of its own callbacks.

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/address.h"
#include "lib/loop/shield.h"

namespace loop {

class Loop;

/// The process at the other end of a Unix socket, as the kernel knows it (SO_PEERCRED, man unix).
struct PeerUser {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  bool operator==(const PeerUser&) const = default;
};

class Stream {
 public:
  /// Calls `take` with what arrives; setting it starts reading. The bytes are valid during the
  /// call.
  void on_data(std::function<void(std::span<const char>)> take);
  /// Calls `ended` once, while reading (see on_data): without error when the peer has sent all
  /// (writing may go on), with error when the connection broke or a write failed.
  void on_end(std::function<void(base::Result<void>)> ended);
  /// Calls `drained` each time that bytes had to wait (queued_bytes() was not 0 after a write) and
  /// all have reached the kernel now.
  void on_drained(std::function<void()> drained);

  /// Queues bytes. Error exhausted when more than the limit would wait, then nothing is queued;
  /// error unavailable once the connection is broken or finish() was called.
  base::Result<void> write(std::string bytes);
  /// Bytes accepted by write() that the kernel has not taken yet.
  std::size_t queued_bytes() const;
  /// Default 64 MiB.
  void set_queue_limit(std::size_t bytes);

  /// Sends what is queued, then tells the peer that nothing more comes. Reading goes on.
  void finish();

  /// Back-pressure: stops and restarts on_data. While paused, the peer's end is not noticed either.
  void pause_reading();
  void resume_reading();

  /// Unix sockets only; error invalid on TCP.
  base::Result<PeerUser> peer_user() const;
  /// Of a TLS connection: whom the certificate of the other end names; nullopt: it showed none.
  std::optional<PeerIdentity> peer_identity() const;
  /// Of a TLS connection: the protocol that both ends speak on it; else empty.
  std::string protocol() const;
  /// The address of the other end of a TCP connection, without the port; else empty.
  std::string peer_host() const;
  /// Of this end, the same.
  std::string own_host() const;

 private:
  friend class Listener;
  friend class Connector;
  struct State;
  struct Close {
    void operator()(State* state) const noexcept;
  };
  explicit Stream(State* state);
  std::unique_ptr<State, Close> state_;
};

struct ListenOptions {
  mode_t mode = 0600;  // of a Unix socket's file
  int backlog = 1024;
  // Of TLS addresses, which need the first.
  std::shared_ptr<const ShieldMaker> tls = nullptr;
  std::size_t n_handshakes = 128;  // at a time; more connections are closed at once
  std::function<void(const std::string& host, const base::Error& why)> on_refused = nullptr;
};

/// A handshake that takes longer is given up, on either end.
constexpr base::Duration handshake_limit = std::chrono::seconds(10);

class Listener {
 public:
  /// Listens and calls `accept` for each connection, of TLS ones after their handshake. A socket
  /// file that nobody listens on is replaced. Errors: conflict when somebody listens there, denied,
  /// invalid, io.
  static base::Result<Listener> open(Loop& loop, const Address& address, ListenOptions options,
                                     std::function<void(Stream)> accept);

  /// With the port the system chose where 0 was asked for.
  const Address& address() const;

 private:
  struct State;
  struct Close {
    void operator()(State* state) const noexcept;
  };
  explicit Listener(State* state);
  std::unique_ptr<State, Close> state_;
};

/// One attempt to connect, with the handshake of TLS; destroying it gives the attempt up. Names are
/// looked up on the thread pool.
class Connector {
 public:
  /// `done` runs once and never inside this call. Error unavailable when nobody listens there
  /// (also: no such file), denied, invalid, io.
  /// `tls` is needed for TLS addresses. The server judges our certificate after we have judged its
  /// own: when it does not like it, on_end of the stream says so.
  Connector(Loop& loop, const Address& address, std::function<void(base::Result<Stream>)> done,
            const std::shared_ptr<const ShieldMaker>& tls = nullptr);

 private:
  struct State;
  struct Forget {
    void operator()(State* state) const noexcept;
  };
  std::unique_ptr<State, Forget> state_;
};

}  // namespace loop
