#include "sim/replay/report.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "lib/base/text.h"
#include "tests/support/catch.h"

namespace {

const std::vector<replay::Report> two_reports{
    {"fcfs",
     {.n_jobs = 3,
      .wait_mean_s = 1234.56,
      .wait_median_s = 2,
      .wait_p95_s = 3,
      .wait_p99_s = 4,
      .wait_max_s = 1e6,
      .ave_bsld = 92.5774,
      .turnaround_mean_s = 5,
      .utilization = 0.8563,
      .preemptions = 6,
      .lost_work_s = 7,
      .passes = 8,
      .pass_mean_us = 9.25,
      .pass_max_us = 10}},
    {"wfp3", {.n_jobs = 3}},
};

}  // namespace

TEST_CASE("the table of figures has a column for each policy") {
  const auto text = replay::report_table(two_reports);
  CHECK(
      text.starts_with("                               fcfs        wfp3\n"
                       "mean wait, s                 1234.6         0.0\n"));
  CHECK(text.find("mean bounded slowdown        92.577       0.000\n") != std::string::npos);
  CHECK(text.find("utilization, %                 85.6         0.0\n") != std::string::npos);
  CHECK(text.find("longest pass, us                 10           0\n") != std::string::npos);
}

TEST_CASE("the figures of four policies fit a terminal of 80 columns") {
  std::vector<replay::Report> reports(4, two_reports.front());
  for (auto& report : reports) report.figures.wait_max_s = 12'345'678.9;
  for (const auto line : base::split(replay::report_table(reports), '\n')) CHECK(line.size() <= 80);
}

TEST_CASE("the JSON of figures has an object for each policy, and all fields") {
  const auto array = nlohmann::ordered_json::parse(replay::report_json(two_reports));
  REQUIRE(array.is_array());
  REQUIRE(array.size() == 2);
  std::vector<std::string> names;
  for (const auto& [name, value] : array[0].items()) names.push_back(name);
  CHECK(base::join(names, " ") ==
        "policy jobs wait_mean_s wait_median_s wait_p95_s wait_p99_s wait_max_s ave_bsld "
        "turnaround_mean_s utilization preemptions lost_work_s passes pass_mean_us pass_max_us");
  CHECK(array[0]["policy"] == "fcfs");
  CHECK(array[0]["jobs"] == 3);
  CHECK(array[0]["wait_mean_s"] == 1234.56);
  CHECK(array[0]["utilization"] == 0.8563);
  CHECK(array[0]["pass_mean_us"] == 9.25);
  CHECK(array[1]["policy"] == "wfp3");
}

TEST_CASE("one policy makes an array of one") {
  CHECK(nlohmann::json::parse(replay::report_json({{two_reports.front()}})).size() == 1);
}
