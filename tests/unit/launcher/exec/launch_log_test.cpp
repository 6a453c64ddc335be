#include "launcher/exec/launch_log.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>

#include "launcher/exec/launch_dir.h"
#include "lib/wire/log_record.h"
#include "tests/support/catch.h"
#include "tests/unit/launcher/launch_box.h"

TEST_CASE("a launch's log stays within its limit, and keeps its begin and its end") {
  launcher_test::LaunchBox box;
  const auto dir = exec::LaunchDir::open(box.folder());
  REQUIRE(dir);
  auto log = exec::LaunchLog::open(*dir, base::Bytes(16'000));
  REQUIRE(log);
  for (int i = 0; i < 5000; ++i) {
    // Ten digits and a header of 20 bytes.
    REQUIRE(log->append(1, model::OutputStream::out, std::to_string(1'000'000'000 + i)));
  }
  const auto records = launcher_test::read_log(box.folder());
  CHECK(records.size() == 266);
  CHECK(records.front().bytes == "1000000000");
  std::uintmax_t n_bytes = 0;
  std::string last;
  for (const auto& file : std::filesystem::directory_iterator(box.folder())) {
    if (!wire::log_segment_start(file.path().filename().string())) continue;
    n_bytes += file.file_size();
    const auto text = launcher_test::read_text(file.path().string());
    last = std::max(last, text.substr(text.size() - 10));
  }
  CHECK(n_bytes <= 16'000);
  CHECK(n_bytes > 14'500);
  CHECK(last == "1000004999");
}

TEST_CASE("a launch's log takes what is larger than its segments in pieces") {
  launcher_test::LaunchBox box;
  const auto dir = exec::LaunchDir::open(box.folder());
  REQUIRE(dir);
  auto log = exec::LaunchLog::open(*dir, base::Bytes(160'000));
  REQUIRE(log);
  REQUIRE(log->append(1, model::OutputStream::out, std::string(64'000, 'x')));
  const auto records = launcher_test::read_log(box.folder());
  CHECK(records.size() == 7);
  CHECK(records.front().bytes.size() == 10'000 - wire::log_header_bytes);
  CHECK(launcher_test::logged(box.folder(), 1) == std::string(64'000, 'x'));
}

TEST_CASE("a launch's log without a limit is one file") {
  launcher_test::LaunchBox box;
  const auto dir = exec::LaunchDir::open(box.folder());
  REQUIRE(dir);
  auto log = exec::LaunchLog::open(*dir, base::Bytes());
  REQUIRE(log);
  for (int i = 0; i < 100; ++i) REQUIRE(log->append(1, model::OutputStream::out, "12345"));
  CHECK(launcher_test::read_log(box.folder()).size() == 100);
}
