#include "lib/pki/folder.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>

#include "lib/loop/files.h"
#include "lib/pki/identity.h"
#include "lib/pki/token.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

const base::Time start = base::Time(std::chrono::seconds(1'795'000'000));

struct Site {
  Site() { REQUIRE(folder.create("test", start).has_value()); }

  pki::Member asked(const std::string& name) const {
    return {.name = name, .pool = "p", .life = 24h * 30, .invitations = {}, .certificates = {}};
  }
  std::string invite(const std::string& name) {
    const auto secret = folder.invite(asked(name), start + 1h);
    REQUIRE(secret.has_value());
    return *secret;
  }
  std::string request(const std::string& name) const { return *pki::make_request(key, name); }
  pki::Certificate admit(const std::string& name) {
    const auto admission = folder.admit(name, invite(name), request(name), start);
    REQUIRE(admission.has_value());
    return *pki::read_certificate(admission->certificate);
  }

  support::TempFolder root;
  pki::Folder folder{root / "tls"};
  std::string key = pki::make_key();
};

mode_t mode_of(const std::string& path) {
  struct stat found{};
  REQUIRE(stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777;
}

}  // namespace

TEST_CASE("keys are for their owner, and an authority is never made twice") {
  Site site;
  for (const char* name : {"authority.key", "controller.pem"}) {
    CHECK(mode_of(site.folder.path() + "/" + name) == 0600);
  }
  CHECK(mode_of(site.folder.path()) == 0700);
  const auto before = site.folder.authority_fingerprint();
  CHECK(site.folder.create("test", start).error().code == base::Code::conflict);
  CHECK(site.folder.authority_fingerprint() == before);
}

TEST_CASE(
    "who is killed while it makes an authority leaves nothing that the next one stumbles over") {
  support::TempFolder root;
  const auto path = root / "tls";
  REQUIRE(loop::make_directories(path + ".new/nodes/half", 0700));
  pki::Folder folder(path);
  CHECK_FALSE(folder.exists());
  REQUIRE(folder.create("test", start).has_value());
  CHECK(folder.exists());
  CHECK_FALSE(pki::Folder(path + ".new").exists());
  CHECK(folder.members()->empty());
}

TEST_CASE("a machine joins once with its token") {
  Site site;
  const auto secret = site.invite("n1");
  const auto request = site.request("whatever");
  CHECK(site.folder.admit("n2", secret, request, start).error().code == base::Code::denied);
  CHECK(site.folder.admit("n1", std::string(64, '0'), request, start).error().code ==
        base::Code::denied);
  CHECK_THAT(site.folder.admit("n1", secret, request, start + 2h).error().text,
             Contains("was good until"));
  const auto admission = site.folder.admit("n1", secret, request, start);
  REQUIRE(admission.has_value());
  CHECK(admission->pool == "p");
  const auto certificate = *pki::read_certificate(admission->certificate);
  CHECK(certificate.name == "n1");  // not what the request says
  CHECK(certificate.validity.until == start + 24h * 30);
  CHECK(pki::read_certificate(admission->authority)->fingerprint ==
        *site.folder.authority_fingerprint());
  const auto text = loop::read_file(site.folder.path() + "/nodes/n1", 4096);
  CHECK(text->find(secret) == std::string::npos);
  // Who asks with the same request did not get the answer; nobody else has a use for the token.
  CHECK(site.folder.admit("n1", secret, request, start).has_value());
  CHECK_THAT(site.folder.admit("n1", secret, site.request("whatever"), start).error().text,
             Contains("used already"));
  CHECK_THAT(site.folder.admit("n1", secret, request, start + 2h).error().text,
             Contains("used already"));
  CHECK(site.folder.remove("n1", start).has_value());
  CHECK_FALSE(site.folder.admit("n1", secret, request, start).has_value());
}

TEST_CASE("a request must be signed with its own key, on the right curve") {
  Site site;
  CHECK(site.folder.admit("n1", site.invite("n1"), "nonsense", start).error().code ==
        base::Code::invalid);
  CHECK(site.folder.admit("n1", site.invite("n1"), site.key, start).error().code ==
        base::Code::invalid);
  CHECK(pki::make_request("nonsense", "n1").error().code == base::Code::invalid);
}

TEST_CASE("certificates are renewed by who has one, and listed until they end") {
  Site site;
  const auto first = site.admit("n1");
  CHECK_FALSE(pki::is_to_renew(first.validity, start + 24h * 19));
  CHECK(pki::is_to_renew(first.validity, start + 24h * 21));
  const auto request = site.request("n1");
  CHECK(site.folder.renew("n1", "00", request, start).error().code == base::Code::denied);
  CHECK(site.folder.renew("n2", first.serial, request, start).error().code ==
        base::Code::not_found);
  REQUIRE(site.folder.renew("n1", first.serial, request, start + 24h * 21).has_value());
  CHECK(site.folder.members()->front().certificates.size() == 2);
  const auto second = site.folder.members()->front().certificates.back();
  REQUIRE(site.folder.renew("n1", second.serial, request, start + 24h * 40).has_value());
  CHECK(site.folder.members()->front().certificates.size() == 2);  // the first has ended
}

TEST_CASE("a machine that is removed has its certificates revoked, and may be invited again") {
  Site site;
  const auto certificate = site.admit("n1");
  site.admit("n2");
  const auto changed = loop::read_file(site.folder.changed_file(), 100);
  CHECK(site.folder.remove("n3", start).error().code == base::Code::not_found);
  CHECK(site.folder.remove("../x", start).error().code == base::Code::invalid);
  REQUIRE(site.folder.remove("n1", start).has_value());
  CHECK(loop::read_file(site.folder.changed_file(), 100) != changed);
  CHECK(site.folder.members()->size() == 1);
  CHECK(site.folder.renew("n1", certificate.serial, site.request("n1"), start).error().code ==
        base::Code::not_found);
  CHECK(loop::read_file(site.folder.path() + "/revoked", 4096)->starts_with(certificate.serial));
  CHECK(site.folder.controller_options(start)->revoked.starts_with("-----BEGIN X509 CRL"));
  CHECK(site.admit("n1").serial != certificate.serial);
}

TEST_CASE("an invitation beside another leaves that good, and who joins uses up both") {
  Site site;
  const auto first = site.folder.invite_also(site.asked("n1"), start + 1h);
  const auto second = site.folder.invite_also(site.asked("n1"), start + 1h);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(site.folder.admit("n1", *first, site.request("n1"), start).has_value());
  CHECK_FALSE(site.folder.admit("n1", *second, site.request("n1"), start).has_value());
}

TEST_CASE("an invitation leaves the certificates that are there good") {
  Site site;
  const auto first = site.admit("n1");
  site.invite("n1");
  CHECK(site.folder.members()->front().certificates.front().serial == first.serial);
}

TEST_CASE("the controller's certificate is renewed in time") {
  Site site;
  CHECK(site.folder.renew_controller(start) == false);
  const auto before = site.folder.controller_options(start)->certificate;
  CHECK(site.folder.renew_controller(start + 24h * 300) == true);
  const auto after = site.folder.controller_options(start)->certificate;
  CHECK(pki::read_certificate(after)->validity.until == start + 24h * 665);
  CHECK(before != after);
  CHECK(loop::TlsContext::make(*site.folder.controller_options(start)).has_value());
}

TEST_CASE("a machine keeps what it was given, with its key") {
  Site site;
  const auto secret = site.invite("n1");
  const auto admission = site.folder.admit("n1", secret, site.request("n1"), start);
  const pki::Identity identity(site.root / "identity");
  CHECK_FALSE(identity.exists());
  const model::JoinReply reply{.why = {},
                               .certificate = admission->certificate,
                               .authority = admission->authority,
                               .pool = "p",
                               .address = "127.0.0.1"};
  CHECK_THAT(identity.keep("n2", site.key, reply).error().text, Contains("for 'n1', not for 'n2'"));
  REQUIRE(identity.keep("n1", site.key, reply).has_value());
  CHECK(mode_of(site.root / "identity/node.pem") == 0600);
  CHECK(identity.certificate()->name == "n1");
  CHECK(loop::TlsContext::make(*identity.options("work")).has_value());
}

TEST_CASE("a token is one word") {
  const pki::Token token{.name = "n1",
                         .address = "[::1]:7443",
                         .fingerprint = std::string(64, 'a'),
                         .secret = std::string(64, 'b')};
  const auto text = pki::to_text(token);
  CHECK(pki::token_from_text(text) == token);
  CHECK(pki::token_from_text(text + "\n") == token);
  for (const auto& wrong : {text.substr(1, 20), text.substr(0, 100), text + "c", "x," + text}) {
    const auto read = pki::token_from_text(wrong);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().text.find("bbbb") == std::string::npos);
  }
}

TEST_CASE("of a node's certificates the last four are good") {
  Site site;
  std::vector<std::string> serials{site.admit("n1").serial};
  for (int i = 0; i < 5; ++i) {
    const auto next = site.folder.renew("n1", serials.back(), site.request("n1"), start);
    REQUIRE(next.has_value());
    serials.push_back(pki::read_certificate(next->certificate)->serial);
  }
  std::vector<std::string> good;
  for (const auto& each : site.folder.members()->front().certificates) good.push_back(each.serial);
  CHECK(good == std::vector(serials.end() - 4, serials.end()));
  CHECK(site.folder.renew("n1", serials.front(), site.request("n1"), start).error().code ==
        base::Code::denied);
}

TEST_CASE("what one file has wrong is no harm to the others, and lets nobody in") {
  Site site;
  site.admit("n1");
  site.admit("n2");
  REQUIRE(loop::write_file_atomic(site.folder.path() + "/nodes/n1", "nonsense\n", {}).has_value());
  const auto members = site.folder.members();
  REQUIRE(members.has_value());
  REQUIRE(members->size() == 2);
  CHECK((*members)[0].certificates.empty());
  CHECK_THAT((*members)[0].trouble, Contains("'nonsense' makes no sense"));
  CHECK((*members)[1].certificates.size() == 1);
}

TEST_CASE("a request with a password is refused, and nobody is asked for it") {
  Site site;
  auto request = site.request("n1");
  const std::string begin = "-----BEGIN CERTIFICATE REQUEST-----\n";
  REQUIRE(request.starts_with(begin));
  request.insert(
      begin.size(),
      "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n");
  const auto admission = site.folder.admit("n1", site.invite("n1"), request, start);
  REQUIRE_FALSE(admission.has_value());
  CHECK_THAT(admission.error().text, Contains("expected a request for a certificate in PEM"));
}

TEST_CASE("a certificate that a wrong clock has made is made again") {
  Site site;
  REQUIRE(site.folder.renew_controller(start + 24h * 300).value());
  REQUIRE(site.folder.renew_controller(start).value());
  CHECK_FALSE(site.folder.renew_controller(start).value());
  CHECK(site.folder.renew_controller(base::Time()).error().code == base::Code::conflict);
  CHECK(site.folder.controller_options(base::Time()).has_value());
}
