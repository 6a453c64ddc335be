#include "launcher/pmi1/process_mapping.h"

#include "tests/support/catch.h"

TEST_CASE("nodes with equally many ranks are one entry") {
  CHECK(pmi1::process_mapping({1}) == "(vector,(0,1,1))");
  CHECK(pmi1::process_mapping({4, 4}) == "(vector,(0,2,4))");
  CHECK(pmi1::process_mapping({2, 2, 1}) == "(vector,(0,2,2),(2,1,1))");
  CHECK(pmi1::process_mapping({1, 2, 1, 1}) == "(vector,(0,1,1),(1,1,2),(2,2,1))");
}
