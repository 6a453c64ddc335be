// Servers of several nodes around the head of their step, with messages in any order.

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <utility>

#include "launcher/map/star.h"
#include "launcher/pmi1/server.h"
#include "lib/base/random.h"
#include "tests/support/catch.h"

namespace {

using Tasks = std::vector<int>;

model::LaunchOrder order_of(const Tasks& tasks, bool by_node) {
  model::LaunchOrder order{.key = {.job = model::JobId(1), .attempt = 1, .step = model::StepId(0)},
                           .job = std::make_shared<model::JobSpec>(),
                           .step = std::make_shared<model::StepSpec>()};
  for (std::size_t node = 0; node < tasks.size(); ++node) {
    order.allocation.nodes.push_back({.node = model::NodeId(static_cast<std::uint32_t>(node + 1)),
                                      .name = "n" + std::to_string(node + 1)});
  }
  order.tasks = tasks;
  auto step = *order.step;
  step.binding.by_node = by_node;
  order.step = std::make_shared<model::StepSpec>(step);
  return order;
}

/// A step whose messages between nodes and head are delivered one at a time.
class Exchange {
 public:
  explicit Exchange(const Tasks& tasks, bool by_node = false) : star_(order_of(tasks, by_node)) {
    const auto ranks = model::deal_ranks(tasks, by_node);
    node_of_.resize(static_cast<std::size_t>(std::accumulate(tasks.begin(), tasks.end(), 0)));
    for (std::size_t node = 0; node < tasks.size(); ++node) {
      servers_.emplace_back(pmi1::Setup{.kvs_name = "kvs", .ranks_of_nodes = ranks, .node = node});
      for (const int rank : ranks[node]) node_of_[static_cast<std::size_t>(rank)] = node;
    }
    to_head_.resize(tasks.size());
    to_node_.resize(tasks.size());
  }

  int n_ranks() const { return static_cast<int>(node_of_.size()); }

  /// Sends a command; the answer is in `answers` once it is there.
  void say(int rank, const std::string& command) {
    const auto node = node_of_[static_cast<std::size_t>(rank)];
    servers_[node].receive(rank, command + "\n");
    collect(node);
  }

  /// What a rank was answered last, "" if nothing since it was last asked here.
  std::string answer(int rank) { return std::exchange(answers[rank], {}); }
  std::string ask(int rank, const std::string& command) {
    say(rank, command);
    return answer(rank);
  }

  /// Delivers a message that is under way, chosen by `draw`; false if there is none.
  bool deliver_one(std::uint64_t draw) {
    std::vector<std::pair<bool, std::size_t>> under_way;
    for (std::size_t node = 0; node < servers_.size(); ++node) {
      if (!to_head_[node].empty()) under_way.emplace_back(true, node);
      if (!to_node_[node].empty()) under_way.emplace_back(false, node);
    }
    if (under_way.empty()) return false;
    const auto [is_up, node] = under_way[draw % under_way.size()];
    is_up ? deliver_up(node) : deliver_down(node);
    return true;
  }

  void deliver_all() {
    while (deliver_one(0)) {
    }
  }

  mapping::Star& star() { return star_; }

  std::map<int, std::string> answers;
  int n_refused = 0;

 private:
  void collect(std::size_t node) {
    for (auto& output : servers_[node].take_outputs()) {
      if (auto* reply = std::get_if<pmi1::Reply>(&output)) answers[reply->rank] += reply->line;
      if (auto* message = std::get_if<pmi1::ToHead>(&output)) {
        to_head_[node].push_back(std::move(message->message));
      }
      if (std::holds_alternative<pmi1::Refused>(output)) ++n_refused;
    }
  }

  void deliver_up(std::size_t node) {
    star_.from_node(node, std::move(to_head_[node].front()));
    to_head_[node].pop_front();
    for (auto& output : star_.take_outputs()) {
      if (auto* to_node = std::get_if<mapping::ToNode>(&output)) {
        to_node_[to_node->node].push_back(std::move(to_node->message));
      }
    }
  }

  void deliver_down(std::size_t node) {
    if (const auto* fence = std::get_if<model::Fence>(&to_node_[node].front())) {
      REQUIRE(fence->protocol == model::FenceProtocol::pmi1);
      servers_[node].take(*fence);
    } else if (const auto* reply = std::get_if<model::NameReply>(&to_node_[node].front())) {
      servers_[node].take(*reply);
    }
    to_node_[node].pop_front();
    collect(node);
  }

  mapping::Star star_;
  std::vector<pmi1::Server> servers_;
  std::vector<std::size_t> node_of_;  // by rank
  std::vector<std::deque<model::HeadMessage>> to_head_;
  std::vector<std::deque<model::HeadMessage>> to_node_;
};

void init_all(Exchange& step) {
  for (int rank = 0; rank < step.n_ranks(); ++rank) step.say(rank, "cmd=init pmi_version=1");
  step.answers.clear();
}

std::string put(const std::string& key, const std::string& value) {
  return "cmd=put kvsname=kvs key=" + key + " value=" + value;
}

std::string get(const std::string& key) {
  return "cmd=get kvsname=kvs key=" + key;
}

std::string found(const std::string& value) {
  return "cmd=get_result rc=0 msg=success value=" + value + "\n";
}

}  // namespace

