// The real muster-launch carries out batch orders.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/catch.h"
#include "tests/unit/launcher/launch_box.h"

namespace {

using launcher_test::eventually;
using launcher_test::LaunchBox;
using launcher_test::living;
using launcher_test::logged;
using launcher_test::read_report;
using launcher_test::read_text;

pid_t start(const std::string& dir) {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    execl(MUSTER_LAUNCH, "muster-launch", dir.c_str(), nullptr);
    _exit(126);
  }
  return pid;
}

/// Exit code of the launcher, 128 + signal when it was killed.
int wait_for(pid_t pid) {
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

model::LaunchReport run(const std::string& dir) {
  CHECK(wait_for(start(dir)) == 0);
  auto report = read_report(dir);
  REQUIRE(report);
  CHECK(living(dir).empty());
  return *report;
}

model::LaunchReport run_job(LaunchBox& box, void (*change)(model::JobSpec&, const LaunchBox&)) {
  auto order = box.batch_order("");
  auto job = *order.job;
  change(job, box);
  order.job = std::make_shared<model::JobSpec>(job);
  return run(box.place(order));
}

}  // namespace

TEST_CASE("a script's output goes to its file and to the log, by stream") {
  LaunchBox box;
  const auto dir = box.place(box.batch_order("#!/bin/sh\necho out\necho err >&2\n"));
  const auto report = run(dir);
  CHECK(report.exit_code == 0);
  CHECK_FALSE(report.failure);
  CHECK(report.started_at <= report.ended_at);
  CHECK(report.usage.memory_peak.count() > 0);
  const auto file = read_text(box.folder() + "/job-7.out");
  CHECK(file.size() == 8);
  CHECK(file.find("out\n") != std::string::npos);
  CHECK(file.find("err\n") != std::string::npos);
  CHECK(logged(dir, std::nullopt) == "out\n");
  CHECK(logged(dir, std::nullopt, model::OutputStream::err) == "err\n");
}

