#include "launcher/map/star.h"

#include "tests/support/catch.h"

namespace {

using mapping::Star;
using mapping::ToClient;
using mapping::ToNode;

/// A step with two ranks on each of `n_nodes` nodes of an allocation with one node more, the first,
/// that has no part.
Star star_of(int n_nodes, model::Roles roles = {}, model::HangLimit hang = {}) {
  auto step = std::make_shared<model::StepSpec>();
  step->hang_timeout = hang;
  step->roles = std::move(roles);
  model::LaunchOrder order{.key = {.job = model::JobId(1), .attempt = 1, .step = model::StepId(4)},
                           .job = std::make_shared<model::JobSpec>(),
                           .step = step};
  for (int node = 0; node <= n_nodes; ++node) {
    order.allocation.nodes.push_back({.node = model::NodeId(static_cast<std::uint32_t>(node)),
                                      .name = "n" + std::to_string(node)});
    order.tasks.push_back(node == 0 ? 0 : 2);
  }
  return Star(order);
}

/// The messages of one kind, with where they go; -1 is the client.
template <class Message>
std::vector<std::pair<int, Message>> sent(Star& star) {
  std::vector<std::pair<int, Message>> found;
  for (const auto& output : star.take_outputs()) {
    const auto* to_node = std::get_if<ToNode>(&output);
    const auto& message =
        to_node != nullptr ? to_node->message : std::get<ToClient>(output).message;
    if (const auto* wanted = std::get_if<Message>(&message)) {
      found.emplace_back(to_node != nullptr ? static_cast<int>(to_node->node) : -1, *wanted);
    }
  }
  return found;
}

}  // namespace

TEST_CASE("a fence is answered with all parts when all its nodes have come") {
  Star star = star_of(3);
  star.from_node(2, model::Fence{{}, 0, "c"});
  star.from_node(0, model::Fence{{}, 0, "a"});
  CHECK(sent<model::Fence>(star).empty());
  star.from_node(1, model::Fence{{}, 0, "b"});
  const auto answers = sent<model::Fence>(star);
  REQUIRE(answers.size() == 3);
  for (int node = 0; node < 3; ++node) {
    CHECK(answers[static_cast<std::size_t>(node)].first == node);
    CHECK(answers[static_cast<std::size_t>(node)].second == model::Fence{{}, 0, "abc"});
  }
}

TEST_CASE("a fence of some ranks waits for their nodes only, and counts by itself") {
  Star star = star_of(3);
  star.from_node(0, model::Fence{{1, 2}, 0, "x"});
  star.from_node(0, model::Fence{{}, 0, "all"});
  star.from_node(1, model::Fence{{1, 2}, 0, "y"});
  const auto answers = sent<model::Fence>(star);
  REQUIRE(answers.size() == 2);
  CHECK(answers[1] == std::pair(1, model::Fence{{1, 2}, 0, "xy"}));
}

TEST_CASE("fences of different protocols never meet") {
  Star star = star_of(2);
  star.from_node(0, model::Fence{{}, 0, "a", model::FenceProtocol::pmix});
  star.from_node(1, model::Fence{{}, 0, "b", model::FenceProtocol::pmi1});
  CHECK(sent<model::Fence>(star).empty());
  star.from_node(0, model::Fence{{}, 0, "c", model::FenceProtocol::pmi1});
  const auto answers = sent<model::Fence>(star);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].second == model::Fence{{}, 0, "cb", model::FenceProtocol::pmi1});
}

TEST_CASE("the head keeps the names that ranks publish") {
  using model::NameAction;
  Star star = star_of(2);
  const auto answer = [&star](std::size_t node, const model::NameRequest& request) {
    star.from_node(node, request);
    const auto replies = sent<model::NameReply>(star);
    REQUIRE(replies.size() == 1);
    CHECK(replies.front().first == static_cast<int>(node));
    return replies.front().second;
  };
  CHECK(answer(0, {1, NameAction::look_up, "s", ""}) == model::NameReply{1, false, ""});
  CHECK(answer(0, {1, NameAction::publish, "s", "p"}) == model::NameReply{1, true, ""});
  CHECK(answer(1, {2, NameAction::publish, "s", "q"}) == model::NameReply{2, false, ""});
  CHECK(answer(1, {3, NameAction::look_up, "s", ""}) == model::NameReply{3, true, "p"});
  CHECK(answer(1, {3, NameAction::unpublish, "s", ""}) == model::NameReply{3, true, ""});
  CHECK(answer(1, {3, NameAction::unpublish, "s", ""}) == model::NameReply{3, false, ""});
}

