#pragma once
// Certificates of a cluster's own authority: ECDSA on P-256, text in PEM. No I/O; the time is
// handed in, random numbers come from OpenSSL.

#include <chrono>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace pki {

struct Validity {
  base::Time from;
  base::Time until;
};

/// A controller's certificate is good for a server only, a node's for a client only: no node can
/// pass for the controller.
enum class Role { controller, node };

struct Subject {
  std::string name;
  Role role = Role::node;
};

/// Who signs.
struct Authority {
  std::string certificate;
  std::string key;
};

/// What is written in a certificate.
struct Certificate {
  std::string name;
  std::string serial;       // in hex, lower case
  std::string fingerprint;  // SHA-256 in hex
  Validity validity;
};

struct Revoked {
  std::string serial;
  base::Time at;
};

std::string make_key();

/// The certificate of an authority, signed by itself. Error invalid for a key that is none.
base::Result<std::string> make_authority(const std::string& key, const std::string& cluster,
                                         const Validity& validity);

/// What somebody with a key asks an authority to sign; the name in it is not believed.
base::Result<std::string> make_request(const std::string& key, const std::string& name);

/// A certificate for the key of the request, which must be signed with it. Errors: invalid, saying
/// what of the texts is wrong.
base::Result<std::string> sign_request(const Authority& authority, const std::string& request,
                                       const Subject& subject, const Validity& validity);

/// The first certificate of the text.
base::Result<Certificate> read_certificate(const std::string& text);

base::Result<std::string> make_revocation_list(const Authority& authority,
                                               const std::vector<Revoked>& revoked,
                                               const Validity& validity);

/// Certificates are good from so long before they are made: for machines whose clocks are behind.
constexpr base::Duration clock_skew = std::chrono::minutes(10);

/// Whether two thirds of its time, from when it was made, are over.
bool is_to_renew(const Validity& validity, base::Time now);

}  // namespace pki
