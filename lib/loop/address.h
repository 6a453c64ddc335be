#pragma once
// Where a stream goes: "unix:/path" or "tcp:host:port".

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "lib/base/result.h"

namespace loop {

struct UnixAddress {
  std::string path;
  bool operator==(const UnixAddress&) const = default;
};

struct TcpAddress {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const TcpAddress&) const = default;
};

using Address = std::variant<UnixAddress, TcpAddress>;

/// Reads "unix:/path" and "tcp:host:port" ("tcp:[::1]:7000" for IPv6). Error invalid also for a
/// path of more than 107 bytes, which a socket address cannot hold.
base::Result<Address> parse_address(std::string_view text);

std::string to_text(const Address& address);

}  // namespace loop
