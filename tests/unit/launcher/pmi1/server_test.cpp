#include "launcher/pmi1/server.h"

#include "tests/support/catch.h"

namespace {

using pmi1::Output;
using pmi1::Refused;
using pmi1::Reply;
using pmi1::Server;

constexpr const char* init = "cmd=init pmi_version=1 pmi_subversion=1\n";
constexpr const char* initialized = "cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=0\n";

/// The server of the second of two nodes, with ranks 2, 3 and 4.
Server server_of_node() {
  return Server({.kvs_name = "kvs", .ranks_of_nodes = {{0, 1}, {2, 3, 4}}, .node = 1});
}

/// What rank 2 is answered, once it has initialized.
std::vector<Output> answers_to(const std::string& bytes) {
  Server server = server_of_node();
  server.receive(2, init);
  (void)server.take_outputs();
  server.receive(2, bytes);
  return server.take_outputs();
}

std::string why_refused(const std::vector<Output>& outputs) {
  REQUIRE(outputs.size() == 1);
  REQUIRE(std::holds_alternative<Refused>(outputs.front()));
  return std::get<Refused>(outputs.front()).why;
}

model::Fence fence_of(std::uint32_t number, std::string data) {
  return {.ranks = {},
          .number = number,
          .data = std::move(data),
          .protocol = model::FenceProtocol::pmi1};
}

}  // namespace

TEST_CASE("a rank is told what it asks for") {
  struct Case {
    std::string command;
    std::string answer;
  };
  const std::vector<Case> cases{
      {"cmd=get_maxes", "cmd=maxes kvsname_max=256 keylen_max=64 vallen_max=1024"},
      {"cmd=get_appnum", "cmd=appnum appnum=0"},
      {"cmd=get_my_kvsname", "cmd=my_kvsname kvsname=kvs"},
      {"cmd=get_universe_size", "cmd=universe_size size=5"},
      {"cmd=get kvsname=kvs key=PMI_process_mapping",
       "cmd=get_result rc=0 msg=success value=(vector,(0,1,2),(1,1,3))"},
      {"cmd=get kvsname=kvs key=a", "cmd=get_result rc=-1 msg=key_a_not_found value=unknown"},
      {"cmd=get kvsname=other key=PMI_process_mapping",
       "cmd=get_result rc=-1 msg=key_PMI_process_mapping_not_found value=unknown"},
      {"cmd=put kvsname=kvs key=a value=b", "cmd=put_result rc=0 msg=success"},
      {"cmd=put kvsname=other key=a value=b", "cmd=put_result rc=-1 msg=kvsname_unknown"},
      {"cmd=put kvsname=kvs key= value=b", "cmd=put_result rc=-1 msg=bad_key_length"},
      {"cmd=put kvsname=kvs value=b key=" + std::string(65, 'k'),
       "cmd=put_result rc=-1 msg=bad_key_length"},
      {"cmd=put kvsname=kvs key=a value=" + std::string(1024, 'v'),
       "cmd=put_result rc=0 msg=success"},
      {"cmd=put kvsname=kvs key=a value=" + std::string(1025, 'v'),
       "cmd=put_result rc=-1 msg=value_too_long"},
  };
  for (const auto& each : cases) {
    INFO(each.command);
    CHECK(answers_to(each.command + "\n") == std::vector<Output>{Reply{2, each.answer + "\n"}});
  }
}

TEST_CASE("init and finalize are answered and told") {
  Server server = server_of_node();
  server.receive(4, init);
  CHECK(server.take_outputs() == std::vector<Output>{Reply{4, initialized}, pmi1::Connected{4}});
  server.receive(4, "cmd=finalize\n");
  CHECK(server.take_outputs() ==
        std::vector<Output>{Reply{4, "cmd=finalize_ack\n"}, pmi1::Finalized{4}});
}

TEST_CASE("another version is offered ours, and may come again with it") {
  Server server = server_of_node();
  server.receive(2, "cmd=init pmi_version=2 pmi_subversion=0\n");
  CHECK(
      server.take_outputs() ==
      std::vector<Output>{Reply{2, "cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=-1\n"}});
  server.receive(2, init);
  CHECK(server.take_outputs().size() == 2);
}

TEST_CASE("commands in pieces and several at once are answered in order") {
  const std::string bytes = "cmd=get_appnum\ncmd=get_my_kvsname\n";
  const std::vector<Output> expected{Reply{2, "cmd=appnum appnum=0\n"},
                                     Reply{2, "cmd=my_kvsname kvsname=kvs\n"}};
  CHECK(answers_to(bytes) == expected);
  Server server = server_of_node();
  server.receive(2, init);
  (void)server.take_outputs();
  for (const char byte : bytes) server.receive(2, std::string(1, byte));
  CHECK(server.take_outputs() == expected);
}

