#pragma once
// The certificate of a machine, in a folder of its own: node.pem (certificate and key) and
// authority.crt.

#include <string>
#include <utility>

#include "lib/base/result.h"
#include "lib/loop/tls.h"
#include "lib/model/join.h"
#include "lib/pki/certificate.h"

namespace pki {

class Identity {
 public:
  explicit Identity(std::string folder) : folder_(std::move(folder)) {}

  bool exists() const;
  std::string node_file() const { return folder_ + "/node.pem"; }
  /// Puts what the controller gave for this key in the place of what is there. Errors: invalid for
  /// an answer that does not fit the name; those of the file system.
  base::Result<void> keep(const std::string& name, const std::string& key,
                          const model::JoinReply& reply) const;
  base::Result<Certificate> certificate() const;
  /// For who dials the controller with this certificate.
  base::Result<loop::TlsOptions> options(const std::string& protocol) const;

 private:
  std::string authority_file() const { return folder_ + "/authority.crt"; }

  std::string folder_;
};

}  // namespace pki
