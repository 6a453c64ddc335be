#pragma once
// What a person carries from the controller to a machine that is to join: one word. Pure.

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace pki {

/// Written NAME,HOST:PORT,FINGERPRINT,SECRET.
struct Token {
  std::string name;         // of the node
  std::string address;      // of the controller: "10.0.0.1:7443"
  std::string fingerprint;  // SHA-256 of the authority's certificate, in hex
  std::string secret;       // in hex; good once
  bool operator==(const Token&) const = default;
};

std::string to_text(const Token& token);

/// Error invalid, saying which part is wrong; never with the secret in it.
base::Result<Token> token_from_text(std::string_view text);

/// What a node may be called: letters, digits, '-', '_' and '.', beginning with a letter or digit,
/// at most 64.
bool is_node_name(std::string_view text);

}  // namespace pki
