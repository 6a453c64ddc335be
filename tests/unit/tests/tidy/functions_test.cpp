#include "tests/tidy/functions.h"

#include "tests/support/catch.h"

namespace {

std::vector<tidy::Function> functions(const std::string& text) {
  return tidy::functions_of(tidy::make_source("a.cpp", text));
}

}  // namespace

TEST_CASE("functions of namespaces and classes are found with their lines") {
  const auto found = functions(
      "namespace a {\n"
      "int one(int x) {\n"
      "  if (x) {\n"
      "    return 1;\n"
      "  }\n"
      "  return 0;\n"
      "}\n"
      "class B {\n"
      " public:\n"
      "  void two() const { call(); }\n"
      "  void three(int, int);\n"
      "};\n"
      "}\n");
  REQUIRE(found.size() == 3);
  CHECK(found[0].name == "one");
  CHECK(found[0].first_line == 2);
  CHECK(found[0].n_lines == 6);
  CHECK(found[1].name == "two");
  CHECK(found[1].n_lines == 1);
  CHECK(found[2].name == "three");
  CHECK(found[2].n_lines == 0);
  CHECK(found[2].n_parameters == 2);
}

TEST_CASE("parameters are counted past templates, defaults and function types") {
  const auto found = functions(
      "void f(std::map<int, int> a, std::function<void(int, int)> b = {},\n"
      "       std::pair<A, B> c = {1, 2});\n"
      "std::function<void(int, int)> g();\n"
      "auto h(int a, int b) -> std::vector<int> {\n"
      "}\n");
  REQUIRE(found.size() == 3);
  CHECK(found[0].n_parameters == 3);
  CHECK(found[1].name == "g");
  CHECK(found[1].n_parameters == 0);
  CHECK(found[2].n_parameters == 2);
}

TEST_CASE("member initializers with braces do not hide the constructor's body") {
  const auto found = functions(
      "A::A(int x, int y) : x_{x}, y_(y) {\n"
      "  go();\n"
      "}\n"
      "int after() { return 1; }\n");
  REQUIRE(found.size() == 2);
  CHECK(found[0].name == "A");
  CHECK(found[0].n_lines == 3);
  CHECK(found[1].name == "after");
}

TEST_CASE("tables and initialised values are no functions") {
  const auto found = functions(
      "const std::vector<Row> rows({\n"
      "    {\"a\", f(1, 2, 3, 4, 5, 6)},\n"
      "});\n"
      "constexpr Row row{1, {2, 3}};\n"
      "struct S {\n"
      "  int a = 0;\n"
      "  bool b() const;\n"
      "};\n");
  REQUIRE(!found.empty());
  CHECK(found.back().name == "b");
}
