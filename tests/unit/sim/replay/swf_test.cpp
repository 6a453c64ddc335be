#include "sim/replay/swf.h"

#include <string>

#include "lib/base/text.h"
#include "tests/support/catch.h"

using replay::Filter;
using replay::read_swf;
using replay::Reading;
using std::chrono::seconds;

namespace {

const std::string header = "; Computer: none\n; MaxProcs: 100\n";

std::string swf_error(const std::string& text, const Reading& reading = {}) {
  const auto log = read_swf(text, reading);
  return log ? "" : log.error().text;
}

}  // namespace

TEST_CASE("the fields of a line in SWF make a job") {
  const auto log = read_swf(header + "3 40 -1 600 8 -1 -1 16 900 -1 1 7 9 5 -1 -1 -1 -1\n", {});
  REQUIRE(log);
  CHECK(log->workload.machine == replay::Machine{1, 100, 0});
  REQUIRE(log->workload.jobs.size() == 1);
  CHECK(log->workload.jobs[0] == replay::Job{.id = 3,
                                             .submit = seconds(40),
                                             .run = seconds(600),
                                             .requested = seconds(900),
                                             .cores = 16,
                                             .user = 7,
                                             .group = 9,
                                             .name = "5"});
}

TEST_CASE("blanks, tabs, empty lines and line ends of other systems do not matter") {
  const auto log = read_swf(
      "\r\n" + header + "\n  1\t0 -1   10 4 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1  \r\n", {});
  REQUIRE(log);
  REQUIRE(log->workload.jobs.size() == 1);
  CHECK(log->workload.jobs[0].cores == 4);
  CHECK(log->workload.jobs[0].user == 0);
  CHECK(log->workload.jobs[0].name.empty());
  CHECK(log->rows[0] == "1 0 -1 10 4 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1");
}

TEST_CASE("the machine is what was asked for, else MaxProcs, else MaxNodes") {
  const std::string job = "1 0 -1 10 4 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1\n";
  const auto size = [&](const std::string& comments, const Reading& reading = {}) {
    const auto log = read_swf(comments + job, reading);
    REQUIRE(log);
    return log->workload.machine;
  };
  CHECK(size("; MaxNodes: 32\n; MaxProcs: 64\n") == replay::Machine{1, 64, 0});
  CHECK(size(";MaxNodes: 32 (of 40)\n") == replay::Machine{1, 32, 0});
  CHECK(size("; MaxProcs: -1\n; MaxNodes: 32\n") == replay::Machine{1, 32, 0});
  CHECK(size(";\n;;;\n;; MaxProcs: 8\n") == replay::Machine{1, 8, 0});
  CHECK(size("; MaxProcs: 64\n", {.machine = replay::MachineSize{4, 2}}) ==
        replay::Machine{4, 2, 0});
  for (const auto* comments : {"", "; MaxProcs: -1\n", "; MaxProcs:\n; MaxNodes: many\n"}) {
    CHECK(swf_error(comments + job) ==
          "its header does not say how large the machine is (expected '; MaxProcs:' or "
          "'; MaxNodes:' and a number); give it with --machine");
  }
}

TEST_CASE("a line that makes no sense is told with its number, what was found and expected") {
  const auto line = [](const std::string& text) { return swf_error(header + text + "\n"); };
  CHECK(line("1 0 -1 10 4 -1") == "line 3: expected 18 fields, found 6: '1 0 -1 10 4 -1'");
  CHECK(line("1 0 -1 10 4 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1 -1")
            .starts_with("line 3: expected 18 fields, found 19: "));
  CHECK(line("1 0 -1 ten 4 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1") ==
        "line 3: field 4 (run time): expected a whole number of seconds, found 'ten'");
  CHECK(line("1 0.5 -1 10 4 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1") ==
        "line 3: field 2 (submit time): expected a whole number of seconds, found '0.5'");
  CHECK(line("1 0 -1 9999999999 4 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1") ==
        "line 3: field 4 (run time): expected at most 1000000000, found 9999999999");
  CHECK(line("1 0 -1 10 99999999999999999999 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1") ==
        "line 3: field 5 (allocated processors): expected a whole number of processors, found "
        "'99999999999999999999'");
  CHECK(line("x 0 -1 10 4 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1") ==
        "line 3: field 1 (job number): expected a whole number, found 'x'");
  CHECK(line("1 0 -1 10 4 -1 -1 -1 20 -1 1 4294967296 -1 -1 -1 -1 -1 -1") ==
        "line 3: field 12 (user): expected at most 4294967295, found 4294967296");
  CHECK(
      line(std::string("1\x01 0")).starts_with("line 3: expected 18 fields, found 2: '1\\x01 0'"));
}

