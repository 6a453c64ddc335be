#include "lib/pki/identity.h"

#include <unistd.h>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/tls.h"

namespace pki {

namespace {

constexpr std::size_t pem_limit = std::size_t{1} << 20;

}  // namespace

bool Identity::exists() const {
  return ::access(node_file().c_str(), F_OK) == 0;
}

base::Result<void> Identity::keep(const std::string& name, const std::string& key,
                                  const model::JoinReply& reply) const {
  const auto certificate = read_certificate(reply.certificate);
  if (!certificate) return std::unexpected(certificate.error().in("the controller's answer"));
  if (certificate->name != name) {
    return base::fail(base::Code::invalid, "the controller gave a certificate for '" +
                                               base::printable(certificate->name) + "', not for '" +
                                               name + "'");
  }
  // What is good is not given up for what would not work.
  const auto usable = loop::TlsContext::make({.certificate = reply.certificate,
                                              .key = key,
                                              .authority = reply.authority,
                                              .revoked = {},
                                              .authority_fingerprint = {},
                                              .protocol = {},
                                              .open_protocol = {}});
  const auto authority = read_certificate(reply.authority);
  if (!authority) return std::unexpected(authority.error().in("the controller's answer"));
  if (!usable) return std::unexpected(usable.error().in("the controller's answer"));
  if (auto made = loop::make_directories(folder_, 0700); !made) return made;
  const loop::WriteOptions for_owner{.mode = 0600, .sync = true};
  if (auto kept = loop::write_file_atomic(authority_file(), reply.authority, for_owner); !kept) {
    return kept;
  }
  return loop::write_file_atomic(node_file(), reply.certificate + key, for_owner);
}

base::Result<Certificate> Identity::certificate() const {
  const auto text = loop::read_file(node_file(), pem_limit);
  if (!text) return std::unexpected(text.error());
  auto certificate = read_certificate(*text);
  if (!certificate) return std::unexpected(certificate.error().in(node_file()));
  return certificate;
}

base::Result<loop::TlsOptions> Identity::options(const std::string& protocol) const {
  auto own = loop::read_file(node_file(), pem_limit);
  if (!own) return std::unexpected(own.error());
  auto authority = loop::read_file(authority_file(), pem_limit);
  if (!authority) return std::unexpected(authority.error());
  return loop::TlsOptions{.certificate = *own,
                          .key = *own,
                          .authority = *std::move(authority),
                          .revoked = {},
                          .authority_fingerprint = {},
                          .protocol = protocol,
                          .open_protocol = {}};
}

}  // namespace pki
