#pragma once
// What makes a connection private, as streams know it: bytes in, bytes out. Streams know no more of
// it, so that programs without private connections are linked without OpenSSL.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace loop {

/// Whom a certificate names that was verified.
struct PeerIdentity {
  std::string name;    // common name of its subject
  std::string serial;  // in hex
  base::Time expires_at;
  bool operator==(const PeerIdentity&) const = default;
};

/// One end of one connection. No I/O.
class Shield {
 public:
  virtual ~Shield() = default;

  /// The first step of the end that dialled. What it says is in take_output().
  virtual base::Result<void> greet() = 0;
  /// Bytes that came over the wire. After an error the connection is dead; why it is may be in
  /// take_output() for the other end.
  virtual base::Result<void> receive(std::span<const char> bytes) = 0;
  virtual base::Result<void> seal(std::string_view plain) = 0;
  /// Says that nothing more comes.
  virtual void finish() = 0;

  /// Bytes to send over the wire.
  virtual std::string take_output() = 0;
  /// What the other end said.
  virtual std::string take_opened() = 0;
  virtual bool has_opened() const = 0;

  virtual bool is_established() const = 0;
  virtual bool has_peer_finished() const = 0;
  virtual std::optional<PeerIdentity> peer() const = 0;
  virtual std::string protocol() const = 0;
};

class ShieldMaker {
 public:
  virtual ~ShieldMaker() = default;
  virtual std::unique_ptr<Shield> make_client() const = 0;
  /// Null: there is none, and the connection is closed.
  virtual std::unique_ptr<Shield> make_server() const = 0;
};

}  // namespace loop
