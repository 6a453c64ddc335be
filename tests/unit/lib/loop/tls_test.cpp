#include "lib/loop/tls.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "lib/loop/clock.h"
#include "lib/loop/loop.h"
#include "lib/loop/stream.h"
#include "lib/pki/certificate.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using loop_test::Fixture;
using namespace std::chrono_literals;

namespace {

std::string as_text(std::span<const char> bytes) {
  return {bytes.data(), bytes.size()};
}

pki::Validity around_now() {
  return {.from = loop::now() - 1h, .until = loop::now() + 1h};
}

/// An authority and what it signs.
struct Issuer {
  Issuer() {
    authority.key = pki::make_key();
    authority.certificate = *pki::make_authority(authority.key, "test", around_now());
  }

  loop::TlsOptions options(const std::string& name, pki::Role role,
                           const pki::Validity& validity = around_now()) const {
    const auto key = pki::make_key();
    const auto request = pki::make_request(key, name);
    REQUIRE(request.has_value());
    const auto certificate = pki::sign_request(authority, *request, {name, role}, validity);
    REQUIRE(certificate.has_value());
    return {.certificate = *certificate + authority.certificate,
            .key = key,
            .authority = authority.certificate};
  }

  pki::Authority authority;
};

std::shared_ptr<loop::TlsContext> context_of(const loop::TlsOptions& options) {
  auto context = loop::TlsContext::make(options);
  REQUIRE(context.has_value());
  return *context;
}

/// A listener, what came of connections to it, and both ends of the last one.
struct Site {
  explicit Site(const loop::TlsOptions& options, std::size_t n_handshakes = 16)
      : context(context_of(options)) {
    auto opened =
        loop::Listener::open(fixture.loop, loop::TlsAddress{{"127.0.0.1", 0}},
                             {.tls = context,
                              .n_handshakes = n_handshakes,
                              .on_refused =
                                  [this](const std::string& host, const base::Error& why) {
                                    CHECK(host == "127.0.0.1");
                                    refusal = why.text;
                                    fixture.loop.stop();
                                  }},
                             [this](loop::Stream stream) {
                               server.emplace(std::move(stream));
                               if (client) fixture.loop.stop();
                             });
    REQUIRE(opened.has_value());
    listener.emplace(std::move(*opened));
  }

  const std::uint16_t& port() const {
    return std::get<loop::TlsAddress>(listener->address()).tcp.port;
  }

  void dial(const loop::TlsOptions& options) {
    connector.emplace(
        fixture.loop, listener->address(),
        [this](base::Result<loop::Stream> stream) {
          if (stream) {
            client.emplace(std::move(*stream));
          } else {
            failure = stream.error().text;
          }
          if (server || !stream) fixture.loop.stop();
        },
        context_of(options));
  }

  /// Dials, and runs until both ends are there.
  void meet(const loop::TlsOptions& options) {
    dial(options);
    fixture.run();
    REQUIRE(server.has_value());
    REQUIRE(client.has_value());
  }

  /// Dials, and runs until both ends know that it came to nothing.
  void fail(const loop::TlsOptions& options) {
    dial(options);
    while (!fixture.is_late && (!refusal || !failure)) {
      if (client && !failure) {
        client->on_end([this](base::Result<void> how) {
          REQUIRE_FALSE(how.has_value());
          failure = how.error().text;
          fixture.loop.stop();
        });
        client->on_data([](std::span<const char>) { FAIL("a refused end hears nothing"); });
      }
      loop::Timer look(fixture.loop, [this] { fixture.loop.stop(); });
      look.start(5ms);
      fixture.run();
    }
    CHECK_FALSE(server.has_value());
    connector.reset();
    client.reset();
  }

