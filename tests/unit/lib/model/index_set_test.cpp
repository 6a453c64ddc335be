#include "lib/model/index_set.h"

#include <algorithm>
#include <set>

#include "lib/base/random.h"
#include "tests/support/catch.h"

using model::IndexSet;

namespace {

IndexSet set_of(std::string_view text) {
  auto set = model::index_set_from_text(text);
  REQUIRE(set.has_value());
  return *std::move(set);
}

}  // namespace

TEST_CASE("an index set is written as ranges and read back") {
  for (const auto* text : {"", "0", "0-3,8", "1,3,5", "63-64", "0-65535", "7,9-11,127-128"}) {
    CHECK(to_text(set_of(text)) == text);
  }
  CHECK(to_text(set_of("3,1,2,2")) == "1-3");
  CHECK(to_text(set_of("5-5")) == "5");
}

TEST_CASE("text that is no list of indices is refused and shown") {
  for (const auto* text : {"a", "1-", "-1", "3-1", "1,,2", ",", " 1", "1 ", "65536", "0-65536",
                           "99999999999", "1-2-3", "+1", "0x1"}) {
    const auto set = model::index_set_from_text(text);
    INFO(text);
    REQUIRE_FALSE(set.has_value());
    CHECK(set.error().code == base::Code::invalid);
    CHECK(set.error().text.find(std::string("'") + text + "'") != std::string::npos);
  }
}

TEST_CASE("an index set does what a set of numbers does") {
  base::Random random(1);
  for (int round = 0; round < 200; ++round) {
    IndexSet a;
    IndexSet b;
    std::set<int> x;
    std::set<int> y;
    for (int i = 0; i < 40; ++i) {
      const int first = static_cast<int>(random.below(200));
      const int second = static_cast<int>(random.below(200));
      const bool is_removal = random.chance(30);
      if (is_removal) {
        a.remove(first);
        x.erase(first);
      } else {
        a.add(first);
        x.insert(first);
      }
      b.add(second);
      y.insert(second);
    }
    const std::vector<int> members(x.begin(), x.end());
    REQUIRE(a.members() == members);
    REQUIRE(a.count() == static_cast<int>(x.size()));
    REQUIRE(set_of(to_text(a)) == a);
    std::set<int> both;
    std::set<int> any = x;
    for (const int i : y) {
      if (x.contains(i)) both.insert(i);
      any.insert(i);
    }
    REQUIRE((a & b).members() == std::vector<int>(both.begin(), both.end()));
    REQUIRE((a | b).members() == std::vector<int>(any.begin(), any.end()));
    REQUIRE(((a - b) | (a & b)) == a);
    REQUIRE_FALSE((a - b).intersects(b));
    REQUIRE(a.intersects(b) == !both.empty());
    REQUIRE(a.count_common(b) == static_cast<int>(both.size()));
    const auto n = static_cast<int>(random.below(50));
    const auto n_there = std::min(members.size(), static_cast<std::size_t>(n));
    REQUIRE(
        a.take(n).members() ==
        std::vector<int>(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(n_there)));
    REQUIRE((a | b).includes(a));
    REQUIRE(a.includes(b) == ((a & b) == b));
  }
}

TEST_CASE("sets are equal by their members, however they came to be") {
  auto set = set_of("0-3,500");
  set.remove(500);
  CHECK(set == set_of("0-3"));
  CHECK((set_of("0-3") - set_of("0-3")) == IndexSet());
  CHECK((set_of("0-3") - set_of("0-3")).empty());
}

TEST_CASE("take gives the smallest members, and all where there are fewer") {
  CHECK(set_of("2,5,9").take(2) == set_of("2,5"));
  CHECK(set_of("2,5").take(9) == set_of("2,5"));
  CHECK(set_of("2,5").take(0).empty());
  CHECK(set_of("70,80").first() == 70);
  CHECK_FALSE(IndexSet().first().has_value());
}

TEST_CASE("a member that is not there is not contained and may be removed") {
  auto set = IndexSet::range(4, 3);
  CHECK(to_text(set) == "4-6");
  CHECK_FALSE(set.contains(-1));
  CHECK_FALSE(set.contains(100'000));
  set.remove(100'000);
  set.remove(-1);
  CHECK(set.count() == 3);
  CHECK(IndexSet::range(4, 0).empty());
}

TEST_CASE("members below a bound are counted") {
  auto set = model::IndexSet::range(60, 10);
  set.add(3);
  CHECK(set.count_below(0) == 0);
  CHECK(set.count_below(4) == 1);
  CHECK(set.count_below(64) == 5);
  CHECK(set.count_below(65) == 6);
  CHECK(set.count_below(1000) == set.count());
}
