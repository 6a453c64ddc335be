#include "sim/replay/input.h"

#include <cstdio>
#include <memory>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using replay::parse_log;
using replay::read_log;
using replay::read_text;

namespace {

const std::string small_log = "; MaxProcs: 4\n1 0 -1 10 4 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1\n";

// "; MaxProcs: 4\n" by gzip -n.
const unsigned char packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                0x03, 0xb3, 0x56, 0xf0, 0x4d, 0xac, 0x08, 0x28, 0xca,
                                0x4f, 0x2e, 0xb6, 0x52, 0x30, 0xe1, 0x02, 0x00, 0x51,
                                0x3f, 0xcc, 0x71, 0x0e, 0x00, 0x00, 0x00};

std::string bytes_of_packed() {
  return {reinterpret_cast<const char*>(packed), sizeof packed};
}

void put(const std::string& path, const std::string& bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  REQUIRE(std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size());
  REQUIRE(std::fclose(file) == 0);
}

}  // namespace

TEST_CASE("the format of a log is told by its first line") {
  CHECK(parse_log(small_log, {})->workload.machine.cores_per_node == 4);
  const replay::Reading four{.machine = replay::MachineSize{1, 4}};
  CHECK(parse_log(small_log.substr(small_log.find('\n')), four)->workload.jobs.size() == 1);
  CHECK(parse_log("\xef\xbb\xbf" + small_log, {})->workload.jobs.size() == 1);
  const auto trace = parse_log("\njob_id,num_gpu,submit_time,duration\n1,1,0,5\n", {});
  REQUIRE(trace);
  CHECK(trace->workload.jobs[0].gpus == 1);
  CHECK(
      parse_log("a,b\n1,2\n", {}).error().text.starts_with("line 1: expected the columns job_id"));
}

TEST_CASE("what is no log says so") {
  CHECK(parse_log("", {}).error().text == "is empty, expected a log of jobs");
  CHECK(parse_log(" \n\n", {}).error().text == "is empty, expected a log of jobs");
  CHECK(parse_log("#!/bin/sh\n", {}).error().text ==
        "is no log that is known: expected the Standard Workload Format, or a CSV file whose first "
        "line names the columns job_id, num_gpu, submit_time and duration; found '#!/bin/sh'");
  CHECK(parse_log("\x7f"
                  "ELF,1\n",
                  {})
            .error()
            .text.ends_with("found bytes that are no text"));
}

TEST_CASE("files are read plain, and decompressed") {
  const support::TempFolder folder;
  put(folder / "plain.swf", small_log);
  CHECK(read_text(folder / "plain.swf") == small_log);
  put(folder / "empty", "");
  CHECK(read_text(folder / "empty")->empty());
  put(folder / "packed.gz", bytes_of_packed());
  CHECK(read_text(folder / "packed.gz") == "; MaxProcs: 4\n");
}

TEST_CASE("files that cannot be read say why") {
  const support::TempFolder folder;
  const auto missing = read_text(folder / "missing");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == base::Code::not_found);
  CHECK(missing.error().text ==
        "cannot read '" + (folder / "missing") + "': No such file or directory");
  CHECK(read_text(folder.path()).error().text ==
        "cannot read '" + folder.path() + "': it is a directory, expected a file");
  put(folder / "cut.gz", bytes_of_packed().substr(0, sizeof packed - 9));
  const auto cut = read_text(folder / "cut.gz");
  REQUIRE_FALSE(cut);
  CHECK(cut.error().code == base::Code::corrupt);
  auto wrong = bytes_of_packed();
  wrong[wrong.size() - 8] = static_cast<char>(wrong[wrong.size() - 8] ^ 1);
  put(folder / "wrong.gz", wrong);
  CHECK(read_text(folder / "wrong.gz").error().text ==
        "cannot read '" + (folder / "wrong.gz") + "': its gzip data is damaged or cut off");
}

TEST_CASE("messages about a log begin with its path") {
  const support::TempFolder folder;
  const auto path = folder / "log.swf";
  put(path, small_log + "nothing\n");
  CHECK(read_log(path, {}).error().text ==
        path + ": line 3: expected 18 fields, found 1: 'nothing'");
  const auto log = read_log(path, {.skip_bad = true});
  REQUIRE(log);
  CHECK(log->first_bad == path + ": line 3: expected 18 fields, found 1: 'nothing'");
}
