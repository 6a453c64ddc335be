#include "cli/request/shell_words.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

using request::cores_of_node;
using request::read_shell_words;

TEST_CASE("the words of ssh are a node and a command, whatever its options") {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"n2", "orted", "-mca", "ess", "env"},
           {"-x", "n2", "orted", "-mca", "ess", "env"},
           {"-x", "-q", "-l", "ada", "-oBatchMode=yes", "-p", "22", "n2", "orted -mca ess env"}}) {
    const auto read = read_shell_words(words);
    REQUIRE(read);
    CHECK(read->node == "n2");
    CHECK(read->command == "orted -mca ess env");
  }
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{}, {"-x"}, {"n2"}, {"-l", "n2"}, {"-x", "n2"}}) {
    const auto read = read_shell_words(words);
    REQUIRE_FALSE(read);
    CHECK(read.error().text.contains("muster-rsh NODE COMMAND"));
  }
}

TEST_CASE("a daemon gets all cores that the job has on its node") {
  CHECK(cores_of_node("n1", "n[1-4]", "4(x2),2,7") == 4);
  CHECK(cores_of_node("n2", "n[1-4]", "4(x2),2,7") == 4);
  CHECK(cores_of_node("n3", "n[1-4]", "4(x2),2,7") == 2);
  CHECK(cores_of_node("n4", "n[1-4]", "4(x2),2,7") == 7);
  CHECK(cores_of_node("n5", "n[1-4]", "4(x2),2,7").error().text ==
        "the job has no node 'n5'; it has n[1-4]");
  for (const char* wrong : {"4", "4(x", "x", "4(x0),1", "-1(x4)"})
    CHECK_FALSE(cores_of_node("n4", "n[1-4]", wrong));
  CHECK(cores_of_node("n1", "", "").error().text.contains("is for scripts of jobs"));
}