TEST_CASE("a rank may abort at any time, with any code, and is not listened to any more") {
  for (const std::string before : {"", init, "cmd=init pmi_version=1\ncmd=barrier_in\n"}) {
    Server server = server_of_node();
    server.receive(3, before);
    (void)server.take_outputs();
    server.receive(3, "cmd=abort exitcode=-7\ncmd=get_appnum\n");
    CHECK(server.take_outputs() == std::vector<Output>{pmi1::Aborted{3, -7}});
  }
  CHECK(answers_to("cmd=abort\n") == std::vector<Output>{pmi1::Aborted{2, 1}});
  CHECK(answers_to("cmd=abort exitcode=many\n") == std::vector<Output>{pmi1::Aborted{2, 1}});
}

TEST_CASE("what cannot be answered is refused, with the reason, once") {
  struct Case {
    std::string bytes;
    std::string why;
  };
  const std::vector<Case> cases{
      {"mcmd=spawn\nnprocs=1\nexecname=a\nendcmd\n", "MPI_Comm_spawn"},
      {"cmd=dance\n", "'dance'"},
      {"hello\n", "'hello'"},
      {"cmd=get kvsname=kvs\n", "no 'key='"},
      {"cmd=put kvsname=kvs key=a\n", "no 'value='"},
      {"cmd=init\n", "no 'pmi_version='"},
      {"cmd=publish_name service=s\n", "no 'port='"},
      {"cmd=lookup_name\n", "no 'service='"},
      {std::string(5000, 'x'), "longer than 4096"},
  };
  for (const auto& each : cases) {
    INFO(each.why);
    CHECK(why_refused(answers_to(each.bytes)).find(each.why) != std::string::npos);
  }
}

TEST_CASE("a command before init, after finalize or out of turn is refused") {
  Server early = server_of_node();
  early.receive(2, "cmd=get_maxes\n");
  CHECK(why_refused(early.take_outputs()).find("before 'init'") != std::string::npos);

  Server late = server_of_node();
  late.receive(2, std::string(init) + "cmd=finalize\n");
  (void)late.take_outputs();
  late.receive(2, "cmd=barrier_in\n");
  CHECK(why_refused(late.take_outputs()).find("before 'init'") != std::string::npos);

  CHECK(why_refused(answers_to("cmd=barrier_in\ncmd=get_maxes\n")).find("was due") !=
        std::string::npos);
}

TEST_CASE("a barrier goes to the head when the last rank of the node has come, with all puts") {
  Server server = server_of_node();
  for (const int rank : {2, 3, 4}) server.receive(rank, init);
  server.receive(2, "cmd=put kvsname=kvs key=a value=1\n");
  server.receive(4, "cmd=put kvsname=kvs key=b value=x=y\n");
  server.receive(4, "cmd=barrier_in\n");
  server.receive(2, "cmd=barrier_in\n");
  (void)server.take_outputs();
  server.receive(3, "cmd=get kvsname=kvs key=a\n");
  CHECK(server.take_outputs() ==
        std::vector<Output>{Reply{3, "cmd=get_result rc=-1 msg=key_a_not_found value=unknown\n"}});
  server.receive(3, "cmd=barrier_in\n");
  CHECK(server.take_outputs() == std::vector<Output>{pmi1::ToHead{fence_of(0, "a=1\nb=x=y\n")}});

  server.take(fence_of(0, "c=3\na=1\nb=x=y\n"));
  CHECK(server.take_outputs() == std::vector<Output>{Reply{2, "cmd=barrier_out\n"},
                                                     Reply{3, "cmd=barrier_out\n"},
                                                     Reply{4, "cmd=barrier_out\n"}});
  server.receive(3, "cmd=get kvsname=kvs key=b\ncmd=get kvsname=kvs key=c\n");
  CHECK(server.take_outputs() ==
        std::vector<Output>{Reply{3, "cmd=get_result rc=0 msg=success value=x=y\n"},
                            Reply{3, "cmd=get_result rc=0 msg=success value=3\n"}});
}

