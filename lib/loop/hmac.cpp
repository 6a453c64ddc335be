// Apart from secret.cpp: programs that need no HMAC are linked without OpenSSL, and start faster.

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/base/check.h"
#include "lib/loop/hex.h"
#include "lib/loop/secret.h"

namespace loop {

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes,
                          text.size(), digest, &size);
  base::check(made != nullptr, "OpenSSL computes an HMAC-SHA256");
  return to_hex({reinterpret_cast<const char*>(digest), size});
}

}  // namespace loop