TEST_CASE("what any rank puts is seen by all after the barrier, in whatever order they come") {
  for (const Tasks& tasks : {Tasks{1, 1}, Tasks{1, 1, 1}}) {
    Tasks order(tasks.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
    do {
      Exchange step(tasks);
      init_all(step);
      for (const int rank : order) {
        CHECK(step.ask(rank, put("k" + std::to_string(rank), std::to_string(rank))) ==
              "cmd=put_result rc=0 msg=success\n");
      }
      for (const int rank : order) {
        for (const int other : order) CHECK(step.answer(other).empty());
        step.say(rank, "cmd=barrier_in");
        step.deliver_all();
      }
      for (const int rank : order) {
        CHECK(step.answer(rank) == "cmd=barrier_out\n");
        for (const int other : order) {
          CHECK(step.ask(rank, get("k" + std::to_string(other))) == found(std::to_string(other)));
        }
      }
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST_CASE("a node may be in the next barrier before another has left the last") {
  Exchange step({1, 1});
  init_all(step);
  step.say(0, put("a", "1"));
  step.say(0, "cmd=barrier_in");
  step.say(1, "cmd=barrier_in");
  step.answers.clear();
  // Both parts are at the head, and the whole at node 0 only, which goes on.
  for (int i = 0; i < 3; ++i) REQUIRE(step.deliver_one(0));
  REQUIRE(step.answer(0) == "cmd=barrier_out\n");
  REQUIRE(step.answer(1).empty());
  step.say(0, put("a", "2"));
  step.say(0, "cmd=barrier_in");
  step.answers.clear();
  step.deliver_all();
  CHECK(step.answer(0).empty());
  CHECK(step.answer(1) == "cmd=barrier_out\n");
  CHECK(step.ask(1, get("a")) == found("1"));
  step.say(1, "cmd=barrier_in");
  step.deliver_all();
  CHECK(step.answer(0) == "cmd=barrier_out\n");
  CHECK(step.answer(1) == "cmd=barrier_out\n");
  CHECK(step.ask(1, get("a")) == found("2"));
}

TEST_CASE("a node without ranks fails a barrier that waits for it") {
  Exchange step({1, 1});
  init_all(step);
  step.star().from_node(1, model::NodeEnded{1, 0, std::nullopt});
  step.say(0, "cmd=barrier_in");
  step.deliver_all();
  REQUIRE(step.star().result().failure);
  CHECK(step.star().result().failure->cause == model::Cause::before_init);
  CHECK(step.star().result().failure->rank == 1);
}

TEST_CASE("a name is published once, found on all nodes, and taken back") {
  Exchange step({1, 2});
  init_all(step);
  const auto answer = [&step](int rank, const std::string& command) {
    step.say(rank, command);
    step.deliver_all();
    return step.answer(rank);
  };
  CHECK(answer(0, "cmd=lookup_name service=s").find("rc=1") != std::string::npos);
  CHECK(answer(0, "cmd=publish_name service=s port=p").find("rc=0") != std::string::npos);
  CHECK(answer(2, "cmd=publish_name service=s port=q").find("rc=1") != std::string::npos);
  CHECK(answer(2, "cmd=lookup_name service=s") ==
        "cmd=lookup_result port=p info=ok rc=0 msg=success\n");
  CHECK(answer(1, "cmd=unpublish_name service=s").find("rc=0") != std::string::npos);
  CHECK(answer(1, "cmd=unpublish_name service=s").find("rc=1") != std::string::npos);
  CHECK(answer(0, "cmd=lookup_name service=s").find("rc=1") != std::string::npos);
}

TEST_CASE("random ranks put and get as on one map that changes at barriers") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    base::Random random(seed);
    const auto upto = [&random](int bound) {
      return static_cast<int>(random.below(static_cast<std::uint64_t>(bound)));
    };
    Tasks tasks;
    for (int n = 1 + upto(4); n > 0; --n) tasks.push_back(1 + upto(3));
    Exchange step(tasks);
    init_all(step);
    const int n = step.n_ranks();
    std::map<std::string, std::string> expected;
    for (int round = 0; round < 5; ++round) {
      // A key has one owner, as in MPI, so that the order of puts on different nodes is nobody's.
      std::map<std::string, std::string> puts;
      std::set<int> inside;
      for (int rank = 0; rank < n; ++rank) inside.insert(rank);
      while (!inside.empty()) {
        const int rank = *std::next(inside.begin(), upto(static_cast<int>(inside.size())));
        const std::string key = std::to_string(upto(n)) + "." + std::to_string(upto(3));
        const std::string own = std::to_string(rank) + "." + std::to_string(upto(3));
        switch (upto(4)) {
          case 0:
            puts[own] = "v=" + std::to_string(random.next());
            REQUIRE(step.ask(rank, put(own, puts[own])) == "cmd=put_result rc=0 msg=success\n");
            break;
          case 1:
            inside.erase(rank);
            step.say(rank, "cmd=barrier_in");
            break;
          case 2:
            (void)step.deliver_one(random.next());
            break;
          default:
            REQUIRE(step.ask(rank, get(key)) ==
                    (expected.contains(key)
                         ? found(expected[key])
                         : "cmd=get_result rc=-1 msg=key_" + key + "_not_found value=unknown\n"));
        }
      }
      while (step.deliver_one(random.next())) {
      }
      for (int rank = 0; rank < n; ++rank) REQUIRE(step.answer(rank) == "cmd=barrier_out\n");
      for (const auto& [key, value] : puts) expected[key] = value;
    }
    REQUIRE(step.n_refused == 0);
  }
}
