#include "cli/compat/job_filter.h"

#include "cli/compat/job_values.h"
#include "tests/support/catch.h"
#include "tests/support/slurm_jobs.h"

namespace {

model::JobRecord task(std::uint32_t id, std::uint32_t array, int index) {
  auto job = support::running_job(id);
  job.task = model::ArrayTask{model::JobId(array), index};
  return job;
}

std::string again(std::string_view text) {
  const auto named = compat::named_job(text);
  return named ? to_text(*named) + (named->step.empty() ? "" : "." + named->step) : "none";
}

std::string pbs(std::string_view text) {
  const auto named = compat::named_pbs_job(text);
  return named ? to_text(*named) : "none";
}

}  // namespace

TEST_CASE("ids of Slurm name jobs, tasks and steps") {
  CHECK(again("17") == "17");
  CHECK(again("17_4") == "17_4");
  CHECK(again("17_[1-3]") == "17_[1-3]");
  CHECK(again("17_[1-3%2]") == "17_[1-3]");
  CHECK(again("17.batch") == "17.batch");
  CHECK(again("17_4.0") == "17_4.0");
  for (const auto* wrong : {"", "x", "17_", "17_x", "-1", "0", "4294967296"})
    CHECK(again(wrong) == "none");
  CHECK(compat::named_jobs("17,18_[1,3],19")->size() == 3);
  CHECK_FALSE(compat::named_jobs("17,last"));
}

TEST_CASE("ids of PBS name jobs and tasks, with a server or without") {
  CHECK(pbs("17.cluster.site") == "17");
  CHECK(pbs("17") == "17");
  CHECK(pbs("17[4].cluster") == "17_4");
  CHECK(pbs("17[].cluster") == "17");
  CHECK(pbs("seventeen") == "none");
  CHECK(pbs("17[4") == "none");
}

TEST_CASE("a filter lets pass what fits all of it") {
  const auto job = support::running_job(17);
  CHECK(compat::passes({}, job));
  CHECK(compat::passes({.users = {"bob", "ann"}}, job));
  CHECK(compat::passes({.users = {"1000"}}, job));
  CHECK_FALSE(compat::passes({.users = {"bob"}}, job));
  CHECK(compat::passes({.nodes = {"n2"}}, job));
  CHECK_FALSE(compat::passes({.nodes = {"n3"}}, job));
  CHECK(compat::passes({.partitions = {"default"}}, job));
  CHECK_FALSE(compat::passes({.names = {"other"}}, job));
  CHECK_FALSE(compat::passes({.states = {"PENDING"}}, job));
}

TEST_CASE("the id of an array stands for its tasks, that of a task for itself") {
  const std::vector<compat::NamedJob> whole{*compat::named_job("20")};
  const std::vector<compat::NamedJob> one{*compat::named_job("20_1")};
  CHECK(compat::passes({.jobs = whole}, task(22, 20, 1)));
  CHECK(compat::passes({.jobs = one}, task(22, 20, 1)));
  CHECK_FALSE(compat::passes({.jobs = one}, task(23, 20, 2)));
  CHECK_FALSE(compat::passes({.jobs = whole}, support::running_job(21)));
}

TEST_CASE("tasks that wait are jobs with the numbers that they will have") {
  const auto tasks = compat::waiting_tasks(support::waiting_array(20));
  REQUIRE(tasks.size() == 3);
  CHECK(compat::job_id_text(tasks[0]) == "20_1");
  CHECK(tasks[0].job == model::JobId(22));
  CHECK(compat::array_index_text(tasks[2]) == "3");
}

TEST_CASE("files are named as far as their patterns are known") {
  CHECK(compat::output_path(support::running_job(17), "/x/%x-%j_%u%%.%t") == "/x/train-17_ann%.%t");
  CHECK(compat::output_path(support::waiting_array(20), "/x/%A_%a.out") == "/x/20_%a.out");
  CHECK(compat::output_path(task(22, 20, 1), "/x/%A_%a.out") == "/x/20_1.out");
  CHECK(compat::command_text(support::running_job(17)) == "/home/ann/train.sh");
}
