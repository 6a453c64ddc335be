#include "cli/request/multi_prog.h"

#include "tests/support/catch.h"

using Catch::Matchers::Contains;
using request::script_of_programs;

namespace {

std::string script_of(std::string_view text, int n_tasks = 0) {
  const auto script = script_of_programs(text, "progs", n_tasks);
  return script ? *script : script.error().text;
}

}  // namespace

TEST_CASE("each task has its program") {
  CHECK_THAT(script_of("# who does what\n0 ./master 'a b' c\\ d\n"),
             Contains("0) place=0; exec './master' 'a b' 'c d' ;;"));
  const auto plain = script_of("1-2 ./work %t:%o 50%\n");
  CHECK_THAT(plain, Contains("1) place=0; exec './work' ''\"$MUSTER_RANK\"':'\"$place\" '50%' ;;"));
  CHECK_THAT(plain, Contains("2) place=1; exec"));
}

TEST_CASE("a star stands for all tasks that are left") {
  const auto script = script_of("0 a\n* b %o\n1 c\n", 9);
  CHECK_THAT(script, Contains("*) place=$MUSTER_RANK; exec 'b' ''\"$place\" ;;"));
  CHECK_THAT(script, !Contains("'c'"));
}

TEST_CASE("lines go on behind a backslash, quotes keep blanks") {
  CHECK_THAT(script_of("0 a \\\n  b\n"), Contains("exec 'a' 'b' ;;"));
  CHECK_THAT(script_of("0 a \"b  $c\" 'it'\n"), Contains("exec 'a' 'b  $c' 'it' ;;"));
  CHECK_THAT(script_of("0 a \"it's\"\n"), Contains("'it'\\''s'"));
}

TEST_CASE("mistakes are told by line") {
  CHECK(script_of("0 a\nx b\n") ==
        "progs: line 2: expected a list of tasks such as 0,4-6 or *, found 'x'");
  CHECK_THAT(script_of("0\n"), Contains("progs: line 1: expected tasks and a program"));
  CHECK_THAT(script_of("0 'a\n"), Contains("progs: line 1: a quote does not end"));
  CHECK(script_of("0 a\n2 b\n", 3) == "progs: there is no program for task 1");
}
