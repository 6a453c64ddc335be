#pragma once
// TLS 1.3 with certificates on both ends, by OpenSSL.

#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/loop/shield.h"

namespace loop {

/// Certificates, keys and lists are text in PEM.
struct TlsOptions {
  std::string certificate = {};  // ours, then those that it leads to; empty: we show none
  std::string key = {};
  std::string authority = {};  // whose certificates are good
  std::string revoked = {};    // its revocation list; empty: nothing is revoked
  /// In place of `authority`, of who dials: SHA-256 of the authority's certificate in hex. The
  /// server shows the certificate itself.
  std::string authority_fingerprint = {};
  /// What is spoken on the connection (RFC 7301); empty: nothing is agreed on.
  std::string protocol = {};
  /// Of who listens: a second protocol, for which the other end may show no certificate.
  std::string open_protocol = {};
  /// Of who listens: others; Stream::protocol() says which was agreed on.
  std::vector<std::string> more_protocols = {};
};

/// Makes connections private. Both ends need a certificate of the authority: one for servers there,
/// one for clients here. No earlier version of TLS, no resumption, no early data.
class TlsContext : public ShieldMaker {
 public:
  /// Errors: invalid, saying which text is wrong.
  static base::Result<std::shared_ptr<TlsContext>> make(const TlsOptions& options);
  ~TlsContext() override;

  /// From now on for new connections; those that are there go on. After an error, as before.
  base::Result<void> reload(const TlsOptions& options);

  std::unique_ptr<Shield> make_client() const override;
  std::unique_ptr<Shield> make_server() const override;

 private:
  struct State;
  explicit TlsContext(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace loop
