#include "cli/options/option.h"

#include <array>

#include "tests/support/catch.h"

using options::Given;
using options::Operands;
using options::Option;

namespace {

constexpr std::array<Option, 8> table{{
    {1, "nodes", 'N', "COUNT", "Number of nodes."},
    {2, "ntasks", 'n', "COUNT", "Number of tasks."},
    {3, "ntasks-per-node", 0, "COUNT", "Tasks on each node."},
    {3, "tasks-per-node", 0, "COUNT", ""},
    {4, "hold", 'H', "", "Hold it."},
    {5, "help", 'h', "", "Help."},
    {6, "output", 'o', "FILE", "Where the output goes, which may take quite some words to say."},
    {7, "exclusive", 'x', "[WHOM]", ""},
}};

options::Parsed parse(std::vector<std::string> words, Operands operands = Operands::end_options) {
  const auto parsed = options::parse(table, words, operands);
  REQUIRE(parsed.has_value());
  return *parsed;
}

std::string error_of(std::vector<std::string> words) {
  const auto parsed = options::parse(table, words, Operands::end_options);
  return parsed ? "" : parsed.error().text;
}

}  // namespace

TEST_CASE("values stand behind '=', in the next word, or behind the letter") {
  const std::vector<std::vector<std::string>> forms{
      {"--nodes=2"}, {"--nodes", "2"}, {"-N2"}, {"-N", "2"}};
  for (const auto& form : forms) {
    const auto parsed = parse(form);
    REQUIRE(parsed.given.size() == 1);
    CHECK(parsed.given[0].id == 1);
    CHECK(parsed.given[0].value == "2");
    CHECK(parsed.rest.empty());
  }
  CHECK(parse({"--output="}).given[0].value.empty());
  CHECK(parse({"--output=a=b"}).given[0].value == "a=b");
  CHECK(parse({"-o", "-x"}).given[0].value == "-x");
  CHECK(parse({"-o", "--"}).given[0].value == "--");
}

TEST_CASE("a value that may be left out stands behind '=' alone") {
  CHECK(parse({"--exclusive"}).given[0] == Given{7, "", "--exclusive"});
  CHECK(parse({"--exclusive=user"}).given[0] == Given{7, "user", "--exclusive"});
  const auto parsed = parse({"--exclusive", "user"});
  CHECK(parsed.given[0].value.empty());
  CHECK(parsed.rest == std::vector<std::string>{"user"});
}

TEST_CASE("letters of flags may stand together, the last with a value") {
  const auto parsed = parse({"-HhN", "3"});
  REQUIRE(parsed.given.size() == 3);
  CHECK(parsed.given[0] == Given{4, "", "-H"});
  CHECK(parsed.given[1] == Given{5, "", "-h"});
  CHECK(parsed.given[2] == Given{1, "3", "-N"});
}

TEST_CASE("a name may be cut short as long as it is clear") {
  CHECK(parse({"--node=1"}).given[0].id == 1);
  CHECK(parse({"--tasks=1"}).given[0].id == 3);  // as sbatch understands it
  CHECK(parse({"--ntasks=1"}).given[0].id == 2);
  CHECK(parse({"--ntasks-=1"}).given[0].id == 3);
  CHECK(error_of({"--h"}) == "option '--h' is ambiguous: --hold, --help");
  CHECK(error_of({"--nt=1"}) == "option '--nt' is ambiguous: --ntasks, --ntasks-per-node");
}

TEST_CASE("the first word that is no option ends the options") {
  const auto parsed = parse({"-N1", "script", "-N2", "--", "x"});
  CHECK(parsed.given.size() == 1);
  CHECK(parsed.rest == std::vector<std::string>{"script", "-N2", "--", "x"});
  CHECK_FALSE(parsed.after_dashes);
}

TEST_CASE("two dashes end the options too") {
  const auto parsed = parse({"-N1", "--", "-N2", "--hold"});
  CHECK(parsed.rest == std::vector<std::string>{"-N2", "--hold"});
  CHECK(parsed.after_dashes);
}

TEST_CASE("where operands may stand anywhere, options follow them") {
  const auto parsed = parse({"17", "-N1", "18", "--", "-H"}, Operands::anywhere);
  CHECK(parsed.given.size() == 1);
  CHECK(parsed.rest == std::vector<std::string>{"17", "18", "-H"});
  CHECK_FALSE(parsed.after_dashes);
}

TEST_CASE("one dash alone is a word") {
  CHECK(parse({"-"}).rest == std::vector<std::string>{"-"});
}

TEST_CASE("the last of repeated options counts") {
  const auto parsed = parse({"-N1", "--nodes=2", "-N", "3"});
  REQUIRE(options::find(parsed, 1) != nullptr);
  CHECK(options::find(parsed, 1)->value == "3");
  CHECK(options::find(parsed, 2) == nullptr);
}

TEST_CASE("mistakes are named, with what was probably meant") {
  CHECK(error_of({"--ndoes=2"}) == "unknown option '--ndoes'; did you mean '--nodes'?");
  CHECK(error_of({"--frobnicate"}) == "unknown option '--frobnicate'");
  CHECK(error_of({"-z"}) == "unknown option '-z' in '-z'");
  CHECK(error_of({"-Hz"}) == "unknown option '-z' in '-Hz'");
  CHECK(error_of({"--nodes"}) == "option '--nodes' needs a value: COUNT");
  CHECK(error_of({"-N"}) == "option '-N' needs a value: COUNT");
  CHECK(error_of({"--hold=yes"}) == "option '--hold' takes no value, found 'yes'");
  CHECK(error_of({"--\x1b[2J"}) == "unknown option '--\\x1b[2J'");
}

TEST_CASE("help lists every option once, in columns") {
  CHECK(options::help_text(table, 60) ==
        "  -N, --nodes=COUNT       Number of nodes.\n"
        "  -n, --ntasks=COUNT      Number of tasks.\n"
        "      --ntasks-per-node=COUNT\n"
        "                          Tasks on each node.\n"
        "  -H, --hold              Hold it.\n"
        "  -h, --help              Help.\n"
        "  -o, --output=FILE       Where the output goes, which may\n"
        "                          take quite some words to say.\n");
}

TEST_CASE("wrapping keeps long words whole") {
  CHECK(options::wrap("aa bb cc", 1, 6) == " aa bb\n cc\n");
  CHECK(options::wrap("a longerthanthewidth b", 0, 6) == "a\nlongerthanthewidth\nb\n");
  CHECK(options::wrap("", 2, 6) == "  \n");
}
