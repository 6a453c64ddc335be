// Dedicated and low-priority nodes: who gets which, caps, quotas; and nodes with an end.

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using model::JobState;
using model::Tier;

namespace {

scheduler::Settings two_tiers() {
  scheduler::Settings settings;
  settings.pools = {"spot", "firm"};
  settings.low_priority_pools = {"spot"};
  settings.marks = {{.pool = "spot", .is_low_priority = true}};
  settings.requeue_backoff = {};
  return settings;
}

class Market {
 public:
  explicit Market(scheduler::Settings settings = two_tiers()) : controller(std::move(settings)) {
    controller.join(node("s1", 1, 0, "spot"));
    controller.join(node("s2", 1, 0, "spot"));
    controller.join(node("f1", 1, 0, "firm"));
  }

  base::Result<model::JobId> submit(model::Tiers tiers, std::optional<int> max_evictions = {}) {
    auto spec = **job();
    spec.choice.tiers = std::move(tiers);
    spec.max_evictions = max_evictions;
    return controller.submit(std::make_shared<const model::JobSpec>(std::move(spec)));
  }

  const scheduler::Job& job_of(model::JobId id) const {
    return controller.engine().state().jobs.at(id);
  }
  std::string node_of(model::JobId id) const {
    const auto* attempt = scheduler::active_attempt(job_of(id));
    return attempt == nullptr ? "none" : attempt->allocation.nodes.front().name;
  }
  void evict(model::JobId id) {
    const auto name = node_of(id);
    (void)controller.give(scheduler::NodeEvicted{name, 0s, "the price rose"});
    const model::LaunchKey key{id, job_of(id).attempts, {}};
    (void)controller.give(scheduler::NodeSaysEnded{controller.node_id(name), success(key)});
    controller.pass(30s);
  }

  Controller controller;
};

}  // namespace

TEST_CASE(
    "a job gets the tier that it asks for, the preferred one first, without a wish dedicated") {
  Market market;
  const auto low = *market.submit({Tier::low_priority});
  CHECK(market.node_of(low) == "s1");
  const auto any = *market.submit({});
  CHECK(market.node_of(any) == "f1");
  const auto firm = *market.submit({Tier::dedicated});
  CHECK(market.node_of(firm) == "none");
  const auto rather_low = *market.submit({Tier::low_priority, Tier::dedicated});
  CHECK(market.node_of(rather_low) == "s2");
  CHECK(model::tiers_from_text("low-priority,dedicated") ==
        model::Tiers{Tier::low_priority, Tier::dedicated});
  CHECK(model::tiers_from_text("any") == model::Tiers{});
  CHECK_FALSE(model::tiers_from_text("dedicated,dedicated").has_value());
}

TEST_CASE("after its most evictions a job goes to dedicated nodes only, or ends where it may not") {
  Market market;
  const auto both = *market.submit({Tier::low_priority, Tier::dedicated}, 2);
  market.evict(both);
  CHECK(market.node_of(both).starts_with("s"));
  market.evict(both);
  CHECK(market.node_of(both) == "f1");
  const auto only = *market.submit({Tier::low_priority}, 1);
  market.evict(only);
  REQUIRE(market.controller.state_of(only) == JobState::failed);
  const auto& outcome = std::get<scheduler::Done>(market.job_of(only).phase).outcome;
  CHECK(outcome.failure->cause == model::Cause::evicted);
  CHECK_THAT(outcome.failure->text, Contains("--max-evictions=1 is reached"));
}

TEST_CASE("quotas of the tiers are apart") {
  auto settings = two_tiers();
  settings.quotas = {{.tier = Tier::low_priority, .limits = {{model::QuotaResource::cores, 1}}}};
  Market market(settings);
  const auto first = *market.submit({Tier::low_priority});
  const auto second = *market.submit({Tier::low_priority});
  const auto firm = *market.submit({});
  CHECK(market.node_of(first) == "s1");
  CHECK(market.node_of(second) == "none");
  CHECK(market.node_of(firm) == "f1");
  CHECK_THAT(market.controller.reason_of(second), Contains("low-priority pools"));
  auto spec = **job().nodes(2);
  spec.choice.tiers = {Tier::low_priority};
  const auto refused =
      market.controller.submit(std::make_shared<const model::JobSpec>(std::move(spec)));
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().text, Contains("the quota of low-priority pools is 1 core"));
}

TEST_CASE("a job that is too much for one tier's quota where it fits first goes to the other") {
  auto settings = two_tiers();
  settings.quotas = {{.tier = Tier::low_priority, .limits = {{model::QuotaResource::nodes, 1}}}};
  Controller controller(settings);
  controller.join(node("s1", 2, 0, "spot"));
  controller.join(node("s2", 2, 0, "spot"));
  controller.join(node("f1", 4, 0, "firm"));
  auto spec = **job().tasks(4);
  spec.choice.tiers = {Tier::low_priority, Tier::dedicated};
  const auto id = *controller.submit(std::make_shared<const model::JobSpec>(std::move(spec)));
  const auto* attempt = scheduler::active_attempt(controller.engine().state().jobs.at(id));
  REQUIRE(attempt != nullptr);
  CHECK(attempt->allocation.nodes.front().name == "f1");
}

TEST_CASE("nodes with ends of their own are few kinds") {
  Controller controller;
  constexpr int n_pilots = 400;
  for (int i = 1; i <= n_pilots; ++i) {
    auto pilot = node("p" + std::to_string(i), 1);
    pilot.ends_at = controller.now() + 4h;
    controller.join(pilot);
    controller.pass(20s);
  }
  const auto& state = controller.engine().state();
  CHECK(state.ready.kinds.size() <= 40);
  // None is taken to stay longer than it does, and little of it is lost.
  for (const auto& [id, each] : state.nodes) {
    REQUIRE(each.stays_until.has_value());
    const auto lost = *each.info.ends_at - *each.stays_until;
    CHECK(lost >= 30s);
    CHECK(lost <= 30s + 450s);
  }
  CHECK(controller.state_of(*controller.submit(*job().minutes(220))) == JobState::starting);
  CHECK(controller.state_of(*controller.submit(*job().minutes(240))) == JobState::waiting);
}

TEST_CASE(
    "a job that would outlive its node is not placed there, and the node is evicted at its end") {
  Controller controller;
  auto short_lived = node("n1", 1);
  short_lived.ends_at = controller.now() + 1h;
  controller.join(short_lived);
  const auto forever = *controller.submit(*job());
  const auto two_hours = *controller.submit(*job().minutes(120));
  CHECK(controller.state_of(forever) == JobState::waiting);
  CHECK_THAT(controller.reason_of(two_hours), Contains("n1 ends"));
  const auto half_hour = *controller.submit(*job().minutes(30));
  CHECK(controller.state_of(half_hour) == JobState::starting);
  controller.run(half_hour);
  controller.pass(1h - 31s);
  CHECK_FALSE(controller.engine().state().nodes.begin()->second.eviction.has_value());
  controller.pass(2s);
  REQUIRE(controller.engine().state().nodes.begin()->second.eviction.has_value());
  CHECK(controller.engine().state().nodes.begin()->second.eviction->cause == "its time is over");
  controller.join(node("n1", 1));
  controller.pass(2min);
  CHECK(controller.state_of(forever) == JobState::starting);
}
