#include "lib/loop/address.h"

#include <sys/un.h>

#include <optional>
#include <utility>

#include "lib/base/overloaded.h"
#include "lib/base/text.h"

namespace loop {

static std::unexpected<base::Error> bad_address(std::string_view text, std::string_view why) {
  return base::fail(base::Code::invalid,
                    "'" + base::printable(text) + "' is not an address: " + std::string(why));
}

static base::Result<Address> parse_unix(std::string_view text, std::string_view path) {
  if (path.empty() || path.find('\0') != path.npos) {
    return bad_address(text, "expected 'unix:' and the path of a socket");
  }
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return base::fail(base::Code::invalid,
                      "the socket path '" + base::printable(path, path.size()) + "' has " +
                          std::to_string(path.size()) + " bytes and may have " +
                          std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                          ": use a shorter directory");
  }
  return UnixAddress{std::string(path)};
}

static base::Result<TcpAddress> parse_tcp(std::string_view text, std::string_view rest) {
  const std::string kind(text.substr(0, text.size() - rest.size()));
  const auto colon = rest.rfind(':');
  if (colon == rest.npos || colon == 0) {
    return bad_address(text, "expected '" + kind + "HOST:PORT'");
  }
  const auto port = base::parse_int(rest.substr(colon + 1), 0, 65535);
  if (!port) {
    return bad_address(text, "the port must be a number up to 65535");
  }
  std::string_view host = rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return bad_address(text, "an IPv6 host goes in brackets, '" + kind + "[::1]:7000'");
  }
  return TcpAddress{std::string(host), static_cast<std::uint16_t>(*port)};
}

base::Result<Address> parse_address(std::string_view text) {
  if (text.starts_with("unix:")) {
    return parse_unix(text, text.substr(5));
  }
  if (text.starts_with("tcp:")) {
    return parse_tcp(text, text.substr(4));
  }
  if (text.starts_with("tls:")) {
    auto tcp = parse_tcp(text, text.substr(4));
    if (!tcp) return std::unexpected(std::move(tcp).error());
    return TlsAddress{*std::move(tcp)};
  }
  return bad_address(text, "expected 'unix:/PATH', 'tcp:HOST:PORT' or 'tls:HOST:PORT'");
}

std::string to_text(const Address& address) {
  const auto tcp_text = [](std::string_view kind, const TcpAddress& tcp) {
    const bool is_v6 = tcp.host.find(':') != tcp.host.npos;
    const std::string host = is_v6 ? "[" + tcp.host + "]" : tcp.host;
    return std::string(kind) + host + ":" + std::to_string(tcp.port);
  };
  return std::visit(base::Overloaded{
                        [](const UnixAddress& local) { return "unix:" + local.path; },
                        [&](const TcpAddress& tcp) { return tcp_text("tcp:", tcp); },
                        [&](const TlsAddress& tls) { return tcp_text("tls:", tls.tcp); },
                    },
                    address);
}

bool is_loopback(std::string_view host) {
  return host.starts_with("127.") || host == "::1" || host == "localhost";
}

const TcpAddress* tcp_part(const Address& address) {
  if (const auto* tls = std::get_if<TlsAddress>(&address)) return &tls->tcp;
  return std::get_if<TcpAddress>(&address);
}

}  // namespace loop
