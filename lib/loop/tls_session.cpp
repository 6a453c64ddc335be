#include "lib/loop/tls_session.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>
#include <chrono>
#include <ctime>
#include <utility>

#include "lib/base/check.h"
#include "lib/base/text.h"

namespace loop {

namespace {

constexpr int alerts_begin = 1000;         // SSL_AD_REASON_OFFSET: reasons that the other end gave
constexpr int certificate_required = 116;  // RFC 8446; OpenSSL 3.0 has no words for it

std::string common_name(const X509* certificate) {
  std::array<char, 256> name{};
  const int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                               name.data(), static_cast<int>(name.size()));
  return {name.data(), static_cast<std::size_t>(std::max(length, 0))};
}

std::string serial_of(const X509* certificate) {
  const std::unique_ptr<BIGNUM, FreeWith<BN_free>> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  char* digits = BN_bn2hex(number.get());
  std::string serial = base::to_lower(digits);
  OPENSSL_free(digits);
  return serial;
}

base::Time end_of(const X509* certificate) {
  std::tm parts{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts);
  return base::Time(std::chrono::seconds(timegm(&parts)));
}

std::optional<PeerIdentity> identity_of(const SSL* ssl) {
  const X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return std::nullopt;
  return PeerIdentity{.name = common_name(certificate),
                      .serial = serial_of(certificate),
                      .expires_at = end_of(certificate)};
}

std::string words_of_alert(int alert) {
  if (alert == certificate_required) return "it wants a certificate";
  return SSL_alert_desc_string_long(alert);
}

}  // namespace

TlsSession::TlsSession(ContextPointer context, bool is_server)
    : context_(std::move(context)),
      ssl_(SSL_new(context_.get())),
      from_wire_(BIO_new(BIO_s_mem())),
      to_wire_(BIO_new(BIO_s_mem())) {
  base::check(ssl_ && from_wire_ != nullptr && to_wire_ != nullptr, "there is memory for OpenSSL");
  SSL_set_bio(ssl_.get(), from_wire_, to_wire_);
  SSL_set_app_data(ssl_.get(), this);
  if (is_server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
}

int TlsSession::note_refused(int is_good, X509_STORE_CTX* verification) {
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const X509* shown = X509_STORE_CTX_get0_cert(verification);
  if (is_good == 0 && ssl != nullptr && shown != nullptr) {
    static_cast<TlsSession*>(SSL_get_app_data(ssl))->refused_ = common_name(shown);
  }
  return is_good;
}

/// Why OpenSSL gives up, for people: the certificate, what the other end said, or what is wrong
/// with its bytes.
std::unexpected<base::Error> TlsSession::failure(int result) const {
  const int kind = SSL_get_error(ssl_.get(), result);
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (!is_established_ && SSL_get_verify_result(ssl_.get()) != X509_V_OK) {
    return base::fail(
        base::Code::denied,
        "the certificate of the other end, for '" + base::printable(refused_) +
            "', is refused: " + X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get())));
  }
  const int reason = ERR_GET_REASON(code);
  if (kind == SSL_ERROR_SSL && reason >= alerts_begin) {
    return base::fail(base::Code::denied, "the other end refuses this one by TLS: " +
                                              words_of_alert(reason - alerts_begin));
  }
  const char* words = ERR_reason_error_string(code);
  return base::fail(
      base::Code::corrupt,
      std::string(is_established_ ? "TLS broke: " : "no TLS 1.3 with the other end: ") +
          (words == nullptr ? "no reason known" : words));
}

base::Result<void> TlsSession::greet() {
  return shake_hands();
}

base::Result<void> TlsSession::shake_hands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    is_established_ = true;
    peer_ = identity_of(ssl_.get());
    return {};
  }
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) return {};
  return failure(result);
}

base::Result<void> TlsSession::receive(std::span<const char> bytes) {
  std::size_t n_taken = 0;
  base::check(BIO_write_ex(from_wire_, bytes.data(), bytes.size(), &n_taken) == 1 &&
                  n_taken == bytes.size(),
              "memory takes all bytes");
  if (!is_established_) {
    if (auto shaken = shake_hands(); !shaken || !is_established_) return shaken;
  }
  return open();
}

base::Result<void> TlsSession::open() {
  std::array<char, 16384> block;
  while (!has_peer_finished_) {
    std::size_t n = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), block.data(), block.size(), &n);
    if (result == 1) {
      opened_.append(block.data(), n);
      continue;
    }
    const int kind = SSL_get_error(ssl_.get(), result);
    if (kind == SSL_ERROR_WANT_READ) break;
    if (kind != SSL_ERROR_ZERO_RETURN) return failure(result);
    has_peer_finished_ = true;
  }
  return {};
}

base::Result<void> TlsSession::seal(std::string_view plain) {
  if (plain.empty()) return {};
  std::size_t n = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &n);
  if (result != 1) return failure(result);
  return {};
}

void TlsSession::finish() {
  // 0 says that the other end has not finished yet, below 0 that the connection is broken already.
  (void)SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

std::string TlsSession::take_output() {
  std::string bytes(BIO_ctrl_pending(to_wire_), '\0');
  std::size_t n = 0;
  if (!bytes.empty()) (void)BIO_read_ex(to_wire_, bytes.data(), bytes.size(), &n);
  return bytes;
}

std::string TlsSession::take_opened() {
  return std::exchange(opened_, {});
}

std::string TlsSession::protocol() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

}  // namespace loop
