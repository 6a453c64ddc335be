#include "launcher/pmi1/process_mapping.h"

#include "lib/model/launch.h"
#include "tests/support/catch.h"

namespace {

std::string in_blocks(const std::vector<int>& tasks) {
  return pmi1::process_mapping(model::deal_ranks(tasks, false));
}

std::string by_node(const std::vector<int>& tasks) {
  return pmi1::process_mapping(model::deal_ranks(tasks, true));
}

}  // namespace

TEST_CASE("nodes with equally many ranks are one entry") {
  CHECK(in_blocks({1}) == "(vector,(0,1,1))");
  CHECK(in_blocks({4, 4}) == "(vector,(0,2,4))");
  CHECK(in_blocks({2, 2, 1}) == "(vector,(0,2,2),(2,1,1))");
  CHECK(in_blocks({1, 2, 1, 1}) == "(vector,(0,1,1),(1,1,2),(2,2,1))");
}

TEST_CASE("ranks that go round the nodes are an entry for each round") {
  CHECK(by_node({1, 1}) == "(vector,(0,2,1))");
  CHECK(by_node({2, 2}) == "(vector,(0,2,1),(0,2,1))");
  CHECK(by_node({3, 1}) == "(vector,(0,2,1),(0,1,2))");
}
