#include "cli/request/doctor_nodes.h"

#include "tests/support/catch.h"

namespace {

using Names = std::vector<std::string>;

model::NodeRecord node_record(const std::string& name, const std::string& pool = "cpu") {
  model::NodeRecord record{.node = model::NodeId(1)};
  record.info.name = name;
  record.info.pool = pool;
  record.info.topology.cores.resize(2);
  return record;
}

model::NodeRecord busy_record(const std::string& name) {
  auto record = node_record(name);
  record.state = model::NodeState::busy;
  record.cores_used = model::CoreSet::range(0, 2);
  record.jobs = {model::JobId(17)};
  return record;
}

/// Holds the first cores.
model::Undying holder_of(int n_cores) {
  return {.launch = {.job = model::JobId(17)},
          .pid = 4711,
          .command = "cat",
          .state = "D",
          .since = {},
          .cores = model::CoreSet::range(0, n_cores),
          .gpus = {}};
}

request::DoctorWish any_wish() {
  return {.pool = "", .names = {}, .count = {}, .booking = "", .until = base::time_from_us(100)};
}

}  // namespace

TEST_CASE("nodes with room are looked at, others are named with why") {
  auto away = node_record("n4");
  away.state = model::NodeState::away;
  auto half = node_record("n2");
  half.state = model::NodeState::busy;
  half.cores_used = model::CoreSet::range(0, 1);
  const std::vector nodes{node_record("n1"), half, busy_record("n3"), away};
  const auto chosen = request::choose_nodes(any_wish(), nodes, {});
  REQUIRE(chosen);
  CHECK(chosen->chosen == Names{"n1", "n2"});
  CHECK(chosen->left_out ==
        std::vector<model::LeftOut>{{"n3", "busy: all 2 cores in use by job 17"},
                                    {"n4", "away: its agent is not in contact"}});
  REQUIRE(chosen->findings.size() == 1);
  CHECK(chosen->findings.front().where == "n4");
}

TEST_CASE("busy nodes that are asked for are waited for, and no other is looked at") {
  const std::vector nodes{node_record("n1"), busy_record("n3")};
  auto asked = any_wish();
  asked.names = {"n3"};
  const auto chosen = request::choose_nodes(asked, nodes, {});
  REQUIRE(chosen);
  CHECK(chosen->chosen == Names{"n3"});
  CHECK(chosen->left_out.empty());
}

TEST_CASE("nodes that are set aside before the check would be over are left out") {
  const std::vector nodes{node_record("n1"), node_record("n2"), node_record("n3")};
  const std::vector<model::BookingRecord> bookings{
      {.name = "fix", .nodes = {"n1"}, .start = base::time_from_us(1), .is_maintenance = true},
      {.name = "mine", .nodes = {"n2"}, .start = base::time_from_us(1)},
      {.name = "later", .nodes = {"n3"}, .start = base::time_from_us(100)}};
  const auto chosen = request::choose_nodes(any_wish(), nodes, bookings);
  REQUIRE(chosen);
  CHECK(chosen->chosen == Names{"n3"});
  CHECK(chosen->left_out ==
        std::vector<model::LeftOut>{{"n1", "drained for maintenance 'fix'"},
                                    {"n2", "booked as 'mine'; --booking mine uses it"}});
  auto own = any_wish();
  own.booking = "mine";
  CHECK(request::choose_nodes(own, nodes, bookings)->chosen == Names{"n2", "n3"});
}

TEST_CASE("what is not there is refused by name, and too few nodes with why") {
  const std::vector nodes{node_record("n1"), node_record("g1", "gpu"), busy_record("n3")};
  auto asked = any_wish();
  asked.pool = "gpus";
  CHECK(request::choose_nodes(asked, nodes, {}).error().text ==
        "no node is in a pool 'gpus'; pools with nodes: cpu, gpu");
  asked.pool = "gpu";
  CHECK(request::choose_nodes(asked, nodes, {})->chosen == Names{"g1"});
  asked = any_wish();
  asked.names = {"n8"};
  CHECK(request::choose_nodes(asked, nodes, {}).error().text ==
        "there is no node 'n8'; muster nodes lists them");
  asked = any_wish();
  asked.count = 3;
  CHECK(request::choose_nodes(asked, nodes, {}).error().text ==
        "2 nodes can be looked at now, 3 wanted; n3 is busy: all 2 cores in use by job 17");
}

TEST_CASE("GPUs are checked on nodes that have some and no job") {
  auto with_gpu = node_record("n1");
  with_gpu.info.topology.gpus.resize(1);
  auto used = with_gpu;
  used.info.name = "n2";
  used.jobs = {model::JobId(17)};
  auto asked = any_wish();
  asked.gpus = true;
  const std::vector nodes{with_gpu, used, node_record("n3")};
  const auto chosen = request::choose_nodes(asked, nodes, {});
  REQUIRE(chosen);
  CHECK(chosen->chosen == Names{"n1"});
  CHECK(chosen->left_out ==
        std::vector<model::LeftOut>{{"n2", "in use by job 17; --gpus needs nodes for itself"},
                                    {"n3", "without a GPU"}});
  asked.names = {"n2"};
  CHECK(request::choose_nodes(asked, nodes, {})->chosen == Names{"n2"});
}

TEST_CASE(
    "a node with something out of service is told, and left out where whole nodes are needed") {
  auto failing = node_record("n1");
  failing.info.topology.gpus.resize(2);
  failing.failing = {{.gpu = 1, .reason = "Xid 79: it has fallen off its bus"}};
  auto held = node_record("n2");
  held.info.topology.gpus.resize(1);
  held.undying = {holder_of(1)};
  const std::vector nodes{failing, held};
  const auto chosen = request::choose_nodes(any_wish(), nodes, {});
  REQUIRE(chosen);
  CHECK(chosen->chosen == Names{"n1", "n2"});
  REQUIRE(chosen->findings.size() == 2);
  CHECK(chosen->findings[0].where == "n1");
  CHECK(chosen->findings[0].found == "GPU 1 is out of service: Xid 79: it has fallen off its bus");
  CHECK(chosen->findings[1].found == model::describe(held.undying.front()));
  auto asked = any_wish();
  asked.gpus = true;
  asked.names = {"n1"};
  CHECK(request::choose_nodes(asked, nodes, {}).error().text ==
        "0 nodes can be looked at now, at least one wanted; n1 is not whole, as --gpus needs it: "
        "GPU 1 is out of service: Xid 79: it has fallen off its bus");
}

TEST_CASE("a node all of whose cores are held by what outlived SIGKILL is not waited for") {
  auto held = node_record("n2");
  held.undying = {holder_of(2)};
  auto asked = any_wish();
  asked.names = {"n1", "n2"};
  const auto chosen = request::choose_nodes(asked, std::vector{node_record("n1"), held}, {});
  REQUIRE(chosen);
  CHECK(chosen->chosen == Names{"n1"});
  CHECK(chosen->left_out ==
        std::vector<model::LeftOut>{
            {"n2", "without a free core: " + model::describe(held.undying.front())}});
}