TEST_CASE("fields that do not count may be anything") {
  CHECK(swf_error(header + "1 0 ? 10 4 0.25 -1 -1 20 -1 ? -1 -1 -1 - - - -\n").empty());
}

TEST_CASE("bad lines are skipped when that is wanted") {
  const auto log = read_swf(
      header + "1 0 -1 10 4\n" + "2 0 -1 10 4 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1\nnothing\n",
      {.skip_bad = true});
  REQUIRE(log);
  CHECK(log->workload.jobs.size() == 1);
  CHECK(log->n_bad == 2);
  CHECK(log->first_bad == "line 3: expected 18 fields, found 5: '1 0 -1 10 4'");
}

TEST_CASE("a log without requested times needs the filter none") {
  const std::string text = "; MaxNodes: 4\n1 0 -1 10 4 -1 -1 -1 -1 -1 1 -1 -1 -1 0 -1 -1 -1\n";
  CHECK(swf_error(text).starts_with("no job is left; the filter dropped 1"));
  const auto log = read_swf(text, {.filter = Filter::none});
  REQUIRE(log);
  CHECK(log->workload.jobs[0].requested == seconds(10));
}

TEST_CASE("a schedule has the lines of the log with the wait, and is a log itself") {
  const auto log = read_swf(header +
                                "2 40 -1 600 8 -1 -1 16 900 -1 1 7 9 5 -1 -1 -1 12\n"
                                "1 10 77 50 100 0.5 -1 -1 60 -1 1 3 -1 -1 2 -1 -1 -1\n",
                            {});
  REQUIRE(log);
  replay::Result result;
  result.ends = {seconds(60), seconds(660)};
  const auto text = replay::write_schedule(*log, result, "a test");
  const auto lines = base::split(text, '\n');
  REQUIRE(lines.size() == 8);
  CHECK(lines[3] == "; MaxProcs: 100");
  CHECK(lines[4] == "; Note: a test");
  CHECK(lines[5] == "1 10 0 50 100 0.5 -1 -1 60 -1 1 3 -1 -1 2 -1 -1 -1");
  CHECK(lines[6] == "2 40 20 600 8 -1 -1 16 900 -1 1 7 9 5 -1 -1 -1 12");
  const auto again = read_swf(text, {});
  REQUIRE(again);
  CHECK(again->workload.jobs == log->workload.jobs);
  CHECK(again->workload.machine == log->workload.machine);
}

TEST_CASE("the queue of a job is the name of its class") {
  const auto log = read_swf(header +
                                "1 0 -1 50 1 -1 -1 1 60 -1 1 3 -1 -1 4 -1 -1 -1\n"
                                "2 0 -1 50 1 -1 -1 1 60 -1 1 3 -1 -1 -1 -1 -1 -1\n",
                            {});
  REQUIRE(log);
  CHECK(log->workload.jobs[0].class_name == "4");
  CHECK(log->workload.jobs[1].class_name.empty());
}

TEST_CASE("a job of another format gets a line of its own") {
  const replay::Job job{.id = 5,
                        .submit = std::chrono::milliseconds(1999),
                        .run = seconds(30),
                        .requested = seconds(40),
                        .cores = 2,
                        .user = 1,
                        .group = 6};
  CHECK(replay::swf_row(job) == "5 1 -1 30 2 -1 -1 2 40 -1 1 1 6 -1 -1 -1 -1 -1");
}
