#include "cli/request/environment.h"

#include "tests/support/catch.h"

TEST_CASE("tasks of a step get all variables, or what is listed and what tells of the job") {
  const model::Environment present{
      {"A", "1"}, {"B", "2"}, {"MUSTER_JOB_ID", "7"}, {"PATH", "/bin"}, {"SLURM_JOB_ID", "7"}};
  const model::Environment of_job{{"MUSTER_JOB_ID", "7"}, {"PATH", "/bin"}, {"SLURM_JOB_ID", "7"}};
  auto with = [&of_job](const std::string& name, const std::string& value) {
    auto made = of_job;
    made[name] = value;
    return made;
  };
  CHECK(request::exported_to_step("ALL", present) == present);
  CHECK(request::exported_to_step("NONE", present) == of_job);
  CHECK(request::exported_to_step("A", present) == with("A", "1"));
  CHECK(request::exported_to_step("C=x", present) == with("C", "x"));
  auto more = present;
  more["A"] = "9";
  CHECK(request::exported_to_step("ALL,A=9", present) == more);
  CHECK_FALSE(request::exported_to_step("=9", present));
}

TEST_CASE("a job that is submitted from another has nothing of what that was told") {
  const model::Environment present{{"A", "1"},
                                   {"MUSTER_ADDED", "RANK SLURM_JOB_ID"},
                                   {"MUSTER_JOB_ID", "7"},
                                   {"RANK", "0"},
                                   {"SLURM_JOB_ID", "7"}};
  CHECK(request::exported("ALL", present) == model::Environment{{"A", "1"}});
}
