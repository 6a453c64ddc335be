#pragma once
// Random keys and what is derived from them.

#include <cstddef>
#include <string>
#include <string_view>

namespace loop {

/// `n_bytes` from the kernel (man getrandom), as 2 * n_bytes lower-case hex digits.
std::string random_hex(std::size_t n_bytes);

/// HMAC-SHA256 (RFC 2104) of `text` under `key`, as 64 hex digits.
std::string hmac_sha256_hex(std::string_view key, std::string_view text);

/// Takes the same time wherever the two differ.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace loop
