#include "lib/pki/token.h"

#include <algorithm>

#include "lib/base/text.h"

namespace pki {

namespace {

constexpr std::size_t fingerprint_digits = 64;
constexpr std::size_t secret_digits = 64;
constexpr std::size_t longest_name = 64;

bool is_hex(std::string_view text, std::size_t n_digits) {
  return text.size() == n_digits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::unexpected<base::Error> wrong(std::string_view what) {
  return base::fail(base::Code::invalid,
                    "this is no token of muster node add, or not all of it: " + std::string(what));
}

}  // namespace

bool is_node_name(std::string_view text) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= longest_name && is_alphanumeric(text.front()) &&
         std::ranges::all_of(
             text, [&](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string to_text(const Token& token) {
  return token.name + "," + token.address + "," + token.fingerprint + "," + token.secret;
}

base::Result<Token> token_from_text(std::string_view text) {
  const auto parts = base::split(base::trim(text), ',');
  if (parts.size() != 4) return wrong("expected NAME,HOST:PORT,FINGERPRINT,SECRET");
  Token token{.name = std::string(parts[0]),
              .address = std::string(parts[1]),
              .fingerprint = std::string(parts[2]),
              .secret = std::string(parts[3])};
  if (!is_node_name(token.name)) return wrong("its first part is no name of a node");
  if (token.address.find(':') == token.address.npos) return wrong("its second part is no address");
  if (!is_hex(token.fingerprint, fingerprint_digits)) {
    return wrong("its third part is no fingerprint of 64 hex digits");
  }
  if (!is_hex(token.secret, secret_digits)) {
    return wrong("its last part is no secret of 64 hex digits");
  }
  return token;
}

}  // namespace pki
