#include "cli/compat/slurm_states.h"

#include "tests/support/catch.h"
#include "tests/support/slurm_jobs.h"

using model::Cause;
using model::JobState;

namespace {

model::Failure failure(Cause cause, int code = 0, std::string text = {}) {
  model::Failure made;
  made.cause = cause;
  made.code = code;
  made.text = std::move(text);
  return made;
}

std::string shown(const model::JobRecord& job) {
  const auto& state = compat::slurm_state(job);
  return std::string(state.name) + " " + std::string(state.letters) + " " +
         compat::slurm_reason(job) + " " + to_text(compat::exit_status(job));
}

std::string ended(JobState state, int code, model::Failure why) {
  return shown(support::ended_job(17, state, code, std::move(why)));
}

}  // namespace

TEST_CASE("ends of jobs have the states, reasons and exit codes of Slurm") {
  CHECK(ended(JobState::failed, 3, failure(Cause::exit_code, 3)) == "FAILED F NonZeroExitCode 3:0");
  CHECK(ended(JobState::failed, 137, failure(Cause::signal, 9)) == "FAILED F RaisedSignal:9 0:9");
  CHECK(ended(JobState::failed, 137, failure(Cause::exit_code, 137)) ==
        "FAILED F NonZeroExitCode 137:0");
  CHECK(ended(JobState::failed, 1, failure(Cause::out_of_memory)) ==
        "OUT_OF_MEMORY OOM OutOfMemory 0:125");
  CHECK(ended(JobState::timed_out, 143, failure(Cause::time_limit)) == "TIMEOUT TO TimeLimit 0:0");
  CHECK(ended(JobState::timed_out, 143, failure(Cause::deadline)) == "DEADLINE DL DeadLine 0:0");
  CHECK(ended(JobState::node_lost, 1, failure(Cause::node_lost)) == "NODE_FAIL NF NodeDown 1:0");
  CHECK(ended(JobState::preempted, 1, failure(Cause::preempted)) == "PREEMPTED PR None 0:0");
  CHECK(ended(JobState::failed, 1, failure(Cause::cannot_start)) ==
        "FAILED F JobLaunchFailure 1:0");
  CHECK(ended(JobState::cancelled, 143, failure(Cause::cancelled)) == "CANCELLED CA None 0:0");
}

TEST_CASE("a failed step that made the script fail does not lend it its signal") {
  auto why = failure(Cause::signal, 9);
  why.step = model::StepId(0);
  CHECK(ended(JobState::failed, 137, why) == "FAILED F NonZeroExitCode 137:0");
}

TEST_CASE("why a job waits is one word of Slurm") {
  auto job = support::waiting_job(17);
  CHECK(shown(job) == "PENDING PD None 0:0");
  job.reason = model::Held{"ann"};
  CHECK(compat::slurm_reason(job) == "JobHeldUser");
  job.reason = model::Held{"root"};
  CHECK(compat::slurm_reason(job) == "JobHeldAdmin");
  job.reason = model::ShortOfResources{};
  CHECK(compat::slurm_reason(job) == "Resources");
  job.reason = model::Behind{model::JobId(3)};
  CHECK(compat::slurm_reason(job) == "Priority");
  job.reason = model::BackOff{};
  CHECK(compat::slurm_reason(job) == "BeginTime");
  job.reason = model::DependsOn{};
  CHECK(compat::slurm_reason(job) == "Dependency");
  job.reason = model::ArrayLimit{2};
  CHECK(compat::slurm_reason(job) == "JobArrayTaskLimit");
}

TEST_CASE("states are read by names and letters, in any case") {
  CHECK(*compat::states_from_text("r,Pending") ==
        std::vector<std::string_view>{"RUNNING", "PENDING"});
  CHECK(compat::states_from_text("all")->size() == compat::slurm_states().size());
  const auto unknown = compat::states_from_text("R,RUN");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().text.starts_with("Invalid job state specified: RUN\n"));
}

TEST_CASE("accounting says who cancelled a job, by number") {
  auto job =
      support::ended_job(17, JobState::cancelled, 143, failure(Cause::cancelled, 0, "by ann"));
  CHECK(compat::account_state(job) == "CANCELLED by 1000");
  job.outcome->failure->text = "by root";
  CHECK(compat::account_state(job) == "CANCELLED by 0");
  job.outcome->failure->text = "by bob";
  CHECK(compat::account_state(job) == "CANCELLED");
}

TEST_CASE("nodes have the states of Slurm with their marks") {
  model::NodeRecord node{.node = model::NodeId(1)};
  node.info.topology.cores.resize(2);
  CHECK(compat::node_state(node) == "idle");
  node.state = model::NodeState::busy;
  node.jobs = {model::JobId(1)};
  node.cores_used = model::CoreSet::range(0, 1);
  CHECK(compat::short_node_state(node) == "mix");
  node.cores_used = model::CoreSet::range(0, 2);
  CHECK(compat::short_node_state(node) == "alloc");
  node.state = model::NodeState::draining;
  CHECK(compat::short_node_state(node) == "drng");
  CHECK(compat::long_node_state(node) == "ALLOCATED+DRAIN");
  node.state = model::NodeState::lost;
  CHECK(compat::node_state(node) == "down*");
  node.state = model::NodeState::absent;
  CHECK(compat::short_node_state(node) == "idle~");
}
