#include "lib/pki/certificate.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <chrono>
#include <ctime>
#include <memory>
#include <string_view>

#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/loop/hex.h"
#include "lib/loop/openssl.h"

namespace pki {

namespace {

using loop::FreeWith;
using loop::no_password;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Text = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Cert = std::unique_ptr<X509, FreeWith<X509_free>>;
using Request = std::unique_ptr<X509_REQ, FreeWith<X509_REQ_free>>;
using List = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using Integer = std::unique_ptr<ASN1_INTEGER, FreeWith<ASN1_INTEGER_free>>;
using Moment = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;

constexpr int serial_bits = 126;  // positive, and unique without a counter

Text reader(const std::string& text) {
  return Text(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(BIO* written) {
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(written, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::unexpected<base::Error> wrong(const std::string& what) {
  ERR_clear_error();
  return base::fail(base::Code::invalid, what);
}

base::Result<Key> read_key(const std::string& text) {
  Key key(PEM_read_bio_PrivateKey(reader(text).get(), nullptr, no_password, nullptr));
  if (!key) return wrong("expected a private key in PEM");
  return key;
}

base::Result<Cert> read(const std::string& text) {
  Cert certificate(PEM_read_bio_X509(reader(text).get(), nullptr, no_password, nullptr));
  if (!certificate) return wrong("expected a certificate in PEM");
  return certificate;
}

time_t seconds(base::Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

base::Time time_of(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return base::Time(std::chrono::seconds(timegm(&parts)));
}

void add_name(X509_NAME* name, const char* field, const std::string& text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const int added = X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes,
                                               static_cast<int>(text.size()), -1, 0);
  base::check(added == 1, "a short name fits a certificate");
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  base::check(extension != nullptr, "OpenSSL knows the extensions of certificates");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void set_frame(X509* certificate, const Validity& validity) {
  X509_set_version(certificate, X509_VERSION_3);
  const Number serial(BN_new());
  base::check(BN_rand(serial.get(), serial_bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1,
              "OpenSSL has random numbers");
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate));
  ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(validity.from));
  ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(validity.until));
}

std::string to_pem(X509* certificate) {
  const Text text(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(text.get(), certificate);
  return text_of(text.get());
}

std::string serial_text(const ASN1_INTEGER* serial) {
  const Number number(ASN1_INTEGER_to_BN(serial, nullptr));
  char* digits = BN_bn2hex(number.get());
  auto text = base::to_lower(digits);
  OPENSSL_free(digits);
  return text;
}

bool is_on_p256(EVP_PKEY* key) {
  std::array<char, 32> group{};
  return key != nullptr && EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
         std::string_view(group.data()) == "prime256v1";
}

/// Nothing unsigned leaves this file.
std::unexpected<base::Error> not_signed() {
  const char* why = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return base::fail(base::Code::io, std::string("OpenSSL could not sign: ") +
                                        (why == nullptr ? "no reason is known" : why));
}

/// The authority's certificate and key.
struct Signer {
  Cert certificate;
  Key key;
};

base::Result<Signer> signer_of(const Authority& authority) {
  auto certificate = read(authority.certificate);
  if (!certificate) return std::unexpected(certificate.error().in("the authority"));
  auto key = read_key(authority.key);
  if (!key) return std::unexpected(key.error().in("the authority"));
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    return wrong("the key of the authority is not that of its certificate");
  }
  return Signer{*std::move(certificate), *std::move(key)};
}

}  // namespace

std::string make_key() {
  const Key key(EVP_EC_gen("P-256"));
  base::check(key != nullptr, "OpenSSL makes keys on P-256");
  const Text text(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PKCS8PrivateKey(text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(text.get());
}

base::Result<std::string> make_authority(const std::string& key, const std::string& cluster,
                                         const Validity& validity) {
  const auto own = read_key(key);
  if (!own) return std::unexpected(own.error());
  const Cert certificate(X509_new());
  X509* raw = certificate.get();
  set_frame(raw, validity);
  add_name(X509_get_subject_name(raw), "O", ("Muster cluster " + cluster).substr(0, 64));
  add_name(X509_get_subject_name(raw), "CN", "authority");
  X509_set_issuer_name(raw, X509_get_subject_name(raw));
  X509_set_pubkey(raw, own->get());
  add_extension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(raw, raw, NID_subject_key_identifier, "hash");
  if (X509_sign(raw, own->get(), EVP_sha256()) <= 0) return not_signed();
  return to_pem(raw);
}

base::Result<std::string> make_request(const std::string& key, const std::string& name) {
  const auto own = read_key(key);
  if (!own) return std::unexpected(own.error());
  const Request request(X509_REQ_new());
  add_name(X509_REQ_get_subject_name(request.get()), "CN", name);
  X509_REQ_set_pubkey(request.get(), own->get());
  if (X509_REQ_sign(request.get(), own->get(), EVP_sha256()) <= 0) return not_signed();
  const Text text(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_REQ(text.get(), request.get());
  return text_of(text.get());
}

base::Result<std::string> sign_request(const Authority& authority, const std::string& request,
                                       const Subject& subject, const Validity& validity) {
  const auto signer = signer_of(authority);
  if (!signer) return std::unexpected(signer.error());
  const Request asked(PEM_read_bio_X509_REQ(reader(request).get(), nullptr, no_password, nullptr));
  if (!asked) return wrong("expected a request for a certificate in PEM");
  EVP_PKEY* key = X509_REQ_get0_pubkey(asked.get());
  if (!is_on_p256(key)) return wrong("expected a request for a certificate with a key on P-256");
  if (X509_REQ_verify(asked.get(), key) != 1) {
    return wrong("the request for a certificate is not signed with its own key");
  }
  const Cert certificate(X509_new());
  X509* raw = certificate.get();
  X509* issuer = signer->certificate.get();
  set_frame(raw, validity);
  X509_set_issuer_name(raw, X509_get_subject_name(issuer));
  add_name(X509_get_subject_name(raw), "CN", subject.name);
  X509_set_pubkey(raw, key);
  add_extension(raw, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(raw, issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(raw, issuer, NID_ext_key_usage,
                subject.role == Role::controller ? "serverAuth" : "clientAuth");
  add_extension(raw, issuer, NID_authority_key_identifier, "keyid:always");
  if (X509_sign(raw, signer->key.get(), EVP_sha256()) <= 0) return not_signed();
  return to_pem(raw);
}

base::Result<Certificate> read_certificate(const std::string& text) {
  const auto certificate = read(text);
  if (!certificate) return std::unexpected(certificate.error());
  const X509* raw = certificate->get();
  char name[256]{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(raw), NID_commonName, name, sizeof name);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  X509_digest(raw, EVP_sha256(), digest, &size);
  return Certificate{
      .name = name,
      .serial = serial_text(X509_get0_serialNumber(raw)),
      .fingerprint = loop::to_hex({reinterpret_cast<const char*>(digest), size}),
      .validity = {time_of(X509_get0_notBefore(raw)), time_of(X509_get0_notAfter(raw))}};
}

base::Result<std::string> make_revocation_list(const Authority& authority,
                                               const std::vector<Revoked>& revoked,
                                               const Validity& validity) {
  const auto signer = signer_of(authority);
  if (!signer) return std::unexpected(signer.error());
  const List list(X509_CRL_new());
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(signer->certificate.get()));
  X509_CRL_set1_lastUpdate(list.get(),
                           Moment(ASN1_TIME_set(nullptr, seconds(validity.from))).get());
  X509_CRL_set1_nextUpdate(list.get(),
                           Moment(ASN1_TIME_set(nullptr, seconds(validity.until))).get());
  for (const auto& each : revoked) {
    BIGNUM* parsed = nullptr;
    const auto n_digits = static_cast<std::size_t>(BN_hex2bn(&parsed, each.serial.c_str()));
    const Number number(parsed);
    if (!number || n_digits != each.serial.size()) {
      return wrong("'" + base::printable(each.serial) + "' is not a serial number in hex");
    }
    const Integer serial(BN_to_ASN1_INTEGER(number.get(), nullptr));
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, serial.get());
    X509_REVOKED_set_revocationDate(entry, Moment(ASN1_TIME_set(nullptr, seconds(each.at))).get());
    X509_CRL_add0_revoked(list.get(), entry);
  }
  X509_CRL_sort(list.get());
  if (X509_CRL_sign(list.get(), signer->key.get(), EVP_sha256()) <= 0) return not_signed();
  const Text text(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_CRL(text.get(), list.get());
  return text_of(text.get());
}

bool is_to_renew(const Validity& validity, base::Time now) {
  const auto made = validity.from + clock_skew;
  return now >= made + (validity.until - made) * 2 / 3;
}

}  // namespace pki