  Fixture fixture;
  std::shared_ptr<loop::TlsContext> context;
  std::optional<loop::Listener> listener;
  std::optional<loop::Connector> connector;
  std::optional<loop::Stream> server;
  std::optional<loop::Stream> client;
  std::optional<std::string> refusal;  // at the listener
  std::optional<std::string> failure;  // at who dialled
};

using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("bytes go both ways over TLS, and each end knows the other") {
  const Issuer issuer;
  Site site(issuer.options("controller", pki::Role::controller));
  site.meet(issuer.options("n1", pki::Role::node));
  CHECK(site.server->peer_identity()->name == "n1");
  CHECK(site.client->peer_identity()->name == "controller");
  CHECK(site.server->peer_identity()->serial.size() > 20);
  CHECK(site.server->peer_identity()->expires_at > loop::now());
  CHECK(site.server->peer_host() == "127.0.0.1");
  CHECK_FALSE(site.server->peer_user().has_value());

  std::string got;
  site.server->on_data([&](std::span<const char> bytes) {
    REQUIRE(site.server->write(as_text(bytes)).has_value());
  });
  bool server_saw_end = false;
  site.server->on_end([&](base::Result<void> how) {
    server_saw_end = how.has_value();
    site.server->finish();  // after the end of the other one
  });
  site.client->on_data([&](std::span<const char> bytes) { got += as_text(bytes); });
  site.client->on_end([&](base::Result<void> how) {
    CHECK(how.has_value());
    site.fixture.loop.stop();
  });
  const std::string sent(300'000, 'x');
  REQUIRE(site.client->write(sent).has_value());
  site.client->finish();
  CHECK_FALSE(site.client->write("more").has_value());
  site.fixture.run();
  CHECK(server_saw_end);
  CHECK(got == sent);
}

TEST_CASE("what is said right after the handshake is kept for who takes it later") {
  const Issuer issuer;
  Site site(issuer.options("controller", pki::Role::controller));
  site.meet(issuer.options("n1", pki::Role::node));
  REQUIRE(site.client->write("early").has_value());
  site.client->finish();
  loop::Timer wait(site.fixture.loop, [&] { site.fixture.loop.stop(); });
  wait.start(20ms);
  site.fixture.run();
  std::string got;
  site.server->on_end([&](base::Result<void> how) {
    CHECK(how.has_value());
    site.fixture.loop.stop();
  });
  site.server->on_data([&](std::span<const char> bytes) { got += as_text(bytes); });
  CHECK(got.empty());  // never inside the call
  site.fixture.run();
  CHECK(got == "early");
}

TEST_CASE("a reader that pauses holds the writer up, and both ways are whole") {
  const Issuer issuer;
  Site site(issuer.options("controller", pki::Role::controller));
  site.meet(issuer.options("n1", pki::Role::node));
  const std::string large(24 << 20, 'y');
  std::size_t n_server = 0;
  std::size_t n_client = 0;
  const auto look = [&] {
    if (n_server == large.size() && n_client == large.size()) site.fixture.loop.stop();
  };
  site.server->on_data([&](std::span<const char> bytes) {
    n_server += bytes.size();
    look();
  });
  site.client->on_data([&](std::span<const char> bytes) {
    n_client += bytes.size();
    look();
  });
  site.server->pause_reading();
  bool drained = false;
  site.client->on_drained([&] { drained = true; });
  REQUIRE(site.client->write(large).has_value());
  REQUIRE(site.server->write(large).has_value());
  CHECK(site.client->queued_bytes() > 0);
  site.client->set_queue_limit(1 << 20);
  CHECK(site.client->write(large).error().code == base::Code::exhausted);
  loop::Timer resume(site.fixture.loop, [&] {
    CHECK(n_server == 0);
    CHECK_FALSE(drained);
    site.server->resume_reading();
  });
  resume.start(50ms);
  site.fixture.run();
  CHECK(drained);
  CHECK(n_server == large.size());
  CHECK(n_client == large.size());
}

TEST_CASE("certificates that are not good are refused, in words on both ends") {
  const Issuer issuer;
  const Issuer other;
  auto listening = issuer.options("controller", pki::Role::controller);
  const auto revoked = issuer.options("n9", pki::Role::node);
  listening.revoked = *pki::make_revocation_list(
      issuer.authority,
      {{.serial = pki::read_certificate(revoked.certificate)->serial, .at = loop::now()}},
      around_now());
  auto stranger = other.options("n1", pki::Role::node);
  stranger.authority = issuer.authority.certificate;
  loop::TlsOptions nameless{.authority = issuer.authority.certificate};
  const pki::Validity past{.from = loop::now() - 2h, .until = loop::now() - 1h};
  const pki::Validity future{.from = loop::now() + 1h, .until = loop::now() + 2h};
  struct Case {
    loop::TlsOptions options;
    std::string at_listener;
    std::string at_dialler;
  };
  const std::vector<Case> cases{
      {stranger, "self-signed certificate in certificate chain", "unknown CA"},
      {issuer.options("n1", pki::Role::node, past), "certificate has expired",
       "certificate expired"},
      {issuer.options("n1", pki::Role::node, future), "not yet valid", "bad certificate"},
      {revoked, "for 'n9', is refused: certificate revoked", "certificate revoked"},
      {nameless, "peer did not return a certificate", "it wants a certificate"},
      {issuer.options("n1", pki::Role::controller), "unsuitable certificate purpose",
       "unsupported certificate"},
  };
  for (const auto& each : cases) {
    INFO(each.at_listener);
    Site site(listening);
    site.fail(each.options);
    CHECK_THAT(site.refusal.value_or(""), Contains(each.at_listener));
    CHECK_THAT(site.failure.value_or(""), Contains(each.at_dialler));
  }
  Site site(listening);
  site.meet(issuer.options("n1", pki::Role::node));  // while others are revoked
}

TEST_CASE("who dials refuses a listener that is not the controller") {
  const Issuer issuer;
  const Issuer other;
  for (const auto& listening : {other.options("controller", pki::Role::controller),
                                issuer.options("n2", pki::Role::node)}) {
    Site site(listening);
    site.fail(issuer.options("n1", pki::Role::node));
    CHECK_THAT(site.refusal.value_or(""), Contains("the other end refuses this one by TLS"));
    CHECK_THAT(site.failure.value_or(""), Contains("the certificate of the other end, for"));
  }
}

TEST_CASE("a pinned fingerprint stands for the authority") {
  const Issuer issuer;
  const Issuer other;
  auto listening = issuer.options("controller", pki::Role::controller);
  listening.protocol = "work";
  listening.open_protocol = "join";
  loop::TlsOptions joining{
      .authority_fingerprint = pki::read_certificate(issuer.authority.certificate)->fingerprint,
      .protocol = "join"};
  {
    Site site(listening);
    site.meet(joining);
    CHECK(site.server->protocol() == "join");
    CHECK_FALSE(site.server->peer_identity().has_value());
    CHECK(site.client->peer_identity()->name == "controller");
  }
  joining.protocol = "work";
  {
    Site site(listening);
    site.fail(joining);
    CHECK_THAT(site.refusal.value_or(""), Contains("peer did not return a certificate"));
  }
  joining.protocol = "play";
  {
    Site site(listening);
    site.fail(joining);
    CHECK_THAT(site.failure.value_or(""), Contains("no application protocol"));
  }
  joining.protocol = "join";
  joining.authority_fingerprint = pki::read_certificate(other.authority.certificate)->fingerprint;
  {
    Site site(listening);
    site.fail(joining);
    CHECK_THAT(site.failure.value_or(""), Contains("the certificate of the other end, for"));
  }
}

namespace {

/// Two ends without a network, with one byte changed on the way to the server.
struct Wire {
  explicit Wire(const Issuer& issuer)
      : server_context(context_of(issuer.options("controller", pki::Role::controller))),
        client_context(context_of(issuer.options("n1", pki::Role::node))),
        server(server_context->make_server()),
        client(client_context->make_client()) {}

  /// Passes on what either end says, in pieces, until both are silent or one gives up.
  void talk(std::size_t changed_byte, std::size_t piece) {
    for (bool is_quiet = false; !is_quiet && !failed;) {
      auto to_server = client->take_output();
      if (changed_byte >= n_sent && changed_byte < n_sent + to_server.size()) {
        to_server[changed_byte - n_sent] ^= 1;
      }
      n_sent += to_server.size();
      pass(to_server, *server, piece);
      const auto to_client = server->take_output();
      pass(to_client, *client, piece);
      is_quiet = to_server.empty() && to_client.empty();
    }
  }

  void pass(std::string_view bytes, loop::Shield& end, std::size_t piece) {
    for (; !bytes.empty() && !failed; bytes.remove_prefix(std::min(piece, bytes.size()))) {
      failed = !end.receive(bytes.substr(0, piece)).has_value();
    }
  }

  std::shared_ptr<loop::TlsContext> server_context;
  std::shared_ptr<loop::TlsContext> client_context;
  std::unique_ptr<loop::Shield> server;
  std::unique_ptr<loop::Shield> client;
  std::size_t n_sent = 0;
  bool failed = false;
};

}  // namespace

TEST_CASE("a byte that is changed on the way is noticed, wherever it is") {
  const Issuer issuer;
  std::size_t n_bytes = 1;
  for (std::size_t at = 0; at <= n_bytes; at += 7) {
    Wire wire(issuer);
    REQUIRE(wire.client->greet().has_value());
    // The first time none is changed, to see how many there are.
    wire.talk(at == 0 ? std::string::npos : at, 1 + at % 300);
    // One that makes a record longer leaves the ends waiting, for as long as a handshake may take.
    if (!wire.failed && wire.client->is_established()) {
      REQUIRE(wire.client->seal("hello").has_value());
      wire.talk(at == 0 ? std::string::npos : at, 3);
    }
    n_bytes = at == 0 ? wire.n_sent : n_bytes;
    INFO("byte " << at << " of " << n_bytes);
    // Signatures differ in length: this time there may have been fewer.
    CHECK(wire.server->take_opened() == (at == 0 || at >= wire.n_sent ? "hello" : ""));
  }
  CHECK(n_bytes > 500);
}

TEST_CASE("what is no TLS 1.3 is refused") {
  const Issuer issuer;
  Site site(issuer.options("controller", pki::Role::controller));
  const auto tcp = loop::TcpAddress{"127.0.0.1", site.port()};
  std::optional<loop::Stream> plain;
  const auto speak = [&](std::string first) {
    site.refusal.reset();
    return std::make_unique<loop::Connector>(
        site.fixture.loop, tcp, [&, first = std::move(first)](base::Result<loop::Stream> stream) {
          REQUIRE(stream.has_value());
          plain.emplace(std::move(*stream));
          REQUIRE(plain->write(first).has_value());
        });
  };
  const auto hello = speak("GET / HTTP/1.1\r\n\r\n");
  site.fixture.run();
  CHECK_THAT(site.refusal.value_or(""), Contains("no TLS 1.3 with the other end: http request"));

  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> old(SSL_CTX_new(TLS_client_method()),
                                                         SSL_CTX_free);
  SSL_CTX_set_max_proto_version(old.get(), TLS1_2_VERSION);
  const std::unique_ptr<SSL, void (*)(SSL*)> session(SSL_new(old.get()), SSL_free);
  SSL_set_bio(session.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_connect(session.get());
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(SSL_get_wbio(session.get()), &bytes);
  const auto older = speak({bytes, static_cast<std::size_t>(size)});
  site.fixture.run();
  CHECK_THAT(site.refusal.value_or(""), Contains("unsupported protocol"));
}

TEST_CASE("a connection that is cut ends with an error, at any time") {
  const Issuer issuer;
  Site site(issuer.options("controller", pki::Role::controller));
  site.meet(issuer.options("n1", pki::Role::node));
  std::string why;
  site.server->on_end([&](base::Result<void> how) {
    REQUIRE_FALSE(how.has_value());
    why = how.error().text;
    site.fixture.loop.stop();
  });
  site.server->on_data([](std::span<const char>) {});
  site.client->pause_reading();
  // A write that waits keeps the farewell from being sent.
  REQUIRE(site.client->write(std::string(8 << 20, 'z')).has_value());
  site.client.reset();
  site.fixture.run();
  CHECK_THAT(why, Contains("the connection"));

  std::optional<loop::Stream> plain;
  const loop::Connector connector(site.fixture.loop, loop::TcpAddress{"127.0.0.1", site.port()},
                                  [&](base::Result<loop::Stream> stream) {
                                    REQUIRE(stream.has_value());
                                    plain.emplace(std::move(*stream));
                                    plain->finish();
                                  });
  site.fixture.run();
  CHECK_THAT(site.refusal.value_or(""), Contains("closed the connection in the handshake"));
}

TEST_CASE("a stream that is destroyed says farewell, also in its own callbacks") {
  const Issuer issuer;
  Site site(issuer.options("controller", pki::Role::controller));
  site.meet(issuer.options("n1", pki::Role::node));
  bool ended_well = false;
  site.client->on_end([&](base::Result<void> how) {
    ended_well = how.has_value();
    site.client.reset();
    site.fixture.loop.stop();
  });
  site.client->on_data([](std::span<const char>) {});
  site.server->on_data([&](std::span<const char>) { site.server.reset(); });
  REQUIRE(site.client->write("go").has_value());
  site.fixture.run();
  CHECK(ended_well);
}

TEST_CASE("handshakes at a time are limited, and silent ones end with the listener") {
  const Issuer issuer;
  Site site(issuer.options("controller", pki::Role::controller), 1);
  std::vector<loop::Stream> silent;
  const auto keep = [&](base::Result<loop::Stream> stream) {
    REQUIRE(stream.has_value());
    silent.push_back(std::move(*stream));
  };
  const auto tcp = loop::TcpAddress{"127.0.0.1", site.port()};
  const loop::Connector first(site.fixture.loop, tcp, keep);
  const loop::Connector second(site.fixture.loop, tcp, keep);
  site.fixture.run();
  CHECK(site.refusal == "too many handshakes at a time: 1");
  CHECK_FALSE(site.server.has_value());
}

TEST_CASE("a context that is loaded again is that of new connections") {
  const Issuer issuer;
  auto options = issuer.options("controller", pki::Role::controller);
  Site site(options);
  const auto node = issuer.options("n1", pki::Role::node);
  site.meet(node);
  options.revoked = *pki::make_revocation_list(
      issuer.authority,
      {{.serial = pki::read_certificate(node.certificate)->serial, .at = loop::now()}},
      around_now());
  REQUIRE(site.context->reload(options).has_value());
  std::string got;
  site.server->on_data([&](std::span<const char> bytes) {
    got = as_text(bytes);
    site.fixture.loop.stop();
  });
  REQUIRE(site.client->write("still here").has_value());
  site.fixture.run();
  CHECK(got == "still here");
  site.server.reset();
  site.client.reset();
  site.fail(node);
  CHECK_THAT(site.refusal.value_or(""), Contains("certificate revoked"));
  options.key = "nonsense";
  CHECK(site.context->reload(options).error().text.starts_with("the own key is not one in PEM"));
}

TEST_CASE("TLS needs a context, and nothing else takes one") {
  Fixture fixture;
  const auto nobody = [](loop::Stream) {};
  CHECK(loop::Listener::open(fixture.loop, loop::TlsAddress{{"127.0.0.1", 0}}, {}, nobody)
            .error()
            .code == base::Code::invalid);
  std::string why;
  const loop::Connector connector(fixture.loop, loop::TlsAddress{{"127.0.0.1", 1}},
                                  [&](base::Result<loop::Stream> stream) {
                                    why = stream.error().text;
                                    fixture.loop.stop();
                                  });
  fixture.run();
  CHECK_THAT(why, Contains("TLS needs a certificate"));
}
