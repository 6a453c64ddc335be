#include "sim/replay/gpu_trace.h"

#include "tests/support/catch.h"

using replay::read_gpu_trace;
using std::chrono::milliseconds;

namespace {

const std::string columns = "job_id,num_gpu,submit_time,iterations,model_name,duration\n";

std::string gpu_error(const std::string& text, const replay::Reading& reading = {}) {
  const auto log = read_gpu_trace(text, reading);
  return log ? "" : log.error().text;
}

}  // namespace

TEST_CASE("a line of a GPU trace makes a job with a core for each GPU") {
  const auto log = read_gpu_trace(columns + "3,4,1500,99,vgg16,60000\r\n\n", {});
  REQUIRE(log);
  CHECK(log->workload.machine == replay::Machine{8, 8, 8});
  REQUIRE(log->workload.jobs.size() == 1);
  CHECK(log->workload.jobs[0] == replay::Job{.id = 3,
                                             .submit = milliseconds(1500),
                                             .run = milliseconds(60000),
                                             .requested = milliseconds(60000),
                                             .cores = 4,
                                             .gpus = 4,
                                             .name = "vgg16"});
  CHECK(log->rows[0] == "3 1 -1 60 4 -1 -1 4 60 -1 1 0 0 -1 -1 -1 -1 -1");
}

TEST_CASE("columns are found by name, in any order, and need no model") {
  const auto log = read_gpu_trace("duration, submit_time, num_gpu, job_id\n1000, 0, 2, 1\n", {});
  REQUIRE(log);
  CHECK(log->workload.jobs[0].gpus == 2);
  CHECK(log->workload.jobs[0].name.empty());
}

TEST_CASE("a GPU trace may say whose job it is and of which class") {
  const auto log =
      read_gpu_trace("duration,submit_time,num_gpu,job_id,user,class\n1000,0,2,1,7,urgent\n", {});
  REQUIRE(log);
  CHECK(log->workload.jobs[0].user == 7);
  CHECK(log->workload.jobs[0].class_name == "urgent");
  CHECK(gpu_error("duration,submit_time,num_gpu,job_id,user\n1000,0,2,1,ann\n") ==
        "line 2: user: expected a whole number, found 'ann'");
}

TEST_CASE("the machine of a GPU trace can be given") {
  const auto log = read_gpu_trace(columns + "3,4,1500,99,vgg16,60000\n",
                                  {.machine = replay::MachineSize{1, 64}});
  REQUIRE(log);
  CHECK(log->workload.machine == replay::Machine{1, 64, 64});
}

TEST_CASE("a missing column is named") {
  CHECK(gpu_error("job_id,num_gpu,submit_time\n1,1,1\n") ==
        "line 1: expected the columns job_id, num_gpu, submit_time and duration, found no "
        "'duration' in 'job_id,num_gpu,submit_time'");
}

TEST_CASE("a bad line of a GPU trace is told with its number and column") {
  CHECK(gpu_error(columns + "1,1,0,9,x\n") == "line 2: expected 6 columns, found 5: '1,1,0,9,x'");
  CHECK(gpu_error(columns + "1,1,0,9,x,long\n") ==
        "line 2: duration: expected a whole number of milliseconds, found 'long'");
  CHECK(gpu_error(columns + "1,,0,9,x,5\n") ==
        "line 2: num_gpu: expected a whole number of GPUs, found ''");
  CHECK(gpu_error(columns + "1,1,0,9,x,9000000000000\n") ==
        "line 2: duration: expected at most 1000000000000, found 9000000000000");
  CHECK(gpu_error(columns + "one,1,0,9,x,5\n") ==
        "line 2: job_id: expected a whole number, found 'one'");
  CHECK(gpu_error(columns + "1,65,0,9,x,5\n", {.filter = replay::Filter::none}) ==
        "line 2: job 1: expected at most the 64 processors of the machine, found 65");
}

TEST_CASE("the strong filter holds for GPU traces too") {
  const auto log =
      read_gpu_trace(columns + "1,65,0,9,x,5\n2,0,0,9,x,5\n3,1,0,9,x,0\n4,1,0,9,x,5\n", {});
  REQUIRE(log);
  CHECK(log->workload.jobs.size() == 1);
  CHECK(log->n_dropped() == 3);
}
