#include "tests/tidy/source.h"

#include "tests/support/catch.h"

TEST_CASE("comments and the insides of literals are not code") {
  const auto source = tidy::make_source("a.cpp",
                                        "int a; // one {\n"
                                        "auto b = \"two // {\"; /* three\n"
                                        "four */ int c = '{' + 10'000;\n");
  REQUIRE(source.code.size() == 3);
  CHECK(source.code[0] == "int a;         ");
  CHECK(source.comments[0] == "       // one {");
  CHECK(source.code[1] == "auto b = \"        \";         ");
  CHECK(source.code[2] == "        int c = ' ' + 10'000;");
}

TEST_CASE("a raw string may hold quotes and comments") {
  const auto source = tidy::make_source("a.cpp", "f(R\"(a \" // b\n)\"); g();\n");
  REQUIRE(source.code.size() == 2);
  CHECK(source.comments[0].find("//") == std::string::npos);
  CHECK(source.code[1].ends_with("g();"));
}

TEST_CASE("includes are found, but not in comments") {
  const auto source = tidy::make_source("a.cpp",
                                        "#include \"lib/base/id.h\"\n"
                                        "// #include \"lib/base/text.h\"\n"
                                        "#include <uv.h>\n");
  const auto includes = tidy::includes_of(source);
  REQUIRE(includes.size() == 2);
  CHECK(includes[0].quoted);
  CHECK(includes[0].name == "lib/base/id.h");
  CHECK(!includes[1].quoted);
  CHECK(includes[1].line == 3);
}

TEST_CASE("a folder is not below another that only begins alike") {
  CHECK(tidy::is_below("lib/base/id.h", "lib/base"));
  CHECK(!tidy::is_below("lib/baseline/id.h", "lib/base"));
  CHECK(!tidy::is_below("lib", "lib/base"));
}
