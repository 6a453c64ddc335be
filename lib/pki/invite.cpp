#include "lib/pki/invite.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/address.h"

namespace pki {

namespace {

std::string own_host() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

}  // namespace

base::Result<std::string> dialled_address(const std::string& listened, const std::string& address) {
  if (!address.empty()) {
    if (loop::parse_address("tls:" + address) && address.find(',') == address.npos) return address;
    return base::fail(base::Code::invalid,
                      "expected HOST:PORT, found '" + base::printable(address) + "'");
  }
  const auto listens = loop::parse_address(listened);
  if (!listens) {
    return base::fail(base::Code::invalid,
                      "muster.toml does not say where machines dial in; expected listen.agents, "
                      "such as \"tls:0.0.0.0:7443\"");
  }
  auto tcp = *loop::tcp_part(*listens);
  if (tcp.host == "0.0.0.0" || tcp.host == "::") tcp.host = own_host();
  return loop::to_text(loop::TlsAddress{tcp}).substr(4);
}

base::Result<Token> invite(Folder& folder, const std::string& name, const Terms& terms) {
  auto fingerprint = folder.authority_fingerprint();
  if (!fingerprint) return std::unexpected(std::move(fingerprint).error());
  const Member member{
      .name = name, .pool = terms.pool, .life = terms.life, .invitations = {}, .certificates = {}};
  auto secret = terms.earlier == Earlier::good ? folder.invite_also(member, terms.until)
                                               : folder.invite(member, terms.until);
  if (!secret) return std::unexpected(std::move(secret).error());
  return Token{.name = name,
               .address = terms.address,
               .fingerprint = *std::move(fingerprint),
               .secret = *std::move(secret)};
}

}  // namespace pki
