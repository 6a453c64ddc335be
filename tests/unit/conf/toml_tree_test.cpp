#include "conf/toml_tree.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace {
using TomlKind = conf::TomlValue::Kind;
}

TEST_CASE("values of TOML keep their order, their kind and their place") {
  const auto file = conf::read_toml(
      "z = 'x'\na = 7\nd = 1.5\n  t = true\nwhen = 2026-12-24T18:00:00\nlist = [1, 'b']\n"
      "[[part]]\nn = -2\n[[part]]\n",
      "f.toml");
  REQUIRE(file);
  const std::vector<std::string> keys{"z", "a", "d", "t", "when", "list", "part"};
  const std::vector<std::string> texts{"x", "7", "1.5", "true", "2026-12-24T18:00:00", "", ""};
  const std::vector<TomlKind> kinds{TomlKind::text,  TomlKind::integer, TomlKind::decimal,
                                    TomlKind::truth, TomlKind::time,    TomlKind::list,
                                    TomlKind::list};
  REQUIRE(file->entries.size() == keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    CHECK(file->entries[i].key == keys[i]);
    CHECK(file->entries[i].value.text == texts[i]);
    CHECK(file->entries[i].value.kind == kinds[i]);
  }
  CHECK(file->entries[3].place == conf::TomlPlace{4, 3});
  CHECK(file->entries[3].value.place == conf::TomlPlace{4, 7});
  const auto& parts = file->entries.back().value.items;
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].entries[0].value.text == "-2");
  CHECK(parts[0].place.line == 7);
  CHECK(parts[1].place.line == 9);
}

TEST_CASE("what is no TOML is refused with its place, and values are shown as they were written") {
  const auto wrong = conf::read_toml("a = 1\nb = \n", "f.toml");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().text.starts_with("f.toml:2:"));
  for (const char* text : {"[\n", "[[\n", "[ #", "[.a]", "[a.", "[[]]"})
    CHECK_FALSE(conf::read_toml(text, "f.toml"));
  const auto file = conf::read_toml("a = 'x'\nb = [1]\n[c]\n", "f.toml");
  REQUIRE(file);
  CHECK(shown(file->entries[0].value) == "\"x\"");
  CHECK(shown(file->entries[1].value) == "a list");
  CHECK(shown(file->entries[2].value) == "a table");
}
