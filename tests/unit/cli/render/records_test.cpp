#include "cli/render/records.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;

namespace {

constexpr base::Time noon = base::time_from_us(1'800'000'000'000'000);

const render::View view{noon, 80, [](base::Time time) {
                          return "t" + std::to_string((time - noon) / base::Duration(1s));
                        }};

model::JobRecord record(std::uint32_t id) {
  model::JobRecord job{.job = model::JobId(id)};
  job.user = {1000, 1000, "ann"};
  job.name = "train.sh";
  job.layout.tasks = 4;
  job.layout.nodes = 2;
  job.script_name = "./train.sh";
  job.arguments = {"--epochs", "3"};
  job.work_dir = "/home/ann";
  job.output = "/home/ann/muster-17.out";
  job.submitted_at = noon - 100s;
  return job;
}

model::JobRecord waiting(std::uint32_t id) {
  auto job = record(id);
  model::ShortOfResources reason{.nodes_needed = 2, .nodes_ready = 2, .nodes_fitting = 1};
  reason.per_node.cores = 2;
  reason.holders = {model::JobId(3)};
  job.reason = reason;
  return job;
}

model::JobRecord running(std::uint32_t id) {
  auto job = record(id);
  job.state = model::JobState::running;
  job.attempt = 1;
  job.started_at = noon - 65s;
  for (std::uint32_t n = 1; n <= 2; ++n) {
    job.allocation.nodes.push_back({.node = model::NodeId(n),
                                    .name = "n" + std::to_string(n),
                                    .tasks = 2,
                                    .cores = model::CoreSet::range(0, 2),
                                    .gpus = {},
                                    .memory = {}});
  }
  return job;
}

model::JobRecord failed(std::uint32_t id) {
  auto job = running(id);
  job.state = model::JobState::failed;
  job.ended_at = noon - 5s;
  job.outcome = model::Outcome{model::Ending::failed, 3,
                               model::Failure{.cause = model::Cause::exit_code,
                                              .code = 3,
                                              .step = model::StepId(0),
                                              .rank = 2,
                                              .node = "n2",
                                              .text = ""}};
  return job;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a job shows when its request was changed last, and by whom") {
  auto job = waiting(17);
  CHECK(render::job_block(job, view).find("changed") == std::string::npos);
  job.changed = model::LastChange{noon - 10s, "root"};
  CHECK(render::job_block(job, view).find("changed     t-10 by root\n") != std::string::npos);
}

TEST_CASE("the listing has a line a job, of at most 80 columns") {
  const std::vector<model::JobRecord> jobs{failed(9), running(10), waiting(17)};
  const auto text = render::job_table(jobs, view);
  CHECK(has(text, "ID  NAME      USER  STATE    NODES      TIME  REASON\n"));
  CHECK(has(text, "10  train.sh  ann   running      2  00:01:05  n[1-2]\n"));
  CHECK(has(text, " 9  train.sh  ann   failed       2  00:01:00  "));
  CHECK(has(text, "17  train.sh  ann   waiting      2         -  "));
  std::size_t start = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    CHECK(end - start <= 80);
    start = end + 1;
  }
  CHECK(render::job_table({}, view) == "ID  NAME  USER  STATE  NODES  TIME  REASON\n");
}

TEST_CASE("why a waiting job waits") {
  const auto text = render::why(waiting(17), view);
  CHECK(text.starts_with("Job 17 (train.sh) waits: "));
  CHECK(has(text, "It needs 4 tasks with 1 core each on 2 nodes.\n"));
  CHECK(has(text, "Who holds it: muster show 3\n"));
  auto held = record(18);
  held.reason = model::Held{"ann"};
  CHECK(has(render::why(held, view), "to let it start: muster release 18\n"));
  auto behind = record(19);
  behind.reason = model::Behind{model::JobId(5)};
  CHECK(has(render::why(behind, view), "muster why 5\n"));
  auto unseen = record(20);
  CHECK(render::why(unseen, view).starts_with("Job 20 (train.sh) waits: "));
}

TEST_CASE("where a running job runs, and why one failed") {
  CHECK(render::why(running(10), view) ==
        "Job 10 (train.sh) is running on n[1-2] since t-65.\nIts output: muster logs -f 10\n");
  const auto text = render::why(failed(9), view);
  CHECK(text.starts_with("Job 9 (train.sh) ended as failed: "));
  CHECK(has(text, "step 0: rank 2 on n2 exited with code 3"));
  CHECK(has(text, "Its output: muster logs 9 --rank 2\n"));
}

TEST_CASE("the block of a job has all that is known") {
  auto job = failed(9);
  job.steps.push_back({.step = model::StepId(0),
                       .command = "./train",
                       .tasks = {2, 2},
                       .started_at = noon - 60s,
                       .ended_at = noon - 6s,
                       .exit_code = 3,
                       .failure = job.outcome->failure});
  job.earlier.push_back({1, "n[1-2]", 4, 0, noon - 90s, noon - 80s,
                         model::Failure{.cause = model::Cause::node_lost,
                                        .code = 0,
                                        .step = {},
                                        .rank = {},
                                        .node = "n2",
                                        .text = ""}});
  job.comment = "a\x1b[0m";
  const auto text = render::job_block(job, view);
  for (const auto* line :
       {"job         9\n", "user        ann (1000)\n", "state       failed\n", "exit code   3\n",
        "request     4 tasks with 1 core each on 2 nodes\n", "time limit  none\n",
        "nodes       n[1-2]\n", "node        n1: 2 tasks, cores 0-1\n", "submitted   t-100\n",
        "started     t-65\n", "ended       t-5\n", "run time    00:01:00\n",
        "command     ./train.sh --epochs 3\n", "comment     a\\x1b[0m\n",
        "step        0: 4 tasks, ./train: step 0: rank 2 on n2 exited with code 3\n",
        "earlier     attempt 1 on n[1-2]: "}) {
    CAPTURE(line);
    CHECK(has(text, line));
  }
  CHECK_FALSE(has(text, "pool "));
}

TEST_CASE("a request is told with all that was asked") {
  model::Layout layout;
  CHECK(render::request_text(layout) == "1 task with 1 core");
  layout.tasks = 8;
  layout.cpus_per_task = 4;
  layout.gpus_per_task = 1;
  layout.most_tasks_per_node = 2;
  layout.memory_per_node = base::Bytes(4ULL << 30);
  CHECK(render::request_text(layout) ==
        "8 tasks with 4 cores and 1 GPU each, at most 2 tasks on a node, 4G of memory per node");
}

TEST_CASE("a job shows what its GPUs did, and its steps whose did least") {
  auto job = failed(17);
  const model::GpuUse used{
      .watched = 8s, .busy = 5s, .memory_peak = base::Bytes(std::uint64_t{41} << 30)};
  job.usage.gpu = used;
  job.steps.push_back({.step = model::StepId(0), .tasks = {2}, .ended_at = noon});
  auto& step = job.steps.back();
  step.usage.gpu = used;
  step.ranks = {{.rank = 0, .gpu = model::GpuUse{.watched = 4s, .busy = 4s}},
                {.rank = 1, .gpu = model::GpuUse{.watched = 4s, .busy = 1s}}};
  const auto text = render::job_block(job, view);
  CHECK(has(text, "; GPUs busy 63% of the time, at most 41G of memory in use on one\n"));
  CHECK(has(text, "; GPUs busy 63% of the time, least those of rank 1: 25%\n"));
}

TEST_CASE("the listing of nodes shows what is used of what is there") {
  model::NodeRecord node{.node = model::NodeId(1)};
  node.info.name = "n1";
  node.info.pool = "default";
  node.info.topology.cores.resize(4);
  node.info.topology.memory = base::Bytes(8ULL << 30);
  node.state = model::NodeState::busy;
  node.cores_used = model::CoreSet::range(0, 2);
  node.memory_used = base::Bytes(1ULL << 30);
  node.jobs = {model::JobId(3), model::JobId(5)};
  CHECK(render::node_table(std::vector{node}, view) ==
        "NAME  POOL     STATE  CORES  GPUS  MEMORY  JOBS\n"
        "n1    default  busy     2/4   0/0   1G/8G  3 5\n");
  node.failing = {{.gpu = 1, .reason = "it is too hot", .since = noon}};
  CHECK(has(render::node_table(std::vector{node}, view),
            "\nn1: GPU 1 is out of service: it is too hot (since "));
}