TEST_CASE("a script may open as many files as whoever starts its launcher, which itself may more") {
  LaunchBox box;
  const auto dir = box.place(box.batch_order(
      "#!/bin/sh\nulimit -Sn\nawk '/open files/ {print $4 == $5}' /proc/$PPID/limits\n"));
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit few{.rlim_cur = 200, .rlim_max = before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  const auto report = run(dir);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_FALSE(report.failure);
  CHECK(logged(dir, std::nullopt) == "200\n1\n");
}

TEST_CASE("a script's exit code and killing signal are reported as they were") {
  LaunchBox box;
  auto failed = run(box.place(box.batch_order("#!/bin/sh\nexit 3\n")));
  CHECK(failed.exit_code == 3);
  REQUIRE(failed.failure);
  CHECK(failed.failure->cause == model::Cause::exit_code);
  CHECK(failed.failure->code == 3);
  CHECK(failed.failure->node == "n1");

  LaunchBox other;
  auto killed = run(other.place(other.batch_order("#!/bin/sh\nkill -9 $$\n")));
  CHECK(killed.exit_code == 137);
  REQUIRE(killed.failure);
  CHECK(killed.failure->cause == model::Cause::signal);
  CHECK(killed.failure->code == 9);
}

TEST_CASE("the kernel starts the script with the interpreter of its first line") {
  LaunchBox box;
  const auto dir = box.place(box.batch_order("#!/usr/bin/env -S sed -n 2p\nthis line\n"));
  CHECK(run(dir).exit_code == 0);
  CHECK(logged(dir, std::nullopt) == "this line\n");
}

TEST_CASE("a script gets its arguments, its environment and its hardware threads") {
  LaunchBox box(2, 1);
  auto order = box.batch_order(
      "#!/bin/sh\necho \"$1,$2 $MUSTER_JOB_ID $MUSTER_NODELIST $MUSTER_NNODES $PWD\"\n"
      "grep Cpus_allowed_list /proc/self/status | tr -d '\\t'\ncat\n");
  auto job = *order.job;
  job.arguments = {"a b", "c"};
  order.job = std::make_shared<model::JobSpec>(job);
  const auto dir = box.place(order);
  CHECK(run(dir).exit_code == 0);
  const auto cpu = launcher_test::usable_cpus().front();
  CHECK(logged(dir, std::nullopt) ==
        "a b,c 7 n[1-2] 2 " + box.folder() + "\nCpus_allowed_list:" + std::to_string(cpu) + "\n");
}

TEST_CASE("a command without a script is searched in the job's PATH") {
  LaunchBox box;
  const auto report = run_job(box, [](model::JobSpec& job, const LaunchBox& place) {
    std::filesystem::create_directory(place.folder() + "/tools");
    std::filesystem::create_symlink("/bin/echo", place.folder() + "/tools/say");
    job.environment["PATH"] = place.folder() + "/tools";
    job.arguments = {"say", "hello"};
  });
  CHECK(report.exit_code == 0);
  CHECK(read_text(box.folder() + "/job-7.out") == "hello\n");
}

TEST_CASE("what cannot be started is said with path and reason") {
  struct Case {
    void (*change)(model::JobSpec&, const LaunchBox&);
    std::vector<std::string> says;
  };
  const std::vector<Case> cases{
      {[](model::JobSpec& job, const LaunchBox&) { job.arguments = {"no-such-program"}; },
       {"'no-such-program'", "PATH"}},
      {[](model::JobSpec& job, const LaunchBox&) { job.arguments = {"/no/such/file"}; },
       {"'/no/such/file'", "No such file or directory"}},
      {[](model::JobSpec& job, const LaunchBox&) { job.arguments = {"/etc/passwd"}; },
       {"'/etc/passwd'", "chmod +x"}},
      {[](model::JobSpec& job, const LaunchBox&) { job.script = "#!/no/interpreter\n"; },
       {"/no/interpreter"}},
      {[](model::JobSpec& job, const LaunchBox&) { job.script = "echo no first line\n"; },
       {"#!/bin/sh"}},
      {[](model::JobSpec& job, const LaunchBox&) {
         job.script = "#!/bin/sh\n";
         job.work_dir = "/no/such/folder";
       },
       {"'/no/such/folder'", "No such file or directory"}},
      {[](model::JobSpec& job, const LaunchBox&) {
         job.script = "#!/bin/sh\n";
         job.output = "/no/such/folder/out";
       },
       {"'/no/such/folder/out'", "No such file or directory"}},
  };
  for (const auto& each : cases) {
    LaunchBox box;
    const auto report = run_job(box, each.change);
    CHECK(report.exit_code == 127);
    REQUIRE(report.failure);
    CHECK(report.failure->cause == model::Cause::cannot_start);
    for (const auto& text : each.says) {
      INFO(report.failure->text);
      CHECK(report.failure->text.find(text) != std::string::npos);
    }
  }
}

TEST_CASE("a second attempt goes on in the output file of the first") {
  LaunchBox box;
  auto order = box.batch_order("#!/bin/sh\necho $MUSTER_ATTEMPT $MUSTER_RESTART_COUNT\n");
  run(box.place(order));
  order.key.attempt = 2;
  run(box.place(order));
  CHECK(read_text(box.folder() + "/job-7.out") == "1 0\n2 1\n");
}

TEST_CASE("what a script leaves behind is killed, however it hides, and the script's code stays") {
  LaunchBox box;
  const auto dir = box.place(box.batch_order(
      "#!/bin/sh\nsleep 1000 &\n(setsid sh -c 'trap \"\" TERM; sleep 1001; sleep 1002') &\n"
      "(setsid setsid sleep 1003 &)\nexit 5\n"));
  CHECK(run(dir).exit_code == 5);
}

TEST_CASE("SIGTERM ends the script, and what ignores it is killed after the grace time") {
  LaunchBox box;
  auto order = box.batch_order(
      "#!/bin/sh\ntrap 'echo asked' TERM\necho ready\nwhile :; do sleep 0.05; done\n");
  order.kill_grace = std::chrono::seconds(2);
  const auto dir = box.place(order);
  const pid_t pid = start(dir);
  REQUIRE(eventually([&] { return logged(dir, std::nullopt) == "ready\n"; }));
  kill(pid, SIGTERM);
  kill(pid, SIGTERM);
  CHECK(wait_for(pid) == 0);
  const auto report = read_report(dir);
  REQUIRE(report);
  CHECK(report->exit_code == 137);
  CHECK(logged(dir, std::nullopt) == "ready\nasked\n");
  CHECK(living(dir).empty());
}

TEST_CASE("a killed launcher takes its script with it") {
  LaunchBox box;
  const auto dir = box.place(box.batch_order("#!/bin/sh\necho ready\nexec sleep 1000\n"));
  const pid_t pid = start(dir);
  REQUIRE(eventually([&] { return logged(dir, std::nullopt) == "ready\n"; }));
  const auto session = read_text(dir + "/sessions");
  CHECK(living(dir) == std::vector<pid_t>{std::stoi(session)});
  kill(pid, SIGKILL);
  CHECK(wait_for(pid) == 137);
  CHECK(eventually([&] { return living(dir).empty(); }));
  CHECK_FALSE(read_report(dir));
}

TEST_CASE("much output arrives whole") {
  LaunchBox box;
  const auto dir = box.place(
      box.batch_order("#!/bin/sh\nhead -c 5000000 /dev/zero | tr '\\0' x\necho end >&2\n"));
  CHECK(run(dir).exit_code == 0);
  const auto text = logged(dir, std::nullopt);
  CHECK(text.size() == 5'000'000);
  CHECK(std::count(text.begin(), text.end(), 'x') == 5'000'000);
  CHECK(std::filesystem::file_size(box.folder() + "/job-7.out") == 5'000'004);
}

TEST_CASE("an order for cores that the node does not have is refused") {
  LaunchBox box;
  auto order = box.batch_order("#!/bin/sh\n");
  order.allocation.nodes[0].cores = model::CoreSet::range(0, 3);
  const auto report = run(box.place(order));
  REQUIRE(report.failure);
  CHECK(report.failure->cause == model::Cause::cannot_start);
  CHECK(report.failure->text.find("'0-2'") != std::string::npos);
}

TEST_CASE("a stopped script ends as well") {
  LaunchBox box;
  const auto dir = box.place(box.batch_order("#!/bin/sh\necho ready\nkill -STOP $$\n"));
  const pid_t pid = start(dir);
  REQUIRE(eventually([&] { return logged(dir, std::nullopt) == "ready\n"; }));
  kill(pid, SIGTERM);
  CHECK(wait_for(pid) == 0);
  CHECK(read_report(dir)->exit_code == 143);
}

TEST_CASE("without an order, or on a node without a description, the launcher says so") {
  LaunchBox box;
  CHECK(wait_for(start(box.folder() + "/nowhere")) == 1);
  const auto dir = box.place(box.batch_order("#!/bin/sh\n"));
  std::filesystem::remove(box.folder() + "/nodes/n1/node");
  const auto report = run(dir);
  REQUIRE(report.failure);
  CHECK(report.failure->cause == model::Cause::cannot_start);
}

TEST_CASE("a script that is not bound to what its job has is not run") {
  LaunchBox box;
  box.pretend_thread(0, 1000);
  const auto report = run(box.place(box.batch_order("#!/bin/sh\necho ran\n")));
  REQUIRE(report.failure);
  CHECK(report.failure->cause == model::Cause::cannot_start);
  CHECK(report.failure->text.find(",1000, and found itself bound to ") != std::string::npos);
  CHECK(read_text(box.folder() + "/job-7.out").empty());
}

TEST_CASE("nothing of a job runs as somebody else than its user") {
  LaunchBox box;
  auto order = box.batch_order("#!/bin/sh\nid -u >started\n");
  order.user = {.uid = 61'234, .gid = 61'234, .name = "ghost"};
  const auto report = run(box.place(order));
  CHECK(report.failure->cause == model::Cause::cannot_start);
  const std::string why =
      geteuid() == 0 ? "there is no user 61234 (ghost)" : "only an agent that runs as root";
  CHECK_THAT(report.failure->text, Catch::Contains(why));
  CHECK_FALSE(std::filesystem::exists(order.job->work_dir + "/started"));
}
