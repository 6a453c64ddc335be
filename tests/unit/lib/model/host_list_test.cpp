#include "lib/model/host_list.h"

#include "tests/support/catch.h"

namespace {

using Names = std::vector<std::string>;

Names expanded(std::string_view list) {
  auto names = model::expand_hosts(list);
  INFO(list << (names ? "" : ": " + names.error().text));
  REQUIRE(names.has_value());
  return *std::move(names);
}

}  // namespace

TEST_CASE("names that differ in their last number are compressed") {
  CHECK(model::compress_hosts(Names{"n1", "n2", "n3"}) == "n[1-3]");
  CHECK(model::compress_hosts(Names{"n1", "n2", "n7"}) == "n[1-2,7]");
  CHECK(model::compress_hosts(Names{"n1"}) == "n1");
  CHECK(model::compress_hosts(Names{"login", "n1", "n2"}) == "login,n[1-2]");
  CHECK(model::compress_hosts(Names{"a1", "b1"}) == "a1,b1");
  CHECK(model::compress_hosts(Names{"r1n1", "r1n2", "r2n1"}) == "r1n[1-2],r2n1");
  CHECK(model::compress_hosts(Names{}).empty());
}

TEST_CASE("order and padding are kept") {
  CHECK(model::compress_hosts(Names{"n2", "n1"}) == "n[2,1]");
  CHECK(model::compress_hosts(Names{"n01", "n02"}) == "n[01-02]");
  CHECK(model::compress_hosts(Names{"n9", "n10", "n11"}) == "n[9-11]");
  CHECK(model::compress_hosts(Names{"n09", "n10"}) == "n[09-10]");
}

TEST_CASE("compressed lists expand to what they were made of") {
  for (const auto& names :
       {Names{"n1", "n2", "n3"}, Names{"login", "n01", "n02", "x"}, Names{"n98", "n99", "n100"},
        Names{"n2", "n1"}, Names{"a-1", "a-2"}, Names{"7", "8"}, Names{"n1", "n01", "n1"}}) {
    CHECK(expanded(model::compress_hosts(names)) == names);
  }
}

TEST_CASE("lists as people write them expand") {
  CHECK(expanded("n[1-3,7],login") == Names{"n1", "n2", "n3", "n7", "login"});
  CHECK(expanded("n[08-11]") == Names{"n08", "n09", "n10", "n11"});
  CHECK(expanded("n1") == Names{"n1"});
}

TEST_CASE("a broken list is refused with its text") {
  for (const auto* list : {"", "n[1-", "n[3-1]", "n[]", "n[a]", "n1,,n2", ",n1", "n1]", "n[1]x",
                           "n[1-999999999]", "n[1-90000],m[1-90000]", "n[-1]"}) {
    const auto names = model::expand_hosts(list);
    INFO(list);
    REQUIRE_FALSE(names.has_value());
    CHECK(names.error().code == base::Code::invalid);
    CHECK(names.error().text.find(list) != std::string::npos);
  }
}

TEST_CASE("a comma at the end of a list is refused") {
  CHECK_FALSE(model::expand_hosts("n1,").has_value());
  CHECK_FALSE(model::expand_hosts("n[1-2],").has_value());
}