TEST_CASE("a fence that is not due changes nothing") {
  Server server = server_of_node();
  for (const int rank : {2, 3, 4}) server.receive(rank, init);
  server.receive(2, "cmd=barrier_in\n");
  server.receive(3, "cmd=barrier_in\n");
  (void)server.take_outputs();
  server.take(fence_of(0, "a=1\n"));
  CHECK(server.take_outputs().empty());
  server.receive(4, "cmd=barrier_in\n");
  (void)server.take_outputs();
  server.take(fence_of(1, "a=1\n"));
  CHECK(server.take_outputs().empty());
  server.take(fence_of(0, "no value\n\na=2"));
  CHECK(server.take_outputs().size() == 3);
}

TEST_CASE("too many values between two barriers are refused by the put that is too much") {
  Server server = server_of_node();
  server.receive(2, init);
  (void)server.take_outputs();
  const std::string value(1024, 'v');
  int n_taken = 0;
  for (bool is_full = false; !is_full; ++n_taken) {
    REQUIRE(n_taken < 20'000);
    server.receive(2, "cmd=put kvsname=kvs key=a value=" + value + "\n");
    is_full = server.take_outputs() ==
              std::vector<Output>{Reply{2, "cmd=put_result rc=-1 msg=too_many_values\n"}};
  }
  CHECK(n_taken > 16'000);
}

TEST_CASE("names go to the head and its answers back in the words of the question") {
  using model::NameAction;
  struct Case {
    std::string command;
    model::NameRequest request;
    std::string done;
    std::string not_done;
  };
  const std::vector<Case> cases{
      {"cmd=publish_name service=s port=p",
       {2, NameAction::publish, "s", "p"},
       "cmd=publish_result info=ok rc=0 msg=success",
       "cmd=publish_result info=key_already_present rc=1 msg=key_already_present"},
      {"cmd=unpublish_name service=s",
       {2, NameAction::unpublish, "s", ""},
       "cmd=unpublish_result info=ok rc=0 msg=success",
       "cmd=unpublish_result info=service_not_found rc=1 msg=service_not_found"},
      {"cmd=lookup_name service=s",
       {2, NameAction::look_up, "s", ""},
       "cmd=lookup_result port=there info=ok rc=0 msg=success",
       "cmd=lookup_result info=service_not_found rc=1 msg=service_not_found"},
  };
  for (const auto& each : cases) {
    for (const bool is_done : {true, false}) {
      INFO(each.command);
      Server server = server_of_node();
      server.receive(2, init);
      (void)server.take_outputs();
      server.receive(2, each.command + "\n");
      CHECK(server.take_outputs() == std::vector<Output>{pmi1::ToHead{each.request}});
      const model::NameReply reply{2, is_done, is_done ? "there" : ""};
      server.take(reply);
      CHECK(server.take_outputs() ==
            std::vector<Output>{Reply{2, (is_done ? each.done : each.not_done) + "\n"}});
      server.take(reply);  // nobody asked again
      CHECK(server.take_outputs().empty());
    }
  }
}

TEST_CASE("a rank that waits in a barrier that another has left for good is refused") {
  for (const bool barrier_first : {true, false}) {
    Server server = server_of_node();
    for (const int rank : {2, 3, 4}) server.receive(rank, init);
    if (barrier_first) server.receive(3, "cmd=barrier_in\n");
    server.receive(2, "cmd=finalize\n");
    (void)server.take_outputs();
    server.closed(2);
    if (!barrier_first) server.receive(3, "cmd=barrier_in\n");
    const auto outputs = server.take_outputs();
    CHECK(why_refused(outputs).find("rank 2") != std::string::npos);
    CHECK(std::get<Refused>(outputs.front()).rank == 3);
  }
}

TEST_CASE("a rank that closes without finalize is judged by its end, not here") {
  Server server = server_of_node();
  for (const int rank : {2, 3}) server.receive(rank, init);
  server.receive(3, "cmd=barrier_in\n");
  (void)server.take_outputs();
  server.closed(2);
  server.closed(4);
  CHECK(server.take_outputs().empty());
}

TEST_CASE("a mapping that no client could read is not there") {
  std::vector<int> uneven;
  for (int node = 0; node < 500; ++node) uneven.push_back(1 + node % 2);
  Server server({.kvs_name = "kvs", .ranks_of_nodes = model::deal_ranks(uneven, false), .node = 0});
  server.receive(0, init);
  (void)server.take_outputs();
  server.receive(0, "cmd=get kvsname=kvs key=PMI_process_mapping\n");
  CHECK(server.take_outputs() ==
        std::vector<Output>{Reply{
            0, "cmd=get_result rc=-1 msg=key_PMI_process_mapping_not_found value=unknown\n"}});
}
