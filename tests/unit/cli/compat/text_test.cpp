#include <cstdlib>

#include "cli/compat/node_fields.h"
#include "cli/compat/pbs_format.h"
#include "cli/compat/scontrol_text.h"
#include "cli/compat/slurm_json.h"
#include "tests/support/catch.h"
#include "tests/support/slurm_jobs.h"

namespace {

const compat::Surroundings here{.now = support::noon, .cluster = "here"};

model::NodeRecord node(const std::string& name, bool is_busy) {
  model::NodeRecord made{.node = model::NodeId(1)};
  made.info.name = name;
  made.info.pool = "default";
  made.info.topology.cores.resize(2);
  if (!is_busy) return made;
  made.state = model::NodeState::busy;
  made.jobs = {model::JobId(1)};
  made.cores_used = model::CoreSet::range(0, 2);
  return made;
}

std::string sinfo(std::string_view letters, const std::vector<model::NodeRecord>& nodes) {
  const auto format = *compat::format_of_letters(compat::node_fields(), letters);
  std::string text;
  for (const auto& group : compat::groups_of(nodes, format, false, here))
    text += compat::row_line(format, group, here);
  return text;
}

}  // namespace

TEST_CASE("scontrol has what tools look for in a job, on lines or on one") {
  ::setenv("TZ", "UTC", 1);
  const auto job = support::running_job(17);
  const auto text = compat::job_text(job, here, false);
  for (const auto* part :
       {"JobId=17 JobName=train\n", "   UserId=ann(1000) GroupId=100(100) ",
        "JobState=RUNNING Reason=None ", "Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0\n",
        "RunTime=00:01:05 TimeLimit=1-02:00:00 ",
        "StartTime=2027-01-15T07:58:55 EndTime=2027-01-16T09:58:55 ", "   NodeList=n[1-2]\n",
        "NumNodes=2 NumCPUs=4 NumTasks=4 ", "   Command=/home/ann/train.sh\n",
        "   WorkDir=/home/ann\n", "   StdOut=/home/ann/train-17.out\n"}) {
    CAPTURE(part);
    CHECK(text.contains(part));
  }
  const auto line = compat::job_text(job, here, true);
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(compat::job_text(support::waiting_array(20), here, true)
            .starts_with(
                "JobId=20 ArrayJobId=20 ArrayTaskId=1-3%2 ArrayTaskThrottle=2 JobName=train "));
}

TEST_CASE("sinfo joins nodes that its format shows alike") {
  const std::vector nodes{node("n1", false), node("n2", true), node("n3", false)};
  CHECK(sinfo("%P %.6D %t %N", nodes) == "default*      2 idle n[1,3]\ndefault*      1 alloc n2\n");
  CHECK(sinfo("%D %C", nodes) == "3 2/4/0/6\n");
  CHECK(compat::is_in_state(nodes[1], *compat::node_states_from_text("alloc,drain")));
  CHECK_FALSE(compat::is_in_state(nodes[0], *compat::node_states_from_text("mix")));
  CHECK_FALSE(compat::node_states_from_text("lazy"));
}

TEST_CASE("PBS shows jobs by its letters and ids") {
  auto job = support::waiting_job(17);
  CHECK(compat::pbs_state(job) == 'Q');
  job.reason = model::Held{"ann"};
  CHECK(compat::pbs_state(job) == 'H');
  CHECK(compat::pbs_state(support::running_job(17)) == 'R');
  const auto array = support::waiting_array(20);
  CHECK(compat::pbs_state(array) == 'B');
  CHECK(compat::pbs_id(array, "here") == "20[].here");
  CHECK(compat::qstat_line(support::running_job(17), here) ==
        "17.here           train            ann               00:00:00 R default\n");
  const auto killed = support::ended_job(17, model::JobState::failed, 137,
                                         {.cause = model::Cause::signal, .code = 9});
  CHECK(compat::pbs_exit_status(killed) == 265);
  CHECK(compat::qstat_block(killed, here).contains("    Exit_status = 265\n"));
}

TEST_CASE("JSON has numbers that may be absent in the form of Slurm") {
  const std::vector jobs{support::running_job(17)};
  const auto text = compat::queue_json(jobs, here);
  CHECK(text.contains("\"job_id\": 17,"));
  CHECK(text.contains("\"job_state\": [\n        \"RUNNING\"\n      ]"));
  CHECK(
      text.contains("\"start_time\": {\n        \"set\": true,\n        \"infinite\": false,\n"
                    "        \"number\": 1799999935\n"));
}
