#include "tests/tidy/rules.h"

#include "tests/support/catch.h"

namespace {

/// The rules that a file breaks when it stands alone in the tree.
std::vector<std::string> broken(const std::string& path, const std::string& text) {
  const auto source = tidy::make_source(path, text);
  std::vector<std::string> rules;
  for (const auto& findings :
       {tidy::check_layers(source), tidy::check_pure(source), tidy::check_sizes(source),
        tidy::check_words(source), tidy::check_header_opening(source),
        tidy::check_standard_includes(source)}) {
    for (const auto& finding : findings) {
      rules.push_back(finding.rule);
    }
  }
  return rules;
}

using Rules = std::vector<std::string>;

std::string repeat(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

}  // namespace

TEST_CASE("a layer includes what is below it and nothing else") {
  CHECK(broken("scheduler/core/a.cpp", "#include \"lib/model/job.h\"\n").empty());
  CHECK(broken("scheduler/core/a.cpp", "#include \"lib/loop/timer.h\"\n") == Rules{"layers"});
  CHECK(broken("scheduler/core/a.cpp", "#include \"scheduler/policy/order.h\"\n") ==
        Rules{"layers"});
  CHECK(broken("scheduler/policy/a.cpp", "#include \"scheduler/core/view.h\"\n").empty());
  CHECK(broken("scheduler/policy/a.cpp", "#include \"scheduler/core/state.h\"\n") ==
        Rules{"layers"});
  CHECK(broken("lib/store/a.cpp", "#include \"lib/wire/fact.h\"\n") == Rules{"layers"});
  CHECK(broken("agent/daemon/a.cpp", "#include \"agent/core/agent.h\"\n").empty());
  CHECK(broken("agent/daemon/a.cpp", "#include \"scheduler/core/state.h\"\n") == Rules{"layers"});
  CHECK(broken("newfolder/a.cpp", "#include \"lib/base/id.h\"\n") == Rules{"layers"});
}

TEST_CASE("headers of others stay where they are confined") {
  CHECK(broken("lib/loop/a.cpp", "#include <uv.h>\n").empty());
  CHECK(broken("cli/a.cpp", "#include <uv.h>\n") == Rules{"layers"});
  CHECK(broken("lib/loop/a.cpp", "#include <spdlog/spdlog.h>\n") == Rules{"layers"});
  CHECK(broken("scheduler/core/a.cpp", "#include <sqlite3.h>\n") == Rules{"layers"});
  CHECK(broken("agent/core/a.cpp", "#include \"lib/wire/a.pb.h\"\n") == Rules{"layers"});
  CHECK(broken("launcher/exec/a.cpp", "#include <pmix_server.h>\n") == Rules{"layers"});
  CHECK(broken("launcher/exec/a.cpp", "#include \"pmix_server.h\"\n") == Rules{"layers"});
  CHECK(broken("tests/unit/a_test.cpp", "#include <catch2/catch.hpp>\n") == Rules{"layers"});
}

TEST_CASE("pure code has no clock, chance, environment, thread, file or hash order") {
  for (const char* line : {"auto t = Clock::now();", "usleep(3);", "int x = rand();",
                           "std::random_device d;", "getenv(\"A\");", "std::thread t;",
                           "std::ifstream f;", "std::unordered_map<int, int> m;"}) {
    INFO(line);
    CHECK(broken("lib/model/a.cpp", std::string(line) + "\n") == Rules{"pure"});
    CHECK(broken("lib/loop/a.cpp", std::string(line) + "\n").empty());
  }
  CHECK(broken("lib/model/a.cpp", "// now() is banned\nplan(view, now);\n").empty());
}

TEST_CASE("sizes have limits") {
  CHECK(broken("cli/a.cpp", repeat("int a;\n", 600)).empty());
  CHECK(broken("cli/a.cpp", repeat("int a;\n", 601)) == Rules{"file-length"});
  CHECK(broken("cli/a.h", "#pragma once\n// It is.\n" + repeat("int a;\n", 299)) ==
        Rules{"file-length"});
  CHECK(broken("cli/a.cpp", "int f() {\n" + repeat("  g();\n", 68) + "}\n").empty());
  CHECK(broken("cli/a.cpp", "int f() {\n" + repeat("  g();\n", 69) + "}\n") ==
        Rules{"function-length"});
  CHECK(broken("cli/a.cpp", "void f(int, int, int, int, int);\n").empty());
  CHECK(broken("cli/a.cpp", "void f(int, int, int, int, int, int);\n") == Rules{"parameters"});
  CHECK(broken("cli/a.cpp", "// " + repeat("ü", 97) + "\n").empty());
  CHECK(broken("cli/a.cpp", "// " + repeat("a", 98) + "\n") == Rules{"line-length"});
}

TEST_CASE("unfinished work, vague names and left-overs are found") {
  CHECK(broken("cli/a.cpp",
               "// TO"
               "DO: later\n") == Rules{"unfinished"});
  CHECK(broken("scripts/a",
               "#!/bin/sh\n# FIX"
               "ME\n") == Rules{"unfinished"});
  CHECK(broken("cli/a.cpp", "class JobManager;\n") == Rules{"names"});
  CHECK(broken("cli/a.cpp", "struct StreamImpl {};\n") == Rules{"names"});
  CHECK(broken("cli/a.cpp", "// state.apply(fact);\n") == Rules{"commented-code"});
  CHECK(broken("cli/a.cpp", "// if (x > 3) {\n") == Rules{"commented-code"});
  CHECK(broken("cli/a.cpp", "// A sentence; and a call of f() in it.\n").empty());
  CHECK(broken("README.md", "text \n") == Rules{"white-space"});
  CHECK(broken("cli/a.cpp", "std::mutex m;\n") == Rules{"threads"});
  CHECK(broken("lib/loop/a.cpp", "std::mutex m;\n").empty());
}

TEST_CASE("scripts end processes by id, and tests do not sleep") {
  CHECK(broken("scripts/a",
               "#!/bin/sh\npk"
               "ill musterd\n") == Rules{"kill-by-name"});
  CHECK(broken("tests/process/a.sh", "#!/bin/sh\nsleep 1\n") == Rules{"sleep"});
  CHECK(broken("tests/process/a.sh", "#!/bin/sh\nrun & sleep 1\n") == Rules{"sleep"});
  CHECK(broken("tests/process/a.sh", "#!/bin/sh\nuntil [ -e x ]; do sleep 0.1; done\n").empty());
  CHECK(broken("tests/process/a.sh", "#!/bin/sh\nsleep 1000\n").empty());
  CHECK(broken("tests/process/a.sh", "#!/bin/sh\nsubmit -- sleep 1\n").empty());
}

TEST_CASE("a header begins with its guard and says what it is") {
  CHECK(broken("cli/a.h", "#pragma once\n// Words.\n").empty());
  CHECK(broken("cli/a.h", "#ifndef A\n") == Rules{"header-opening"});
  CHECK(broken("cli/a.h", "#pragma once\n\n#include <map>\n") == Rules{"header-opening"});
}

TEST_CASE("a header includes what it names of the standard library, once for each header") {
  const std::string opening = "#pragma once\n// Names.\n";
  const auto text = [&](const std::string& rest) { return broken("lib/base/a.h", opening + rest); };
  CHECK(text("#include <vector>\nstd::vector<int> a;\n").empty());
  CHECK(text("// A std::vector of numbers.\nint a;\n").empty());
  CHECK(text("std::vector<int> a;\nstd::vector<int> b;\n") == Rules{"standard-includes"});
  CHECK(text("std::vector<std::string> a;\n") == Rules{"standard-includes", "standard-includes"});
  CHECK(broken("lib/base/a.cpp", "std::vector<int> a;\n").empty());
}
