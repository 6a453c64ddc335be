#include "sim/replay/log.h"

#include "tests/support/catch.h"

using replay::Claim;
using replay::Filter;
using replay::Intake;
using replay::Machine;
using replay::Reading;
using std::chrono::seconds;

namespace {

const Machine ten_cores{1, 10, 0};

Claim claim(std::int64_t id, int submit_s, int run_s, int requested_s, int cores) {
  return {{.id = id,
           .submit = seconds(submit_s),
           .run = seconds(run_s),
           .requested = seconds(requested_s),
           .cores = cores},
          ""};
}

std::string error_of(const Reading& reading, const Claim& one) {
  Intake intake(reading, ten_cores);
  const auto taken = intake.take(7, one);
  return taken ? "" : taken.error().text;
}

}  // namespace

TEST_CASE("a machine is a number of processors, or nodes of such") {
  CHECK(replay::parse_machine("128") == replay::MachineSize{1, 128});
  CHECK(replay::parse_machine("16x8") == replay::MachineSize{16, 8});
  CHECK(replay::parse_machine("65536") == replay::MachineSize{1, 65536});
  CHECK(replay::parse_machine("163840") == replay::MachineSize{4, 40960});
  for (const auto* text :
       {"", "0", "-4", "x8", "8x", "8x0", "4x4x4", "1e3", "1000001", "2000x2000", "1x65537"}) {
    CAPTURE(text);
    const auto machine = replay::parse_machine(text);
    REQUIRE_FALSE(machine);
    CHECK(machine.error().text.starts_with("expected a number of processors such as 128"));
  }
}

TEST_CASE("the strong filter drops what cannot be run, and counts why") {
  Intake intake({}, ten_cores);
  REQUIRE(intake.take(1, claim(1, 0, 5, 5, 10)));
  REQUIRE(intake.take(2, claim(2, 0, 5, 5, 11)));
  REQUIRE(intake.take(3, claim(3, 0, 5, 5, 0)));
  REQUIRE(intake.take(4, claim(4, 0, 0, 5, 1)));
  REQUIRE(intake.take(5, claim(5, 0, -1, 5, 1)));
  REQUIRE(intake.take(6, claim(6, 0, 5, -1, 1)));
  REQUIRE(intake.take(7, claim(7, -1, 5, 5, 1)));
  const auto log = std::move(intake).finish();
  REQUIRE(log);
  CHECK(log->workload.jobs.size() == 1);
  CHECK(log->n_dropped() == 6);
  CHECK(replay::dropped_text(*log) ==
        "dropped 6 of 7 jobs: 1 without a number of processors, 1 larger than the machine, "
        "2 without a run time, 1 without a requested time, 1 without a time of submission");
}

TEST_CASE("without a filter the run time stands in for a requested time") {
  Intake intake({.filter = Filter::none}, ten_cores);
  REQUIRE(intake.take(1, claim(1, 0, 5, -1, 1)));
  const auto log = std::move(intake).finish();
  REQUIRE(log);
  CHECK(log->workload.jobs.front().requested == seconds(5));
  CHECK(replay::dropped_text(*log).empty());
}

TEST_CASE("without a filter a job that cannot be run is a bad line") {
  const Reading reading{.filter = Filter::none};
  CHECK(error_of(reading, claim(3, 0, 5, 5, 11)) ==
        "line 7: job 3: expected at most the 10 processors of the machine, found 11");
  CHECK(error_of(reading, claim(3, 0, 5, 5, -1)) ==
        "line 7: job 3: expected at least 1 processor, found -1");
  CHECK(error_of(reading, claim(3, 0, -1, -1, 1)) ==
        "line 7: job 3: expected a run time above 0, found -1 s");
  CHECK(error_of(reading, claim(3, -2, 5, 5, 1)) ==
        "line 7: job 3: expected a submission at 0 or later, found -2 s");
}

TEST_CASE("a job runs no longer than it asked for") {
  Intake intake({}, ten_cores);
  REQUIRE(intake.take(1, claim(1, 0, 70, 60, 1)));
  const auto log = std::move(intake).finish();
  REQUIRE(log);
  CHECK(log->workload.jobs.front().run == seconds(60));
}

TEST_CASE("jobs come in order of submission, then of their number, then as they were read") {
  Intake intake({}, ten_cores);
  REQUIRE(intake.take(1, claim(4, 9, 1, 1, 1)));
  REQUIRE(intake.take(2, claim(3, 5, 1, 1, 1)));
  REQUIRE(intake.take(3, claim(2, 5, 1, 1, 1)));
  REQUIRE(intake.take(4, claim(2, 5, 1, 1, 2)));
  const auto log = std::move(intake).finish();
  REQUIRE(log);
  const auto& jobs = log->workload.jobs;
  REQUIRE(jobs.size() == 4);
  CHECK(jobs[0].id == 2);
  CHECK(jobs[0].cores == 1);
  CHECK(jobs[1].id == 2);
  CHECK(jobs[1].cores == 2);
  CHECK(jobs[2].id == 3);
  CHECK(jobs[3].id == 4);
}

TEST_CASE("bad lines end the reading, or are counted") {
  const base::Error error{base::Code::invalid, "expected sense"};
  Intake strict({}, ten_cores);
  const auto rejected = strict.reject(12, error);
  REQUIRE_FALSE(rejected);
  CHECK(rejected.error().text == "line 12: expected sense");

  Intake lax({.skip_bad = true}, ten_cores);
  REQUIRE(lax.reject(12, error));
  REQUIRE(lax.reject(13, error));
  REQUIRE(lax.take(14, claim(1, 0, 1, 1, 1)));
  const auto log = std::move(lax).finish();
  REQUIRE(log);
  CHECK(log->n_bad == 2);
  CHECK(log->first_bad == "line 12: expected sense");
}

TEST_CASE("a log without a job that is left is an error that says where they went") {
  CHECK(Intake({}, ten_cores).finish().error().text == "has no job");

  Intake dropped({}, ten_cores);
  REQUIRE(dropped.take(1, claim(1, 0, 5, -1, 1)));
  CHECK(std::move(dropped).finish().error().text ==
        "no job is left; the filter dropped 1 (1 without a requested time): try --filter none");

  Intake skipped({.skip_bad = true}, ten_cores);
  REQUIRE(skipped.reject(3, {base::Code::invalid, "expected sense"}));
  CHECK(std::move(skipped).finish().error().text ==
        "no job is left; skipped 1 bad line, the first: line 3: expected sense");
}

TEST_CASE("run times that add up to ages are refused") {
  Intake intake({}, ten_cores);
  for (int i = 0; i < 4001; ++i)
    REQUIRE(intake.take(1, claim(i, 0, 1'000'000'000, 1'000'000'000, 1)));
  CHECK(std::move(intake).finish().error().text ==
        "its run times add up to more than can be simulated");
}
