#include "tests/support/catch.h"
#include "tests/tidy/exempt.h"
#include "tests/tidy/rules.h"

namespace {

using Tree = std::vector<tidy::Source>;

tidy::Source file(const std::string& path, const std::string& text) {
  return tidy::make_source(path, text);
}

}  // namespace

TEST_CASE("headers that include each other are found as a circle") {
  const Tree tree{file("a/x.h", "#include \"a/y.h\"\n"), file("a/y.h", "#include \"a/z.h\"\n"),
                  file("a/z.h", "#include \"a/x.h\"\n")};
  const auto findings = tidy::check_cycles(tree);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].text == "a/x.h -> a/y.h -> a/z.h -> a/x.h");
}

TEST_CASE("two ways to the same header are no circle") {
  const Tree tree{file("a/x.h", "#include \"a/y.h\"\n#include \"a/z.h\"\n"),
                  file("a/y.h", "#include \"a/z.h\"\n"), file("a/z.h", "#include <map>\n")};
  CHECK(tidy::check_cycles(tree).empty());
}

TEST_CASE("files that nothing uses are dead") {
  const Tree tree{file("a/CMakeLists.txt", "layer(a SOURCES used.cpp b/deep.cpp)\n"),
                  file("a/c/CMakeLists.txt", "program(c SOURCES ../main.cpp)\n"),
                  file("a/main.cpp", "\n"),
                  file("tests/CMakeLists.txt", "unit_test(a a)\n"),
                  file("scripts/README.md", "| `check` | all |\n"),
                  file("a/used.cpp", "#include \"a/used.h\"\n"),
                  file("a/b/deep.cpp", "\n"),
                  file("a/used.h", "\n"),
                  file("a/unused.h", "\n"),
                  file("a/unbuilt.cpp", "\n"),
                  file("tests/unit/a/used_test.cpp", "\n"),
                  file("tests/unit/other/x_test.cpp", "\n"),
                  file("scripts/check", "#!/bin/sh\n"),
                  file("scripts/forgotten", "#!/bin/sh\n")};
  std::vector<std::string> dead;
  for (const auto& finding : tidy::check_dead_files(tree)) {
    CHECK(finding.rule == "dead-file");
    dead.push_back(finding.path);
  }
  CHECK(dead == std::vector<std::string>{"a/unused.h", "a/unbuilt.cpp",
                                         "tests/unit/other/x_test.cpp", "scripts/forgotten"});
}

TEST_CASE("an exemption takes away its finding, and must be needed") {
  const tidy::Findings findings{{.path = "a.cpp", .line = 3, .rule = "pure", .text = "x"},
                                {.path = "b.cpp", .line = 4, .rule = "pure", .text = "y"}};
  const auto exemptions = tidy::parse_exemptions("# why\n\npure a.cpp: it is the clock\n");
  REQUIRE(exemptions);
  CHECK(tidy::without_exempt(findings, *exemptions) == tidy::Findings{findings[1]});
  const auto left = tidy::without_exempt({}, *exemptions);
  REQUIRE(left.size() == 1);
  CHECK(left[0].rule == "exempt");
  CHECK(left[0].line == 3);
}

TEST_CASE("an exemption without a reason is refused") {
  CHECK(!tidy::parse_exemptions("pure a.cpp\n"));
  CHECK(!tidy::parse_exemptions("pure a.cpp: \n"));
}
