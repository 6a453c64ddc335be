#include "cli/request/node_values.h"

#include "tests/support/catch.h"

TEST_CASE("numbers of nodes, GPUs, names and licenses are read as users write them") {
  CHECK(*request::nodes_from_text("4") == std::pair(4, std::optional<int>()));
  CHECK(*request::nodes_from_text("2-8") == std::pair(2, std::optional(8)));
  CHECK(*request::gpus_from_text("2") == std::pair(std::string(), 2));
  CHECK(*request::gpus_from_text("h100:2") == std::pair(std::string("h100"), 2));
  CHECK(*request::node_names_from_text("n2,n[1-2]") == std::vector<std::string>{"n1", "n2"});
  CHECK(*request::licenses_from_text("solver:2,mesher") ==
        model::Licenses{{"mesher", 1}, {"solver", 2}});
}

TEST_CASE("what is none of them is refused with what is expected") {
  for (const auto* text : {"", "0", "-", "2-", "-8", "a", "1-2-3"}) {
    INFO(text);
    CHECK_FALSE(request::nodes_from_text(text).has_value());
  }
  for (const auto* text : {"", "h100", "h100:", ":2", "h 100:2", "h100:-1"}) {
    INFO(text);
    CHECK_FALSE(request::gpus_from_text(text).has_value());
  }
  for (const auto* text : {"", "solver:", "solver:0", "solver,solver", "a b:1"}) {
    INFO(text);
    CHECK_FALSE(request::licenses_from_text(text).has_value());
  }
  CHECK(request::gpus_from_text("two").error().text ==
        "expected a whole number from 0 to 1000000, or a kind of GPU and a number such as h100:2, "
        "found 'two'");
}
