#pragma once
// The folder of a cluster's authority: its key, the controller's certificate, and who may join.
// Each change is one file replaced, under a lock; `changed` is touched last.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/tls.h"
#include "lib/pki/certificate.h"

namespace pki {

// What is spoken over TLS, as both ends name it (RFC 7301).
constexpr const char* agent_protocol = "muster-agent";
constexpr const char* join_protocol = "muster-join";
constexpr const char* api_protocol = "muster-api";  // HTTP of users on nodes, behind a Caller

/// An invitation that is open.
struct Invitation {
  std::string secret_hash;
  base::Time until;
};

/// The invitation that was used last, and by whom: who asks with the same request again did not get
/// the answer.
struct Used {
  std::string secret_hash;
  std::string request_hash;
  base::Time until;
};

struct Issued {
  std::string serial;
  base::Time until;
};

/// A machine that may be a node.
struct Member {
  std::string name;
  std::string pool;
  base::Duration life{};                // of its certificates
  std::vector<Invitation> invitations;  // that are open, oldest first
  std::vector<Issued> certificates;     // that are good, oldest first
  std::optional<Used> used = {};
  std::string trouble;  // why no more than the name is known
};

/// A certificate just made, with what else its owner must know.
struct Admission {
  std::string certificate;
  std::string authority;
  std::string pool;
};

class Folder {
 public:
  explicit Folder(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  /// Changes whenever anything here does.
  std::string changed_file() const { return path_ + "/changed"; }
  bool exists() const;

  /// Makes it with an authority and a certificate for the controller. Error conflict when it is
  /// there.
  base::Result<void> create(const std::string& cluster, base::Time now);

  /// Lets a machine join under this name, once, until `until`; returns the secret it must know. An
  /// earlier invitation is void, certificates stay good.
  base::Result<std::string> invite(const Member& member, base::Time until);
  /// The same, and earlier invitations stay good: one may be on its way to the machine.
  base::Result<std::string> invite_also(const Member& member, base::Time until);
  /// The first certificate of an invited machine; another one for the same request, whose answer
  /// was lost. Error denied for a wrong or late secret, and for one that another request has used.
  base::Result<Admission> admit(const std::string& name, const std::string& secret,
                                const std::string& request, base::Time now);
  /// The next certificate of a machine that has one.
  base::Result<Admission> renew(const std::string& name, const std::string& serial,
                                const std::string& request, base::Time now);
  /// Revokes all certificates of the machine. Error not_found.
  base::Result<void> remove(const std::string& name, base::Time now);

  base::Result<std::vector<Member>> members() const;
  base::Result<std::string> authority_fingerprint() const;
  /// A new certificate for the controller where the old one is to be renewed.
  base::Result<bool> renew_controller(base::Time now);
  /// What the controller listens with.
  base::Result<loop::TlsOptions> controller_options(base::Time now) const;

 private:
  std::string member_file(const std::string& name) const { return path_ + "/nodes/" + name; }
  base::Result<Authority> authority() const;
  base::Result<Member> member(const std::string& name) const;
  base::Result<void> keep(const Member& member);
  base::Result<std::string> keep_invited(Member invited, base::Time until);
  base::Result<void> touch();
  base::Result<Admission> issue(Member member, const std::string& request, base::Time now);
  base::Result<void> fill(const std::string& cluster, base::Time now);
  base::Result<void> make_controller(const Authority& authority, base::Time now);

  std::string path_;
};

}  // namespace pki
