#include "scheduler/daemon/api_gate.h"

#include "lib/loop/frames.h"
#include "lib/wire/join.h"
#include "tests/unit/scheduler/daemon/machines.h"

using daemon_test::FakeAgent;
using daemon_test::Machines;
using daemon_test::node_info;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// Whether the whole answer is there.
bool is_whole(const std::string& answer) {
  constexpr std::string_view name = "Content-Length: ";
  const auto end = answer.find("\r\n\r\n");
  const auto at = answer.find(name);
  if (end == answer.npos || at == answer.npos) return false;
  return answer.size() - end - 4 == std::stoul(answer.substr(at + name.size()));
}

/// A machine m1 that runs a job, and what a user there hears from the API.
struct Gate {
  Machines machines;
  daemon_test::Site& site = machines.site;
  loop::TlsOptions member = machines.member("m1");
  FakeAgent& agent = machines.dial(member, node_info("m1", 2));
  std::optional<loop::Connector> connector;
  std::optional<loop::Stream> stream;
  std::string heard;
  bool is_closed = false;

  Gate() {
    site.run_until([&] { return agent.is_admitted(); });
  }

  model::JobId run_job() {
    const auto job = site.submit();
    site.run_until([&] { return !agent.orders.empty(); });
    return job;
  }

  void dial(const std::string& first) {
    auto options = member;
    options.protocol = pki::api_protocol;
    const auto context = loop::TlsContext::make(options);
    REQUIRE(context.has_value());
    heard.clear();
    is_closed = false;
    connector.emplace(
        site.fixture.loop, machines.address(),
        [this, first](base::Result<loop::Stream> dialled) {
          REQUIRE(dialled.has_value());
          stream.emplace(std::move(*dialled));
          stream->on_end([this](const auto&) { is_closed = true; });
          stream->on_data(
              [this](std::span<const char> bytes) { heard.append(bytes.data(), bytes.size()); });
          CHECK(stream->write(first));
        },
        *context);
  }

  static std::string caller(std::uint32_t uid) {
    return loop::frame(wire::encode(model::Caller{.uid = uid, .is_agent = false}));
  }

  /// The answer to one request of this user.
  std::string ask(std::uint32_t uid, const std::string& target) {
    dial(caller(uid) + "GET " + target + " HTTP/1.1\r\nHost: m1\r\n\r\n");
    site.run_until([&] { return is_whole(heard); });
    return heard;
  }
};

}  // namespace

TEST_CASE("the agent's user on a node speaks for the one user with jobs there") {
  Gate gate;
  const auto& state = gate.site.controller->driver().engine().state();
  constexpr std::uint32_t other = 54321;
  CHECK(musterd::user_of(state, "m1", {.uid = other, .is_agent = true}).uid == other);
  gate.run_job();
  CHECK(musterd::user_of(state, "m1", {.uid = other, .is_agent = true}).uid == geteuid());
  CHECK(musterd::user_of(state, "m1", {.uid = other, .is_agent = false}).uid == other);
  CHECK_FALSE(musterd::may_call(state, "m1", other));
  CHECK(musterd::user_of(state, "m1", {.uid = geteuid(), .is_agent = false}).uid == geteuid());
}

TEST_CASE("a node speaks for the users whose jobs run there, while they do") {
  Gate gate;
  const auto uid = geteuid();
  CHECK_THAT(gate.ask(uid, "/v1/version"), Contains(" 403 ") && Contains("runs no job of user"));
  const auto job = gate.run_job();
  CHECK_THAT(gate.ask(uid, "/v1/version"), Contains(" 200 ") && Contains("muster"));
  CHECK_THAT(gate.ask(uid + 1, "/v1/version"), Contains(" 403 "));
  CHECK_FALSE(musterd::may_call(gate.site.controller->driver().engine().state(), "m2", uid));
  gate.ask(uid, "/v1/jobs");
  gate.agent.end({job, 1, {}}, 0);
  gate.site.run_until([&] { return gate.is_closed; });
}

TEST_CASE("a connection that names no user, or says too much before, is closed") {
  Gate gate;
  gate.run_job();
  gate.dial(loop::frame(std::string(1000, 'x')));
  gate.site.run_until([&] { return gate.is_closed; });
  gate.dial(loop::frame("\xff\xff"));
  gate.site.run_until([&] { return gate.is_closed; });
  CHECK(gate.heard.empty());
}

TEST_CASE("with the machine its users' connections are gone") {
  Gate gate;
  gate.run_job();
  gate.ask(geteuid(), "/v1/version");
  CHECK_FALSE(gate.is_closed);
  REQUIRE(gate.machines.folder.remove("m1", loop::now()).has_value());
  gate.site.run_until([&] { return gate.is_closed; });
}

TEST_CASE(
    "a step on a machine has its head there, at a socket for its own node and TLS for others") {
  Gate gate;
  const auto job = gate.run_job();
  gate.agent.say(model::ReportStarted{{job, 1, {}}});
  gate.site.run_until([&] { return gate.site.has_state(job, model::JobState::running); });
  const auto body = wire::to_json(wire::StepRequest{1, {.arguments = {"true"}, .work_dir = "/"}});
  const auto answer = gate.site.answer("POST", "/v1/jobs/" + to_text(job) + "/steps", *body);
  INFO(answer.body);
  const auto reply = wire::step_reply_from_json(answer.body);
  REQUIRE(reply.has_value());
  CHECK(reply->head_address.empty());
  CHECK(reply->head_tls.size() == 4);
  CHECK_THAT(reply->head_tls.front(), Contains("tls:127.0.0.1:1"));
  gate.site.run_until([&] { return gate.agent.orders.size() == 2; });
  const auto& order = gate.agent.orders.back();
  CHECK(order.head_address == "unix:" + to_text(order.key) + ".sock");
  CHECK(order.head_tls == reply->head_tls);
  CHECK(order.secret == reply->secret);
  gate.dial(Gate::caller(geteuid()) + "POST /v1/jobs/" + to_text(job) +
            "/steps HTTP/1.1\r\nHost: m1\r\nContent-Length: " + std::to_string(body->size()) +
            "\r\n\r\n" + *body);
  gate.site.run_until([&] { return is_whole(gate.heard); });
  CHECK_THAT(gate.heard, Contains(R"("head_address":"unix:)" + to_text(job) + ".1.1.sock"));
}
