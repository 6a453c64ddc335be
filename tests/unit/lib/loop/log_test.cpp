#include "lib/loop/log.h"

#include <sys/stat.h>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using loop_test::Fixture;

/// The lines without their times.
static std::vector<std::string> lines_of(const std::string& path, std::string_view before) {
  const auto text = loop::read_file(path, 100'000);
  REQUIRE(text.has_value());
  std::vector<std::string> lines;
  for (const auto line : base::split(base::trim(*text), '\n')) {
    const auto at = line.find(before);
    REQUIRE(at != line.npos);
    lines.emplace_back(line.substr(at));
  }
  return lines;
}

TEST_CASE("a text log has one line per event, with quotes where a value needs them") {
  Fixture fixture;
  const auto log = loop::Log::open({.path = fixture.path("log")});
  REQUIRE(log.has_value());
  log->info("job_started", {{"job", 7}, {"nodes", "n[1-4]"}, {"share", 0.5}, {"late", false}});
  log->error("odd", {{"text", "two\nlines and \"quotes\""}, {"none", ""}});
  log->debug("unseen");
  struct stat file{};
  REQUIRE(stat(fixture.path("log").c_str(), &file) == 0);
  CHECK((file.st_mode & 07777) == 0640);
  const auto lines = lines_of(fixture.path("log"), "Z ");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "Z info job_started job=7 nodes=n[1-4] share=0.5 late=false");
  CHECK(lines[1] == "Z error odd text=\"two\\nlines and \\\"quotes\\\"\" none=\"\"");
}

TEST_CASE("a JSON log has one object per line") {
  Fixture fixture;
  const auto log = loop::Log::open({.path = fixture.path("log"),
                                    .level = loop::LogLevel::debug,
                                    .format = loop::LogFormat::json});
  log->debug("job_started", {{"job", 7U}, {"name", "a\tb"}, {"ok", true}});
  CHECK(lines_of(fixture.path("log"), ",\"level") ==
        std::vector<std::string>{
            R"(,"level":"debug","event":"job_started","job":7,"name":"a\u0009b","ok":true})"});
}

TEST_CASE("a log that cannot be written says so") {
  Fixture fixture;
  const auto log = loop::Log::open({.path = "/proc/none/log"});
  REQUIRE_FALSE(log.has_value());
  CHECK(log.error().code == base::Code::io);
}

TEST_CASE("level and format names are read and written") {
  for (const char* name : {"error", "warn", "info", "debug"}) {
    CHECK(loop::to_text(*loop::log_level_from_text(name)) == name);
  }
  for (const char* name : {"text", "json"}) {
    CHECK(loop::to_text(*loop::log_format_from_text(name)) == name);
  }
  CHECK_FALSE(loop::log_level_from_text("loud").has_value());
}
