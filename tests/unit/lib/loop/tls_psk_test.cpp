#include "lib/loop/tls_psk.h"

#include <optional>
#include <string>

#include "lib/loop/patient_connector.h"
#include "lib/loop/stream.h"
#include "lib/loop/tls.h"
#include "lib/pki/certificate.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using Catch::Matchers::Contains;
using namespace std::chrono_literals;

namespace {

const loop::PskOptions ours{.identity = "17.1.0", .secret = "s3cret"};

std::shared_ptr<const loop::ShieldMaker> keyed(const loop::PskOptions& options = ours) {
  return std::make_shared<loop::TlsPsk>(options);
}

/// Listens, dials, and keeps what came of it at both ends.
struct KeyedPair {
  explicit KeyedPair(std::shared_ptr<const loop::ShieldMaker> server_tls = keyed()) {
    auto opened = loop::Listener::open(
        fixture.loop, loop::TlsAddress{{"127.0.0.1", 0}},
        {.tls = std::move(server_tls),
         .on_refused = [this](const std::string&, const base::Error& why) { refusal = why.text; }},
        [this](loop::Stream stream) { server.emplace(std::move(stream)); });
    REQUIRE(opened.has_value());
    listener.emplace(std::move(*opened));
  }

  void dial(const loop::Address& address, std::shared_ptr<const loop::ShieldMaker> tls) {
    connector.emplace(
        fixture.loop, address,
        [this](base::Result<loop::Stream> stream) {
          if (stream) {
            client.emplace(std::move(*stream));
            client->on_end([this](const base::Result<void>& how) {
              failure = how ? "the end" : how.error().text;
            });
            client->on_data(
                [this](std::span<const char> bytes) { heard.append(bytes.data(), bytes.size()); });
          } else {
            failure = stream.error().text;
          }
        },
        std::move(tls));
  }
  void dial(std::shared_ptr<const loop::ShieldMaker> tls) {
    dial(listener->address(), std::move(tls));
  }

  template <class Condition>
  void run_until(Condition is_so) {
    loop::Timer look(fixture.loop, [&] {
      if (is_so()) fixture.loop.stop();
    });
    look.start_repeating(1ms);
    fixture.run();
  }

  void fail(std::shared_ptr<const loop::ShieldMaker> tls) {
    dial(std::move(tls));
    run_until([this] { return !refusal.empty() && !failure.empty(); });
    CHECK_FALSE(server.has_value());
    CHECK(heard.empty());
  }

  loop_test::Fixture fixture;
  std::optional<loop::Listener> listener;
  std::optional<loop::Connector> connector;
  std::optional<loop::Stream> server;
  std::optional<loop::Stream> client;
  std::string refusal;  // at the listener
  std::string failure;  // at who dialled
  std::string heard;
};

}  // namespace

TEST_CASE("two ends with one secret talk, and nobody else") {
  KeyedPair pair;
  pair.dial(keyed());
  pair.run_until([&] { return pair.server && pair.client; });
  std::string asked;
  pair.server->on_data([&](std::span<const char> bytes) {
    asked.append(bytes.data(), bytes.size());
    CHECK(pair.server->write("answer"));
    pair.server->finish();
  });
  CHECK(pair.client->write("question"));
  pair.run_until([&] { return pair.failure == "the end"; });
  CHECK(asked == "question");
  CHECK(pair.heard == "answer");
  CHECK_FALSE(pair.server->peer_identity().has_value());
}

TEST_CASE("a wrong key, and one of another step, are turned away in the handshake") {
  KeyedPair wrong;
  wrong.fail(keyed({.identity = ours.identity, .secret = "guessed"}));
  KeyedPair other;
  other.fail(keyed({.identity = "18.1.0", .secret = ours.secret}));
  CHECK_THAT(other.failure, Contains("refuses this one by TLS"));
}

TEST_CASE("who speaks no TLS hears nothing, and is heard by nobody") {
  KeyedPair pair;
  auto tcp = std::get<loop::TlsAddress>(pair.listener->address()).tcp;
  pair.dial(loop::Address(tcp), nullptr);
  pair.run_until([&] { return pair.client.has_value(); });
  CHECK(pair.client->write("GET / HTTP/1.1\r\n\r\n"));
  pair.run_until([&] { return !pair.refusal.empty() && !pair.failure.empty(); });
  CHECK_FALSE(pair.server.has_value());
}

TEST_CASE("a server with a certificate in place of the key is not spoken to") {
  pki::Authority authority;
  authority.key = pki::make_key();
  const pki::Validity validity{.from = loop::now() - 1h, .until = loop::now() + 1h};
  authority.certificate = *pki::make_authority(authority.key, "test", validity);
  const auto own = pki::make_key();
  const auto certificate = pki::sign_request(authority, *pki::make_request(own, "m1"),
                                             {"m1", pki::Role::controller}, validity);
  REQUIRE(certificate.has_value());
  const auto context = loop::TlsContext::make(
      {.certificate = *certificate, .key = own, .authority = authority.certificate});
  REQUIRE(context.has_value());
  KeyedPair pair(*context);
  pair.fail(keyed());
  CHECK_THAT(pair.failure, Contains("is refused"));
}

TEST_CASE("of several addresses the one where the key is known answers, however late") {
  KeyedPair pair;
  KeyedPair foreign(keyed({.identity = "18.1.0", .secret = "another step's"}));
  const auto addresses = std::vector<loop::Address>{
      loop::TlsAddress{{"127.0.0.1", 1}}, foreign.listener->address(), pair.listener->address()};
  const loop::PatientConnector::Options patient{.addresses = addresses,
                                                .limit = 10s,
                                                .pause = [](base::Duration) { return 1ms; },
                                                .tls = keyed()};
  std::optional<loop::PatientConnector> connector;
  connector.emplace(pair.fixture.loop, patient, [&](base::Result<loop::Stream> stream) {
    REQUIRE(stream.has_value());
    pair.client.emplace(std::move(*stream));
    connector.reset();
  });
  pair.run_until([&] { return pair.client && pair.server; });
}

TEST_CASE("patience ends, with the last reason") {
  loop_test::Fixture fixture;
  std::optional<std::string> why;
  const loop::PatientConnector::Options patient{
      .addresses = {loop::UnixAddress{fixture.path("one")}, loop::UnixAddress{fixture.path("two")}},
      .limit = 5ms,
      .pause = [](base::Duration) { return 2ms; }};
  const loop::PatientConnector connector(fixture.loop, patient,
                                         [&](base::Result<loop::Stream> stream) {
                                           REQUIRE_FALSE(stream.has_value());
                                           why = stream.error().text;
                                           fixture.loop.stop();
                                         });
  fixture.run();
  CHECK_THAT(why.value_or(""), Contains("cannot connect to unix:"));
}