TEST_CASE("names without number are refused") {
  Star star = star_of(1);
  for (int i = 0; i < 10'001; ++i) {
    star.from_node(0, model::NameRequest{0, model::NameAction::publish, std::to_string(i), "p"});
  }
  const auto replies = sent<model::NameReply>(star);
  REQUIRE(replies.size() == 10'001);
  CHECK(replies[9'999].second.is_done);
  CHECK_FALSE(replies[10'000].second.is_done);
}

TEST_CASE("a fence that waits for a node whose ranks have ended fails the step") {
  for (const bool fence_first : {true, false}) {
    Star star = star_of(2);
    if (fence_first) star.from_node(0, model::Fence{{}, 0, ""});
    star.from_node(1, model::NodeEnded{2, 0, std::nullopt});
    if (!fence_first) star.from_node(0, model::Fence{{}, 0, ""});
    const auto ends = sent<model::EndStep>(star);
    REQUIRE(ends.size() == 2);
    CHECK(ends[0].second.why.cause == model::Cause::before_init);
    CHECK(ends[0].second.why.node == "n2");
    CHECK(ends[0].second.why.rank == 2);
    CHECK(ends[0].second.why.step == model::StepId(4));
  }
}

TEST_CASE("modex requests go to the rank's node and replies back to who asked") {
  Star star = star_of(3);
  star.from_node(0, model::ModexRequest{9, 1, 5});
  CHECK(sent<model::ModexRequest>(star) ==
        std::vector<std::pair<int, model::ModexRequest>>{{2, {9, 1, 5}}});
  star.from_node(2, model::ModexReply{9, 1, 0, "data"});
  CHECK(sent<model::ModexReply>(star) ==
        std::vector<std::pair<int, model::ModexReply>>{{0, {9, 1, 0, "data"}}});
}

TEST_CASE("a modex request for a rank that is not there is answered at once") {
  Star star = star_of(2);
  star.from_node(1, model::NodeEnded{2, 0, std::nullopt});
  for (const int rank : {3, 4, -1}) {
    star.from_node(0, model::ModexRequest{1, 1, rank});
    const auto replies = sent<model::ModexReply>(star);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].first == 0);
    CHECK(replies[0].second.status != 0);
  }
}

TEST_CASE("the first failure is the step's and ends it on all nodes, once") {
  Star star = star_of(2);
  model::Failure first;
  first.code = 3;
  model::Failure second;
  second.code = 4;
  star.from_node(1, model::NodeEnded{2, 3, first});
  star.from_node(0, model::NodeEnded{1, 4, second});
  const auto ends = sent<model::EndStep>(star);
  REQUIRE(ends.size() == 2);
  CHECK(ends[0].second.why == first);
  CHECK(star.result().failure == first);
}

TEST_CASE("a node that goes before its ranks have ended is lost; one that goes after is not") {
  Star star = star_of(2);
  star.from_node(0, model::NodeEnded{1, 0, std::nullopt});
  star.node_closed(0, "gone");
  CHECK_FALSE(star.result().failure);
  CHECK_FALSE(star.has_ended());
  star.node_closed(1, "gone");
  REQUIRE(star.result().failure);
  CHECK(star.result().failure->cause == model::Cause::peer_lost);
  CHECK(star.result().failure->node == "n2");
  CHECK(star.has_ended());
}

TEST_CASE("the result has the highest exit code of all nodes") {
  Star star = star_of(2);
  star.from_node(1, model::NodeEnded{2, 7, std::nullopt});
  star.from_node(0, model::NodeEnded{1, 2, std::nullopt});
  CHECK(star.result().exit_code == 7);
}

TEST_CASE("input goes to rank 0's node, signals to all, and the client can end the step") {
  Star star = star_of(2);
  star.from_client(model::RankInput{"hello"});
  CHECK(sent<model::RankInput>(star) ==
        std::vector<std::pair<int, model::RankInput>>{{0, {"hello"}}});
  star.from_client(model::WindowSize{24, 80});
  CHECK(sent<model::WindowSize>(star) ==
        std::vector<std::pair<int, model::WindowSize>>{{0, {24, 80}}});
  star.from_client(model::StepSignal{2});
  CHECK(sent<model::StepSignal>(star).size() == 2);
  model::Failure why;
  why.cause = model::Cause::cancelled;
  star.from_client(model::EndStep{why});
  CHECK(sent<model::EndStep>(star).size() == 2);
  CHECK(star.result().failure == why);
}

TEST_CASE("output and places of ranks go to the client") {
  Star star = star_of(2);
  star.from_node(1, model::RankOutput{2, model::OutputStream::err, "x"});
  star.from_node(0, model::RankPlaced{0, "n1", "0", ""});
  const auto outputs = star.take_outputs();
  REQUIRE(outputs.size() == 2);
  CHECK(std::holds_alternative<ToClient>(outputs[0]));
  CHECK(std::holds_alternative<ToClient>(outputs[1]));
}

TEST_CASE("messages that are not a launcher's or a client's to send are ignored") {
  Star star = star_of(2);
  star.from_node(1, model::StepSignal{9});
  star.from_client(model::NodeEnded{});
  CHECK(star.take_outputs().empty());
}

TEST_CASE("ranks that serve are ended when no node has work left") {
  Star star =
      star_of(2, {{.name = "ps", .count = 1, .serves = true}, {.name = "worker", .count = 3}});
  star.from_node(0, model::WorkDone{0});
  CHECK(sent<model::EndServers>(star).empty());
  star.from_node(1, model::NodeEnded{});
  CHECK(sent<model::EndServers>(star).size() == 2);
  star.from_node(0, model::WorkDone{0});
  CHECK(sent<model::EndServers>(star).empty());
}

TEST_CASE("a node where all serve is not waited for, and without servers nothing is ended") {
  Star star = star_of(2, {{.name = "ps", .count = 1, .per_node = true, .serves = true},
                          {.name = "worker", .count = 2}});
  star.from_node(1, model::WorkDone{1});
  star.from_node(0, model::WorkDone{0});
  CHECK(sent<model::EndServers>(star).size() == 2);
  Star equal = star_of(2);
  equal.from_node(0, model::NodeEnded{});
  equal.from_node(1, model::NodeEnded{});
  CHECK(sent<model::EndServers>(equal).empty());
}

TEST_CASE("all nodes of a step that hangs are asked for their stacks, and then it fails") {
  using namespace std::chrono_literals;
  Star star = star_of(2, {}, {.after = 60s});
  for (int times = 0; times < 2; ++times) {
    CHECK(sent<model::StepHung>(star).empty());
    star.from_node(0, model::NodeIdle{61s, {}});
    star.from_node(1, model::NodeIdle{60s, {}});
  }
  const auto asked = sent<model::StepHung>(star);
  REQUIRE(asked.size() == 2);
  CHECK(asked[1].first == 1);
  CHECK(asked[1].second.why.cause == model::Cause::hang);
  CHECK_FALSE(star.result().failure);
  star.from_node(1, model::NodeIdle{62s, {}});
  CHECK(sent<model::StepHung>(star).empty());
  star.from_node(1, model::NodeEnded{2, 1, asked[1].second.why});
  CHECK(sent<model::EndStep>(star).size() == 2);
  CHECK(star.result().failure == asked[1].second.why);
}

TEST_CASE("a step hangs too when the ranks of a node have ended and the others do nothing") {
  using namespace std::chrono_literals;
  Star star = star_of(2, {}, {.after = 60s});
  star.from_node(0, model::NodeIdle{61s, {}});
  star.from_node(0, model::NodeIdle{62s, {}});
  CHECK(sent<model::StepHung>(star).empty());
  star.from_node(1, model::NodeEnded{2, 0, {}});
  CHECK(sent<model::StepHung>(star).size() == 2);
}

TEST_CASE("the first rank that ended without MPI_Init is told to all nodes") {
  Star star = star_of(2);
  star.from_node(1, model::RankAbsent{3, "n2"});
  const auto told = sent<model::RankAbsent>(star);
  REQUIRE(told.size() == 2);
  CHECK(told[0].second == model::RankAbsent{3, "n2"});
  star.from_node(0, model::RankAbsent{1, "n1"});
  CHECK(sent<model::RankAbsent>(star).empty());
}

TEST_CASE("notes on how ranks come up go to the client") {
  Star star = star_of(1);
  model::LoneRank lone{.rank = 1, .mpi_library = "/lib/libmpi.so.40", .why_alone = "why"};
  star.from_node(0, model::NodeLook{.lone = {lone}});
  const auto notes = sent<model::StepNote>(star);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].first == -1);
  CHECK(notes[0].second.text.starts_with("rank 1: MPI (/lib/libmpi.so.40)"));
}

TEST_CASE("a node that has ended with a failure of its own leaves the others alone") {
  Star star = star_of(2);
  model::Failure failure;
  failure.cause = model::Cause::exit_code;
  failure.code = 3;
  star.from_node(0, model::NodeEnded{1, 3, failure, true});
  CHECK(sent<model::EndStep>(star).empty());
  star.from_node(1, model::NodeEnded{2, 5, std::nullopt, true});
  star.node_closed(0, "");
  star.node_closed(1, "");
  CHECK(star.result().exit_code == 5);
  CHECK(star.result().failure == failure);
}
