#include "cli/dialect/script.h"

#include "tests/support/catch.h"

namespace {

dialect::Script read(std::string_view text) {
  auto script = dialect::read_script(text, "t.sh");
  if (!script) FAIL(script.error().text);
  return *script;
}

std::string script_error(std::string_view text) {
  const auto script = dialect::read_script(text, "t.sh");
  return script ? "" : script.error().text;
}

/// "option=value@line ..." of some directives.
std::string shown(const std::vector<dialect::Directive>& directives) {
  std::string text;
  for (const auto& one : directives) {
    text += (text.empty() ? "" : " ") + one.given.written + "=" + one.given.value + "@" +
            std::to_string(one.line);
  }
  return text;
}

}  // namespace

TEST_CASE("directives count up to the first command") {
  const auto script = read(
      "#!/bin/bash\n"
      "#SBATCH -N 2 --time=1:00   # short\n"
      "\n"
      "   # a comment\n"
      "#SBATCH--ntasks=4\n"
      "module purge\n"
      "#SBATCH -n 8\n");
  CHECK(shown(script.sbatch) == "-N=2@2 --time=1:00@2 --ntasks=4@5");
  REQUIRE(script.warnings.size() == 1);
  CHECK(script.warnings[0] ==
        "t.sh: line 7: '#SBATCH -n 8' is ignored: it stands after the first command (line 6)");
}

TEST_CASE("only the first bytes of a line make a directive") {
  const auto script = read(
      "#!/bin/bash\n"
      " #SBATCH -n 1\n"
      "##SBATCH -n 2\n"
      "# SBATCH -n 3\n"
      "#SBATCH\n"
      "#SUBMIT -n 5\n");
  CHECK(script.sbatch.empty());
  CHECK(shown(script.submit) == "-n=5@6");
  CHECK(script.warnings.empty());
}

TEST_CASE("a late #SUBMIT line is an error") {
  CHECK(script_error("#!/bin/sh\necho\n#SUBMIT -n 2\n") ==
        "t.sh: line 3: '#SUBMIT -n 2' stands after the first command (line 2); move it up");
}

TEST_CASE("a last line without its end counts") {
  CHECK(shown(read("#!/bin/sh\n#SUBMIT -H").submit) == "-H=@2");
}

TEST_CASE("mistakes in directives come with line, text and the nearest option") {
  CHECK(script_error("#!/bin/sh\n#SBATCH --ndoes=2\n") ==
        "t.sh: line 2: '#SBATCH --ndoes=2': unknown option '--ndoes'; did you mean '--nodes'?");
  CHECK(script_error("#!/bin/sh\n\n#SUBMIT foo\n") ==
        "t.sh: line 3: '#SUBMIT foo': expected an option, found 'foo'");
  CHECK(script_error("#!/bin/sh\n#SBATCHfoo\n") ==
        "t.sh: line 2: '#SBATCHfoo': expected an option, found 'foo'");
  CHECK(script_error("#!/bin/sh\n#SBATCH -J 'x\n") ==
        "t.sh: line 2: '#SBATCH -J 'x': a ' without its partner");
  CHECK(script_error("#!/bin/sh\n#SBATCH -n\n") ==
        "t.sh: line 2: '#SBATCH -n': option '-n' needs a value: COUNT");
  CHECK(script_error("#!/bin/sh\n#SBATCH --prepare=ls\n") ==
        "t.sh: line 2: '#SBATCH --prepare=ls': --prepare is no option of sbatch; write it in a "
        "#SUBMIT line");
}

TEST_CASE("files that are no scripts are refused") {
  CHECK(script_error("") == "t.sh: the script is empty");
  CHECK(script_error("echo\n") ==
        "t.sh: line 1: expected '#!' and the shell, such as '#!/bin/bash'");
  CHECK(script_error("#!/bin/sh\r\necho\r\n") ==
        "t.sh: line 1: the line ends as on Windows (CR LF); repair the file with: sed -i "
        "'s/\\r$//' t.sh");
  CHECK(script_error(std::string_view("#!/bin/sh\n\0", 11))
            .starts_with("t.sh: line 2: a NUL byte; expected a text file"));
}

TEST_CASE("look-alikes of directives get a warning") {
  const auto warned = [](std::string line) {
    return read("#!/bin/sh\n" + line + "\n").warnings.size() == 1;
  };
  CHECK(warned("#SBACTH -n 4"));
  CHECK(warned("#sbatch -n 4"));
  CHECK(warned("#SUBMITT --nodes=2"));
  CHECK(warned("#Submit -n 4"));
  CHECK(warned("#SBATH -n 4"));
  CHECK_FALSE(warned("# SBATCH -n 4"));
  CHECK_FALSE(warned("##SBATCH -n 4"));
  CHECK_FALSE(warned("#Submit the job with care"));
  CHECK(warned("#pbs -n"));
  CHECK_FALSE(warned("#PBS -n"));
  CHECK_FALSE(warned("#--- -n 4"));
  CHECK(read("#!/bin/sh\n#SBACTH -n 4\n").warnings[0] ==
        "t.sh: line 2: '#SBACTH -n 4' is a comment; did you mean #SBATCH?");
}
