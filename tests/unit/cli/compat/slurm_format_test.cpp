#include "cli/compat/slurm_format.h"

#include <cstdlib>

#include "cli/compat/account_fields.h"
#include "cli/compat/queue_fields.h"
#include "tests/support/catch.h"
#include "tests/support/slurm_jobs.h"

namespace {

const compat::Surroundings with{.now = support::noon, .cluster = "here"};

std::string line(std::string_view letters, const model::JobRecord& job) {
  const auto format = compat::format_of_letters(compat::queue_fields(), letters);
  return format ? compat::row_line(*format, job, with) : format.error().text;
}

std::string named_line(std::string_view names, const model::JobRecord& job) {
  const auto format = compat::format_of_names(compat::queue_fields(), names);
  return format ? compat::row_line(*format, job, with) : format.error().text;
}

constexpr std::string_view usual = "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R";

std::string value(const compat::AccountRow& row, std::string_view name) {
  const auto* field = compat::field_named(compat::account_field_table(), name);
  return field != nullptr ? field->value(row, with) : "no such field";
}

}  // namespace

TEST_CASE("the usual lines of squeue are as Slurm prints them") {
  const auto format = *compat::format_of_letters(compat::queue_fields(), usual);
  CHECK(compat::heading_line(format) ==
        "             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)\n");
  CHECK(line(usual, support::running_job(17)) ==
        "                17   default    train      ann  R       1:05      2 n[1-2]\n");
  auto array = support::waiting_array(20);
  array.reason = model::ArrayLimit{2};
  CHECK(
      line(usual, array) ==
      "        20_[1-3%2]   default    train      ann PD       0:00      2 (JobArrayTaskLimit)\n");
}

TEST_CASE("formats cut, pad, align and keep the text between") {
  const auto job = support::running_job(17);
  CHECK(line("%k,%A", job) == "(null),17\n");
  CHECK(line("%i %t", job) == "17 R\n");
  CHECK(line("<%6j|%.6j|%3j>", job) == "<train | train|tra>\n");
  CHECK(line("%l %L %C %m %K", job) == "1-02:00:00 1-01:58:55 4 0 N/A\n");
  CHECK(line("%J", job) == "Invalid job format specification: J");
  CHECK(line("%i %", job).starts_with("Unrecognized option: '%' at the end"));
  CHECK(named_line("jobid:4,state:.9,name:3:", job) == "17    RUNNINGtra:\n");
  CHECK(named_line("JobID,Comment:8", job) == "17                  (null)  \n");
  CHECK(named_line("jobid,colour", job) == "Invalid job format specification: colour");
}

TEST_CASE("a row is ordered by the letters of a sort") {
  const auto runs = support::running_job(17);
  const auto waits = support::waiting_job(18);
  CHECK(compat::comes_before(waits, runs, "t", with));
  CHECK(compat::comes_before(runs, waits, "-t", with));
  CHECK(compat::comes_before(runs, waits, "P", with));
  CHECK(compat::comes_before(support::running_job(9), support::running_job(10), "i", with));
  CHECK(compat::check_order("P,-t"));
  CHECK_FALSE(compat::check_order("P,?"));
}

TEST_CASE("formats of sacct have widths to both sides") {
  const auto fields = *compat::account_fields("jobid%20, State%-12,elapsed,");
  REQUIRE(fields.size() == 3);
  CHECK(fields[0].width == 20);
  CHECK(fields[0].is_right);
  CHECK_FALSE(fields[1].is_right);
  CHECK_FALSE(fields[2].has_width);
  CHECK_FALSE(compat::account_fields("jobid%wide"));
  CHECK(compat::fit_marked("CANCELLED by 1000", 10, true) == "CANCELLED+");
}

TEST_CASE("sacct has a row for the job, its script, its steps and its earlier attempts") {
  auto job = support::ended_job(17, model::JobState::failed, 3,
                                {.cause = model::Cause::exit_code, .code = 3});
  job.usage.memory_peak = base::Bytes(2048);
  job.steps.push_back({.step = model::StepId(0),
                       .command = "/bin/solver --fast",
                       .tasks = {0, 4},
                       .started_at = support::noon - std::chrono::seconds(60),
                       .ended_at = support::noon - std::chrono::seconds(10),
                       .exit_code = 3,
                       .failure = model::Failure{.cause = model::Cause::exit_code, .code = 3}});
  job.earlier.push_back({.attempt = 1,
                         .nodes = "n[1-2]",
                         .cores = 4,
                         .started_at = support::noon - std::chrono::seconds(90),
                         .ended_at = support::noon - std::chrono::seconds(80),
                         .why = {.cause = model::Cause::requeued}});
  const auto rows = compat::rows_of(job, true, true);
  REQUIRE(rows.size() == 4);
  CHECK(value(rows[0], "State") == "REQUEUED");
  CHECK(value(rows[0], "elapsed") == "00:00:10");
  CHECK(value(rows[1], "JobID") == "17");
  CHECK(value(rows[1], "ExitCode") == "3:0");
  CHECK(value(rows[1], "MaxRSS").empty());
  CHECK(value(rows[1], "AllocTRES") == "cpu=4,mem=4G,node=2,billing=4");
  CHECK(value(rows[2], "JobID") == "17.batch");
  CHECK(value(rows[2], "MaxRSS") == "2K");
  CHECK(value(rows[2], "NodeList") == "n1");
  CHECK(value(rows[3], "JobIDRaw") == "17.0");
  CHECK(value(rows[3], "JobName") == "solver");
  CHECK(value(rows[3], "NodeList") == "n2");
  CHECK(value(rows[3], "NTasks") == "4");
  CHECK(value(rows[3], "State") == "FAILED");
  CHECK(compat::rows_of(job, false, false).size() == 1);
  CHECK(compat::rows_of(support::waiting_job(18), true, false).size() == 1);
}
