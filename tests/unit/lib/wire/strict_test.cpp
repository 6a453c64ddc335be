// What decoding refuses, and that it says where.

#include "lib/wire/agent.h"
#include "lib/wire/fact.h"
#include "lib/wire/head.h"
#include "lib/wire/launch.h"
#include "tests/support/catch.h"
#include "tests/support/random_messages.h"

namespace {

using Catch::Matchers::Contains;

std::string error_of_order(const model::LaunchOrder& order) {
  const auto back = wire::decode_order(wire::encode_order(order));
  REQUIRE_FALSE(back.has_value());
  REQUIRE(back.error().code == base::Code::corrupt);
  return back.error().text;
}

std::string error_of_fact(const model::FactBody& body) {
  const auto back = wire::decode_fact(wire::encode({base::time_from_us(1), body}));
  REQUIRE_FALSE(back.has_value());
  return back.error().text;
}

model::LaunchOrder step_order() {
  for (std::uint64_t seed = 0;; ++seed) {
    auto order = support::RandomModel(seed).order();
    if (order.step != nullptr && order.allocation.nodes.size() > 1) return order;
  }
}

}  // namespace

TEST_CASE("an empty message has no kind and is refused") {
  CHECK_THAT(wire::decode_from_agent("").error().text, Contains("kind is missing"));
  CHECK_THAT(wire::decode_to_agent("").error().text, Contains("kind is missing"));
  CHECK_THAT(wire::decode_head("").error().text, Contains("kind is missing"));
  CHECK_THAT(wire::decode_fact("").error().text, Contains("body is missing"));
}

TEST_CASE("a kind of a later version is refused, an unknown field is skipped") {
  const std::string field_100_varint("\xa0\x06\x01", 3);
  CHECK_FALSE(wire::decode_from_agent(field_100_varint).has_value());
  const auto heartbeat = wire::encode(model::FromAgent(model::Heartbeat{}));
  CHECK(wire::decode_from_agent(heartbeat + field_100_varint).has_value());
}

TEST_CASE("bytes that are no message are refused") {
  CHECK_THAT(wire::decode_order("\xff\xff\xff").error().text, Contains("order"));
  CHECK(wire::decode_report(std::string(100, '\xff')).error().code == base::Code::corrupt);
}

TEST_CASE("ids and attempts count from 1") {
  CHECK_THAT(error_of_fact(model::NodeAway{model::NodeId(0)}), Contains("node is 0"));
  CHECK_THAT(error_of_fact(model::JobHeld{model::JobId(0), "ada"}), Contains("job is 0"));
  CHECK_THAT(error_of_fact(model::AttemptRequeued{model::JobId(1), 0, {}}),
             Contains("attempt_requeued.attempt is 0"));
  CHECK_THAT(error_of_fact(model::LaunchStarted{{model::JobId(1), 0, {}}, model::NodeId(1)}),
             Contains("launch_started.key.attempt is 0"));
}

TEST_CASE("an order that would lead a launcher astray is refused") {
  auto order = step_order();
  order.node_index = static_cast<int>(order.allocation.nodes.size());
  CHECK_THAT(error_of_order(order), Contains("node_index is not in the allocation"));

  order = step_order();
  order.tasks.pop_back();
  CHECK_THAT(error_of_order(order), Contains("tasks has another length"));

  order = step_order();
  order.tasks[static_cast<std::size_t>(order.node_index)] = 0;
  CHECK_THAT(error_of_order(order), Contains("tasks has none for the node"));

  order = step_order();
  order.step = nullptr;
  CHECK_THAT(error_of_order(order), Contains("step is there without"));

  order = step_order();
  order.allocation.nodes.clear();
  CHECK_THAT(error_of_order(order), Contains("allocation has no nodes"));
}

