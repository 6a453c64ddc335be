#pragma once
// One TLS connection over memory (man BIO_s_mem). Only for the .cpp files of this folder.

#include <openssl/ssl.h>

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/loop/openssl.h"
#include "lib/loop/shield.h"

namespace loop {

using SslPointer = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using ContextPointer = std::shared_ptr<SSL_CTX>;

class TlsSession : public Shield {
 public:
  TlsSession(ContextPointer context, bool is_server);

  base::Result<void> greet() override;
  base::Result<void> receive(std::span<const char> bytes) override;
  base::Result<void> seal(std::string_view plain) override;
  void finish() override;
  std::string take_output() override;
  std::string take_opened() override;
  bool has_opened() const override { return !opened_.empty(); }
  bool is_established() const override { return is_established_; }
  bool has_peer_finished() const override { return has_peer_finished_; }
  std::optional<PeerIdentity> peer() const override { return peer_; }
  std::string protocol() const override;

  /// For SSL_CTX_set_verify: OpenSSL's judgement stands, and whose certificate failed is kept.
  static int note_refused(int is_good, X509_STORE_CTX* verification);

 private:
  base::Result<void> shake_hands();
  base::Result<void> open();
  std::unexpected<base::Error> failure(int result) const;

  ContextPointer context_;
  SslPointer ssl_;
  BIO* from_wire_;  // owned by ssl_
  BIO* to_wire_;
  std::string opened_;
  bool is_established_ = false;
  bool has_peer_finished_ = false;
  std::optional<PeerIdentity> peer_;
  std::string refused_;  // whom a certificate names that is not good
};

}  // namespace loop
