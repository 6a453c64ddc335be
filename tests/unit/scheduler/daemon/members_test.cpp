#include "scheduler/daemon/members.h"

#include "lib/pki/enrolment.h"
#include "tests/unit/scheduler/daemon/site.h"

using daemon_test::FakeAgent;
using daemon_test::node_info;
using daemon_test::Site;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// A controller that machines dial, and what they need for it.
struct Machines {
  pki::Folder folder{""};
  Site site{[this](Site& s) {
    s.config.listen.agents = "tls:127.0.0.1:0";
    folder = pki::Folder(s.config.cluster.dir + "/tls");
    REQUIRE(folder.create("test", loop::now()).has_value());
  }};
  std::optional<pki::Enrolment> enrolment;

  loop::TlsAddress address() const {
    return std::get<loop::TlsAddress>(*site.controller->agents().remote_address());
  }

  std::string invite(const std::string& name) {
    const auto secret = folder.invite(
        {.name = name, .pool = "default", .life = 1h, .invitations = {}, .certificates = {}},
        loop::now() + 1h);
    REQUIRE(secret.has_value());
    return *secret;
  }

  base::Result<model::JoinReply> ask(const loop::TlsOptions& options,
                                     const model::JoinRequest& request) {
    const auto context = loop::TlsContext::make(options);
    REQUIRE(context.has_value());
    std::optional<base::Result<model::JoinReply>> reply;
    enrolment.emplace(site.fixture.loop, address(), *context, request,
                      [&](base::Result<model::JoinReply> answer) { reply = std::move(answer); });
    site.run_until([&] { return reply.has_value(); });
    enrolment.reset();
    return *reply;
  }

  base::Result<model::JoinReply> join(const std::string& name, const std::string& secret,
                                      const std::string& key) {
    return ask(
        {.authority_fingerprint = *folder.authority_fingerprint(), .protocol = pki::join_protocol},
        {.name = name, .secret = secret, .request = *pki::make_request(key, name)});
  }

  /// Joins for good; what its agent dials with.
  loop::TlsOptions member(const std::string& name) {
    const auto key = pki::make_key();
    const auto reply = join(name, invite(name), key);
    REQUIRE(reply.has_value());
    CHECK(reply->pool == "default");
    CHECK(reply->address == "127.0.0.1");
    return {.certificate = reply->certificate,
            .key = key,
            .authority = reply->authority,
            .protocol = pki::agent_protocol};
  }

  FakeAgent& dial(const loop::TlsOptions& options, const model::NodeInfo& info) {
    const auto context = loop::TlsContext::make(options);
    REQUIRE(context.has_value());
    return site.agents.emplace_back(site.fixture.loop, address(), *context, info);
  }

  std::string refusal(const loop::TlsOptions& options, const model::NodeInfo& info) {
    auto& agent = dial(options, info);
    site.run_until([&] { return agent.is_closed; });
    CHECK_FALSE(agent.is_admitted());
    return agent.refused ? agent.refused->why : agent.why_closed;
  }
};

}  // namespace

TEST_CASE("a machine joins with its token and is a node, whose jobs know no socket") {
  Machines machines;
  auto& site = machines.site;
  auto& agent = machines.dial(machines.member("m1"), node_info("m1", 2));
  site.run_until([&] { return agent.is_admitted(); });
  site.submit();
  site.run_until([&] { return agent.orders.size() == 1; });
  CHECK(agent.orders.front().controller.empty());
  CHECK_THAT(site.answer("GET", "/v1/status").body, Contains("\"nodes_total\":1"));
}

TEST_CASE("a token that is wrong, used or for another name gives nothing") {
  Machines machines;
  const auto key = pki::make_key();
  const auto secret = machines.invite("m1");
  CHECK(machines.join("m1", std::string(64, '0'), key).error().code == base::Code::denied);
  CHECK(machines.join("m2", secret, key).error().code == base::Code::denied);
  CHECK(machines.join("m1", secret, key).has_value());
  CHECK_THAT(machines.join("m1", secret, key).error().text, Contains("used already"));
  CHECK_THAT(machines.join("m1", "", key).error().text, Contains("without a token"));
}

TEST_CASE("a certificate is renewed by who has it, for its own name") {
  Machines machines;
  auto options = machines.member("m1");
  machines.member("m2");
  options.protocol = pki::join_protocol;
  const auto key = pki::make_key();
  const auto ask = [&](const std::string& name) {
    return machines.ask(options,
                        {.name = name, .secret = {}, .request = *pki::make_request(key, name)});
  };
  CHECK_THAT(ask("m2").error().text, Contains("without a token"));
  const auto next = ask("m1");
  REQUIRE(next.has_value());
  options.certificate = next->certificate;
  options.key = key;
  options.protocol = pki::agent_protocol;
  auto& agent = machines.dial(options, node_info("m1", 2));
  machines.site.run_until([&] { return agent.is_admitted(); });
}

TEST_CASE("an agent is what its certificate says, and the only one") {
  Machines machines;
  auto& site = machines.site;
  const auto options = machines.member("m1");
  CHECK(machines.refusal(options, node_info("m2", 2)) ==
        "its certificate names 'm1', and it says that it is 'm2'");
  auto elsewhere = node_info("m1", 2);
  elsewhere.pool = "gold";
  CHECK_THAT(machines.refusal(options, elsewhere), Contains("added for the pool 'default'"));
  auto& first = machines.dial(options, node_info("m1", 2));
  site.run_until([&] { return first.is_admitted(); });
  CHECK_THAT(machines.refusal(options, node_info("m1", 2)),
             Contains("'m1' is served by another agent, at 127.0.0.1"));
  auto& local = site.agents.emplace_back(site.fixture.loop, site.paths.agents_socket(), "m1", 2);
  site.run_until([&] { return local.is_closed; });
  CHECK_THAT(local.refused.value().why, Contains("is served by another agent"));
  CHECK_FALSE(first.is_closed);
}

TEST_CASE("a machine that is removed is gone at once and stays out") {
  Machines machines;
  auto& site = machines.site;
  const auto options = machines.member("m1");
  auto& agent = machines.dial(options, node_info("m1", 2));
  site.run_until([&] { return agent.is_admitted(); });
  CHECK_THAT(site.answer("GET", "/v1/nodes").body, Contains("m1"));
  REQUIRE(machines.folder.remove("m1", loop::now()).has_value());
  site.run_until([&] { return agent.is_closed; });
  CHECK(agent.refused.value().why == "'m1' was removed from the cluster");
  CHECK_THAT(site.answer("GET", "/v1/nodes").body, !Contains("m1"));
  CHECK_THAT(machines.refusal(options, node_info("m1", 2)), Contains("certificate revoked"));
}

TEST_CASE("without an authority nothing is listened on for machines") {
  loop_test::Fixture fixture;
  const auto log = loop::Log::open({.path = fixture.path("log")});
  const auto members = musterd::Members::open(fixture.loop, fixture.path("tls"), *log);
  CHECK(members.error().code == base::Code::not_found);
  CHECK_THAT(members.error().text, Contains("muster init"));
}
