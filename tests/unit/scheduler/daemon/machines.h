#pragma once
// A controller that machines dial.

#include <optional>
#include <string>
#include <utility>

#include "lib/pki/enrolment.h"
#include "scheduler/daemon/members.h"
#include "tests/unit/scheduler/daemon/site.h"

namespace daemon_test {

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

}  // namespace daemon_test
