#pragma once
// How machines get to join: what they dial, and the token that one of them is given.

#include <string>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/pki/folder.h"
#include "lib/pki/token.h"

namespace pki {

/// What a machine dials: "HOST:PORT", which is `address` where the site has given one, or else
/// where the controller listens ("tls:HOST:PORT"), with this machine's name in place of all
/// addresses. Errors: invalid, naming the key of muster.toml.
base::Result<std::string> dialled_address(const std::string& listened, const std::string& address);

/// What becomes of tokens that the machine was given before.
enum class Earlier { void_now, good };

struct Terms {
  std::string pool;
  base::Duration life{};  // of the certificates
  base::Time until;       // when the token is not good any more
  std::string address;    // dialled_address
  Earlier earlier = Earlier::void_now;
};

/// A token for the machine of this name.
base::Result<Token> invite(Folder& folder, const std::string& name, const Terms& terms);

}  // namespace pki
