#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <utility>

#include "lib/base/check.h"
#include "lib/loop/hex.h"
#include "lib/loop/openssl.h"
#include "lib/loop/secret.h"
#include "lib/loop/tls.h"
#include "lib/loop/tls_session.h"

namespace loop {

namespace {

using BioPointer = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using CertificatePointer = std::unique_ptr<X509, FreeWith<X509_free>>;
using ListPointer = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using StackPointer =
    std::unique_ptr<STACK_OF(X509), FreeWith<[](STACK_OF(X509) * all) { sk_X509_free(all); }>>;

BioPointer reader(const std::string& text) {
  return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

base::Result<void> wrong(const std::string& what) {
  const char* words = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return base::fail(base::Code::invalid,
                    what + (words == nullptr ? "" : std::string(": ") + words));
}

base::Result<void> use_own(SSL_CTX* context, const TlsOptions& options) {
  if (options.certificate.empty()) return {};
  const auto certificates = reader(options.certificate);
  const CertificatePointer own(
      PEM_read_bio_X509(certificates.get(), nullptr, no_password, nullptr));
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) {
    return wrong("the own certificate is not one in PEM");
  }
  for (;;) {
    X509* next = PEM_read_bio_X509(certificates.get(), nullptr, no_password, nullptr);
    if (next == nullptr) break;
    SSL_CTX_add_extra_chain_cert(context, next);
  }
  ERR_clear_error();  // the end of the text is an error of PEM_read_bio_X509
  const auto text = reader(options.key);
  const KeyPointer key(PEM_read_bio_PrivateKey(text.get(), nullptr, no_password, nullptr));
  if (!key) return wrong("the own key is not one in PEM");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return wrong("the own key is not that of the own certificate");
  }
  return {};
}

base::Result<void> trust(SSL_CTX* context, const TlsOptions& options) {
  if (options.authority.empty()) return {};
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  const auto text = reader(options.authority);
  const CertificatePointer authority(PEM_read_bio_X509(text.get(), nullptr, no_password, nullptr));
  if (!authority || X509_STORE_add_cert(store, authority.get()) != 1) {
    return wrong("the certificate of the authority is not one in PEM");
  }
  if (options.revoked.empty()) return {};
  const auto list_text = reader(options.revoked);
  const ListPointer list(PEM_read_bio_X509_CRL(list_text.get(), nullptr, no_password, nullptr));
  if (!list || X509_STORE_add_crl(store, list.get()) != 1) {
    return wrong("the revocation list is not one in PEM");
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  return {};
}

std::string fingerprint_of(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest, &size);
  return to_hex({reinterpret_cast<const char*>(digest), size});
}

/// Trusts that certificate of those shown that has the pinned fingerprint, and then verifies as
/// always.
int verify_pinned(X509_STORE_CTX* verification, void* fingerprint) {
  const auto& wanted = *static_cast<const std::string*>(fingerprint);
  const STACK_OF(X509)* shown = X509_STORE_CTX_get0_untrusted(verification);
  const StackPointer trusted(sk_X509_new_null());
  for (int i = 0; i < sk_X509_num(shown); ++i) {
    X509* certificate = sk_X509_value(shown, i);
    if (equal_constant_time(fingerprint_of(certificate), wanted)) {
      sk_X509_push(trusted.get(), certificate);
    }
  }
  X509_STORE_CTX_set0_trusted_stack(verification, trusted.get());
  const int result = X509_verify_cert(verification);
  X509_STORE_CTX_set0_trusted_stack(verification, nullptr);
  return result;
}

/// One name as the extension has it: its length in a byte, then the name.
std::string protocol_entry(const std::string& name) {
  return std::string(1, static_cast<char>(name.size())) + name;
}

constexpr int demand = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

}  // namespace

struct TlsContext::State {
  TlsOptions options;
  ContextPointer client;
  ContextPointer server;
};

namespace {

/// Both ends agree on the protocol, and whether a certificate is needed depends on it.
int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* length,
                    const unsigned char* offered, unsigned n_bytes, void* argument) {
  const auto& options = *static_cast<const TlsOptions*>(argument);
  std::vector<const std::string*> names{&options.protocol, &options.open_protocol};
  for (const auto& name : options.more_protocols) names.push_back(&name);
  for (const std::string* name : names) {
    if (name->empty()) continue;
    // OpenSSL has checked the form: names, each behind a byte with its length.
    for (unsigned at = 0; at < n_bytes; at += 1U + offered[at]) {
      if (std::string_view(reinterpret_cast<const char*>(offered) + at + 1, offered[at]) != *name) {
        continue;
      }
      *chosen = offered + at + 1;
      *length = offered[at];
      // Set each time: a client that is asked for another hello may name another protocol in it.
      const int needed = name == &options.open_protocol ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
      SSL_set_verify(ssl, SSL_VERIFY_PEER | needed, TlsSession::note_refused);
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

base::Result<ContextPointer> make_context(const SSL_METHOD* method, const TlsOptions& options) {
  ContextPointer context(SSL_CTX_new(method), SSL_CTX_free);
  base::check(context != nullptr, "there is memory for OpenSSL");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(context.get(), demand, TlsSession::note_refused);
  if (auto used = use_own(context.get(), options); !used) return std::unexpected(used.error());
  if (auto trusted = trust(context.get(), options); !trusted) {
    return std::unexpected(trusted.error());
  }
  return context;
}

}  // namespace

TlsContext::TlsContext(std::shared_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

base::Result<std::shared_ptr<TlsContext>> TlsContext::make(const TlsOptions& options) {
  auto context = std::shared_ptr<TlsContext>(new TlsContext(nullptr));
  if (auto loaded = context->reload(options); !loaded) return std::unexpected(loaded.error());
  return context;
}

base::Result<void> TlsContext::reload(const TlsOptions& options) {
  auto state = std::make_shared<State>(State{.options = options, .client = {}, .server = {}});
  auto client = make_context(TLS_client_method(), options);
  if (!client) return std::unexpected(client.error());
  auto server = make_context(TLS_server_method(), options);
  if (!server) return std::unexpected(server.error());
  if (!options.protocol.empty()) {
    const auto entry = protocol_entry(options.protocol);
    SSL_CTX_set_alpn_protos(client->get(), reinterpret_cast<const unsigned char*>(entry.data()),
                            static_cast<unsigned>(entry.size()));
    SSL_CTX_set_alpn_select_cb(server->get(), choose_protocol, &state->options);
  }
  if (!options.authority_fingerprint.empty()) {
    SSL_CTX_set_cert_verify_callback(client->get(), verify_pinned,
                                     &state->options.authority_fingerprint);
  }
  state->client = *client;
  state->server = *server;
  state_ = std::move(state);
  return {};
}

// The session keeps all of the state, which the callbacks read.
std::unique_ptr<Shield> TlsContext::make_client() const {
  return std::make_unique<TlsSession>(ContextPointer(state_, state_->client.get()), false);
}

std::unique_ptr<Shield> TlsContext::make_server() const {
  return std::make_unique<TlsSession>(ContextPointer(state_, state_->server.get()), true);
}

}  // namespace loop
