#include "launcher/exec/launch_log.h"

#include "tests/support/catch.h"
#include "tests/unit/launcher/launch_box.h"

TEST_CASE("a launch's log says at its limit that it is full, and stays readable") {
  launcher_test::LaunchBox box;
  auto log = exec::LaunchLog::open(box.folder() + "/log", 10);
  REQUIRE(log);
  CHECK(log->append(1, model::OutputStream::out, "12345"));
  CHECK(log->append(1, model::OutputStream::out, "123456"));
  CHECK(log->append(1, model::OutputStream::out, "1"));
  const auto records = launcher_test::read_log(box.folder());
  REQUIRE(records.size() == 2);
  CHECK(records[0].bytes == "12345");
  CHECK(records[1].stream == model::OutputStream::err);
  CHECK(records[1].bytes.find("full") != std::string::npos);
}
