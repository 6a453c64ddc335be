#pragma once
// Where a stream goes: "unix:/path", "tcp:host:port" or "tls:host:port".

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

/// TCP with TLS 1.3 on it (lib/loop/tls.h).
struct TlsAddress {
  TcpAddress tcp;
  bool operator==(const TlsAddress&) const = default;
};

using Address = std::variant<UnixAddress, TcpAddress, TlsAddress>;

/// Reads "unix:/path", "tcp:host:port" ("tcp:[::1]:7000" for IPv6) and the same with "tls:". Error
/// invalid also for a path of more than 107 bytes, which a socket address cannot hold.
base::Result<Address> parse_address(std::string_view text);

std::string to_text(const Address& address);

/// Whether the host is an address that each machine has for itself: 127.0.0.1 and its like.
bool is_loopback(std::string_view host);

/// Host and port of an address that has them, else null.
const TcpAddress* tcp_part(const Address& address);

}  // namespace loop
