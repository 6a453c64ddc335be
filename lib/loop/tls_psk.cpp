#include "lib/loop/tls_psk.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

#include <array>
#include <string_view>

#include "lib/base/check.h"
#include "lib/loop/openssl.h"
#include "lib/loop/tls_session.h"

namespace loop {

namespace {

constexpr std::string_view purpose = "muster-step tls13 psk";  // keys for others differ
constexpr const char* suite_name = "TLS_AES_128_GCM_SHA256";
constexpr std::array<unsigned char, 2> suite_number{0x13, 0x01};

using SessionPointer = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;
using Key = std::array<unsigned char, 32>;

Key key_of(const std::string& secret) {
  Key key{};
  unsigned size = 0;
  const auto* made = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                          reinterpret_cast<const unsigned char*>(purpose.data()), purpose.size(),
                          key.data(), &size);
  base::check(made != nullptr && size == key.size(), "OpenSSL computes an HMAC-SHA256");
  return key;
}

}  // namespace

struct TlsPsk::State {
  std::string identity;
  Key key;
  ContextPointer client;
  ContextPointer server;
};

namespace {

/// What both callbacks find: OpenSSL's form of a key that was agreed on elsewhere.
SessionPointer session_of(SSL* ssl, const Key& key) {
  SessionPointer session(SSL_SESSION_new());
  const SSL_CIPHER* suite = SSL_CIPHER_find(ssl, suite_number.data());
  base::check(session != nullptr && suite != nullptr, "OpenSSL has the suite of TLS 1.3");
  SSL_SESSION_set1_master_key(session.get(), key.data(), key.size());
  SSL_SESSION_set_cipher(session.get(), suite);
  SSL_SESSION_set_protocol_version(session.get(), TLS1_3_VERSION);
  return session;
}

template <class State>
const State& state_of(SSL* ssl) {
  return *static_cast<const State*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

template <class State>
int offer_key(SSL* ssl, const EVP_MD* /*wanted*/, const unsigned char** identity,
              std::size_t* length, SSL_SESSION** session) {
  const auto& state = state_of<State>(ssl);
  *identity = reinterpret_cast<const unsigned char*>(state.identity.data());
  *length = state.identity.size();
  *session = session_of(ssl, state.key).release();
  return 1;
}

/// An identity that is not known is no error of OpenSSL's: without a certificate the handshake
/// fails then.
template <class State>
int find_key(SSL* ssl, const unsigned char* identity, std::size_t length, SSL_SESSION** session) {
  const auto& state = state_of<State>(ssl);
  const bool is_known =
      std::string_view(reinterpret_cast<const char*>(identity), length) == state.identity;
  *session = is_known ? session_of(ssl, state.key).release() : nullptr;
  return 1;
}

ContextPointer make_psk_context(const SSL_METHOD* method, void* state) {
  ContextPointer context(SSL_CTX_new(method), SSL_CTX_free);
  base::check(context != nullptr, "there is memory for OpenSSL");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context.get(), suite_name);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_app_data(context.get(), state);
  return context;
}

}  // namespace

TlsPsk::TlsPsk(const PskOptions& options)
    : state_(std::make_shared<State>(State{.identity = options.identity,
                                           .key = key_of(options.secret),
                                           .client = {},
                                           .server = {}})) {
  state_->client = make_psk_context(TLS_client_method(), state_.get());
  // Nobody's certificate is good: a server that does not know the key has no other way in.
  SSL_CTX_set_verify(state_->client.get(), SSL_VERIFY_PEER, TlsSession::note_refused);
  SSL_CTX_set_psk_use_session_callback(state_->client.get(), offer_key<State>);
  state_->server = make_psk_context(TLS_server_method(), state_.get());
  SSL_CTX_set_psk_find_session_callback(state_->server.get(), find_key<State>);
}

TlsPsk::~TlsPsk() = default;

// The session keeps all of the state, which the callbacks read.
std::unique_ptr<Shield> TlsPsk::make_client() const {
  return std::make_unique<TlsSession>(ContextPointer(state_, state_->client.get()), false);
}

std::unique_ptr<Shield> TlsPsk::make_server() const {
  return std::make_unique<TlsSession>(ContextPointer(state_, state_->server.get()), true);
}

}  // namespace loop
