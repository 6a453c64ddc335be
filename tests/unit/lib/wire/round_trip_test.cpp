// Every kind of message comes back as it went out, and damaged bytes never do worse than an error.

#include <set>

#include "lib/wire/agent.h"
#include "lib/wire/fact.h"
#include "lib/wire/head.h"
#include "lib/wire/launch.h"
#include "tests/support/catch.h"
#include "tests/support/random_messages.h"

namespace {

constexpr std::uint64_t n_seeds = 600;

/// Orders hold shared specs, so they are compared by what they hold.
bool same(const model::LaunchOrder& a, const model::LaunchOrder& b) {
  const bool same_step =
      (a.step == nullptr) == (b.step == nullptr) && (a.step == nullptr || *a.step == *b.step);
  return a.key == b.key && a.user == b.user && *a.job == *b.job && same_step &&
         a.allocation == b.allocation && a.node_index == b.node_index && a.tasks == b.tasks &&
         a.kill_grace == b.kill_grace && a.log_limit == b.log_limit && a.cluster == b.cluster &&
         a.pool == b.pool && a.controller == b.controller && a.head_address == b.head_address &&
         a.secret == b.secret && a.addresses == b.addresses && a.head_tls == b.head_tls;
}

bool same(const model::ToAgent& a, const model::ToAgent& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&](const auto& left) {
        using Kind = std::decay_t<decltype(left)>;
        const auto& right = std::get<Kind>(b);
        if constexpr (std::is_same_v<Kind, model::Launch>) {
          return same(left.order, right.order);
        } else {
          return left == right;
        }
      },
      a);
}

/// Cuts and flips: the decoder may refuse or accept, but it returns.
template <class Decode>
void damage(std::string bytes, base::Random& random, Decode decode) {
  for (int i = 0; i < 20 && !bytes.empty(); ++i) {
    auto broken = bytes;
    const auto place = random.below(broken.size());
    if (random.chance(30)) {
      broken.resize(place);
    } else {
      broken[place] = static_cast<char>(random.next());
    }
    const auto result = decode(broken);
    if (!result) {
      REQUIRE(result.error().code == base::Code::corrupt);
      REQUIRE_FALSE(result.error().text.empty());
    }
  }
}

}  // namespace

TEST_CASE("messages of an agent come back as they went out") {
  std::set<std::size_t> kinds;
  for (std::uint64_t seed = 0; seed < n_seeds; ++seed) {
    support::RandomModel make(seed);
    const auto message = make.from_agent();
    kinds.insert(message.index());
    const auto bytes = wire::encode(message);
    const auto back = wire::decode_from_agent(bytes);
    INFO("seed " << seed << (back ? "" : back.error().text));
    REQUIRE(back.has_value());
    REQUIRE(*back == message);
    damage(bytes, make.random(), wire::decode_from_agent);
  }
  REQUIRE(kinds.size() == model::FromAgentTypes::count);
}

TEST_CASE("messages to an agent come back as they went out") {
  std::set<std::size_t> kinds;
  for (std::uint64_t seed = 0; seed < n_seeds; ++seed) {
    support::RandomModel make(seed);
    const auto message = make.to_agent();
    kinds.insert(message.index());
    const auto bytes = wire::encode(message);
    const auto back = wire::decode_to_agent(bytes);
    INFO("seed " << seed << (back ? "" : back.error().text));
    REQUIRE(back.has_value());
    REQUIRE(same(*back, message));
    damage(bytes, make.random(), wire::decode_to_agent);
  }
  REQUIRE(kinds.size() == model::ToAgentTypes::count);
}

TEST_CASE("messages of a step come back as they went out") {
  std::set<std::size_t> kinds;
  for (std::uint64_t seed = 0; seed < n_seeds; ++seed) {
    support::RandomModel make(seed);
    const auto message = make.head_message();
    kinds.insert(message.index());
    const auto bytes = wire::encode(message);
    const auto back = wire::decode_head(bytes);
    INFO("seed " << seed << (back ? "" : back.error().text));
    REQUIRE(back.has_value());
    REQUIRE(*back == message);
    damage(bytes, make.random(), wire::decode_head);
  }
  REQUIRE(kinds.size() == model::HeadMessageTypes::count);
}

TEST_CASE("facts come back as they went out") {
  std::set<std::size_t> kinds;
  for (std::uint64_t seed = 0; seed < n_seeds; ++seed) {
    support::RandomModel make(seed);
    const auto fact = make.fact();
    kinds.insert(fact.body.index());
    const auto bytes = wire::encode(fact);
    const auto back = wire::decode_fact(bytes);
    INFO("seed " << seed << (back ? "" : back.error().text));
    REQUIRE(back.has_value());
    REQUIRE(*back == fact);
    damage(bytes, make.random(), [](std::string_view b) { return wire::decode_fact(b); });
  }
  REQUIRE(kinds.size() == model::FactTypes::count);
}

TEST_CASE("orders and reports of a launch directory come back as they went out") {
  for (std::uint64_t seed = 0; seed < n_seeds / 4; ++seed) {
    support::RandomModel make(seed);
    const auto order = make.order();
    const auto report = make.report();
    const auto order_back = wire::decode_order(wire::encode_order(order));
    const auto report_back = wire::decode_report(wire::encode_report(report));
    INFO("seed " << seed << (order_back ? "" : order_back.error().text));
    REQUIRE(order_back.has_value());
    REQUIRE(same(*order_back, order));
    REQUIRE(report_back.has_value());
    REQUIRE(*report_back == report);
    damage(wire::encode_order(order), make.random(), wire::decode_order);
    damage(wire::encode_report(report), make.random(), wire::decode_report);
  }
}

TEST_CASE("a snapshot comes back as it went out") {
  support::RandomModel make(7);
  std::vector<model::Fact> facts;
  for (int i = 0; i < 100; ++i) facts.push_back(make.fact());
  const auto bytes = wire::encode_snapshot(facts);
  const auto back = wire::decode_snapshot(bytes);
  REQUIRE(back.has_value());
  REQUIRE(*back == facts);
  REQUIRE(wire::decode_snapshot("")->empty());
}
