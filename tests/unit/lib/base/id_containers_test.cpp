#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/base/box.h"
#include "lib/base/id.h"
#include "lib/base/id_map.h"
#include "lib/base/id_set.h"
#include "lib/base/random.h"
#include "tests/support/catch.h"

namespace {

using Id = base::Id<struct TestTag>;

/// Some near each other, some far; many of those that were drawn before.
Id any_id(base::Random& random) {
  const auto place = static_cast<std::uint32_t>(random.below(200));
  return Id(random.chance(80) ? place : place * 5'000'011U);
}

std::vector<std::pair<Id, std::string>> entries(const auto& map) {
  return {map.begin(), map.end()};
}

std::vector<Id> members(const auto& set) {
  return {set.begin(), set.end()};
}

}  // namespace

TEST_CASE("a map by numbers is as std::map") {
  base::Random random(17);
  base::IdMap<Id, std::string> map;
  std::map<Id, std::string> plain;
  for (int i = 0; i < 4000; ++i) {
    const auto id = any_id(random);
    if (random.chance(55)) {
      const auto text = std::to_string(i);
      CHECK(map.emplace(id, text).second == plain.emplace(id, text).second);
    } else {
      CHECK(map.erase(id) == plain.erase(id));
    }
    const auto other = any_id(random);
    REQUIRE(map.contains(other) == plain.contains(other));
    REQUIRE((map.find(other) == map.end()) == !plain.contains(other));
    if (plain.contains(other)) REQUIRE(map.at(other) == plain.at(other));
    const auto next = plain.upper_bound(other);
    const auto found = map.upper_bound(other);
    REQUIRE((found == map.end()) == (next == plain.end()));
    if (next != plain.end()) REQUIRE(found->first == next->first);
    if (next != plain.begin()) {
      auto before = found;
      REQUIRE((--before)->first == std::prev(next)->first);
    }
    REQUIRE(map.size() == plain.size());
    if (i % 100 == 0) REQUIRE(entries(map) == entries(plain));
  }
}

TEST_CASE("entries of a map by numbers stay where they are") {
  base::IdMap<Id, int> map;
  const auto* first = &map.emplace(Id(3), 30).first->second;
  for (std::uint32_t i = 4; i < 3000; ++i) map.emplace(Id(i), 0);
  for (std::uint32_t i = 4; i < 3000; ++i) map.erase(Id(i));
  CHECK(&map.at(Id(3)) == first);
}

TEST_CASE("a copy of a map by numbers is its own") {
  base::IdMap<Id, int> map;
  map.emplace(Id(1), 10);
  map.emplace(Id(100'000), 20);
  auto copy = map;
  CHECK(copy == map);
  copy.at(Id(1)) = 11;
  CHECK(map.at(Id(1)) == 10);
  CHECK(copy != map);
  const auto moved = std::move(copy);
  CHECK(moved.at(Id(1)) == 11);
  map.erase(Id(1));
  CHECK(map.begin()->first == Id(100'000));
}

TEST_CASE("the largest number has a place in a map") {
  base::IdMap<Id, int> map;
  map.emplace(Id(UINT32_MAX), 1);
  CHECK(map.begin()->first == Id(UINT32_MAX));
  CHECK(map.upper_bound(Id(UINT32_MAX)) == map.end());
  CHECK(std::next(map.begin()) == map.end());
}

TEST_CASE("a set of numbers is as std::set") {
  base::Random random(18);
  base::IdSet<Id> set;
  std::set<Id> plain;
  for (int i = 0; i < 4000; ++i) {
    const auto id = any_id(random);
    if (random.chance(55)) {
      CHECK(set.insert(id) == plain.insert(id).second);
    } else {
      CHECK(set.erase(id) == plain.erase(id));
    }
    const auto other = any_id(random);
    REQUIRE(set.contains(other) == plain.contains(other));
    const auto next = plain.lower_bound(other);
    const auto found = set.lower_bound(other);
    REQUIRE((found == set.end()) == (next == plain.end()));
    if (next != plain.end()) REQUIRE(*found == *next);
    REQUIRE(set.size() == plain.size());
    REQUIRE(set.empty() == plain.empty());
    if (i % 100 == 0) REQUIRE(members(set) == members(plain));
  }
}

TEST_CASE("sets of numbers are equal by their members, however they came to have them") {
  base::IdSet<Id> set;
  for (std::uint32_t i = 0; i < 1000; ++i) set.insert(Id(i));
  for (std::uint32_t i = 0; i < 900; ++i) set.erase(Id(i));
  base::IdSet<Id> other;
  for (std::uint32_t i = 999; i >= 900; --i) other.insert(Id(i));
  CHECK(set == other);
  other.erase(Id(950));
  CHECK(set != other);
  for (std::uint32_t i = 900; i < 1000; ++i) set.erase(Id(i));
  CHECK(set == base::IdSet<Id>());
  CHECK(set.begin() == set.end());
}

TEST_CASE("a box is copied and compared as what is in it") {
  base::Box<std::string> box(std::string("a"));
  auto copy = box;
  CHECK(copy == box);
  *copy += "b";
  CHECK(*box == "a");
  CHECK(copy != box);
  base::Box<std::string> empty;
  CHECK(empty != box);
  CHECK(empty == base::Box<std::string>());
  box = empty;
  CHECK_FALSE(box.has_value());
  CHECK(box.emplace("c") == "c");
}