TEST_CASE("negative counts and durations are refused") {
  auto order = step_order();
  order.node_index = -1;
  CHECK_THAT(error_of_order(order), Contains("node_index is 4294967295; expected 0 to"));

  order = step_order();
  order.kill_grace = base::Duration(-1);
  CHECK_THAT(error_of_order(order), Contains("kill_grace_us is -1 us"));

  const auto welcome = wire::encode(model::Welcome{model::NodeId(1), base::Duration(0)});
  CHECK_THAT(wire::decode_to_agent(welcome).error().text, Contains("heartbeat_us is 0"));
}

TEST_CASE("a time that RFC 3339 cannot write is refused") {
  const auto bytes = wire::encode({base::time_from_us(-1), model::NodeAway{model::NodeId(1)}});
  CHECK_THAT(wire::decode_fact(bytes).error().text, Contains("at_us is -1 us"));
}

TEST_CASE("a core in a NUMA domain that is not there is refused") {
  model::NodeInfo info{.name = "n1"};
  info.topology.numa.resize(2);
  info.topology.cores = {{0, 2, model::CpuSet::range(0, 1)}};
  CHECK_THAT(error_of_fact(model::NodeJoined{model::NodeId(1), info, {}}),
             Contains("node_joined.info.topology.cores.numa is 2; expected 0 to 1"));
}

TEST_CASE("a node without a name is refused") {
  CHECK_THAT(error_of_fact(model::NodeJoined{model::NodeId(1), {}, {}}),
             Contains("node_joined.info.name is empty"));
}

TEST_CASE("a list of cores that does not parse is refused") {
  // NodeShare.cores is the only "3-1" in these bytes once the list "1-3" is turned round.
  model::Allocation allocation;
  allocation.nodes.push_back({.node = model::NodeId(1), .name = "n"});
  allocation.nodes[0].cores = model::CoreSet::range(1, 3);
  auto bytes =
      wire::encode({base::time_from_us(1), model::AttemptStarted{model::JobId(1), 1, allocation}});
  bytes.replace(bytes.find("1-3"), 3, "3-1");
  CHECK_THAT(wire::decode_fact(bytes).error().text,
             Contains("attempt_started.allocation.nodes.cores is wrong: '3-1'"));
}

TEST_CASE("a cause that this version does not know is refused") {
  model::Failure failure;
  failure.cause = model::Cause::time_limit;
  auto bytes = wire::encode(model::HeadMessage(model::EndStep{failure}));
  bytes.replace(bytes.find("time_limit"), 10, "bad_luck!!");
  CHECK_THAT(wire::decode_head(bytes).error().text,
             Contains("end_step.why.cause is 'bad_luck!!', which this version does not know"));
}

TEST_CASE("a signal outside 1 to 64 is refused") {
  const auto bytes = wire::encode(model::HeadMessage(model::StepSignal{65}));
  CHECK_THAT(wire::decode_head(bytes).error().text, Contains("step_signal.number is 65"));
}

TEST_CASE("a fact of a newer version is refused by its version") {
  const auto bytes = wire::encode({base::time_from_us(1), model::NodeAway{model::NodeId(1)}});
  CHECK_THAT(wire::decode_fact(bytes, 2).error().text, Contains("has version 2"));
}

TEST_CASE("a part that has to be there is missed") {
  // A message of one empty part: its field number, length-delimited, and no bytes.
  const auto only = [](int field) { return std::string{static_cast<char>(field << 3 | 2), '\0'}; };
  CHECK_THAT(wire::decode_order("").error().text, Contains("key is missing"));
  CHECK_THAT(wire::decode_report("").error().text, Contains("key is missing"));
  CHECK_THAT(wire::decode_from_agent(only(3)).error().text, Contains("key is missing"));
  CHECK_THAT(wire::decode_from_agent(only(4)).error().text, Contains("report is missing"));
  CHECK_THAT(wire::decode_to_agent(only(3)).error().text, Contains("order is missing"));
  CHECK_THAT(wire::decode_to_agent(only(5)).error().text, Contains("key is missing"));
  CHECK_THAT(wire::decode_head(only(1)).error().text, Contains("peer_hello.key is missing"));
  CHECK_THAT(wire::decode_head(only(10)).error().text, Contains("end_step.why is missing"));
}
