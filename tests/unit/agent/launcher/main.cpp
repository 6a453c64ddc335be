// A launcher for the tests of the agent. It keeps the promises of a launch directory and does what
// the job's arguments say:
//   exit N       report exit code N
//   wait         write "ready" to the log, wait for the file `gate` beside the order, then exit 0;
//                on SIGTERM report 143
//   child        like wait, with a process in a session of its own and one that only its
//                environment gives away
//   die          exit with code 1 and no report

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/loop/process_table.h"
#include "lib/wire/launch.h"
#include "lib/wire/log_record.h"

namespace {

void append(const std::string& path, const std::string& bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (write(fd, bytes.data(), bytes.size()) < 0) std::abort();
  close(fd);
}

void say(const std::string& text) {
  append("log",
         wire::encode(wire::LogRecord{
             .time = loop::now(), .rank = 0, .stream = model::OutputStream::out, .bytes = text}));
}

/// This program again, waiting to be killed; with `session`, in a new one that is recorded.
void start_child(bool session) {
  std::array<int, 2> ready{};
  if (pipe(ready.data()) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    if (session) {
      append("sessions", std::to_string(getpid()) + "\n");
    } else {
      setenv("MUSTER_LAUNCH_ID", "test-launch", 1);
    }
    fcntl(ready[0], F_SETFD, FD_CLOEXEC);
    fcntl(ready[1], F_SETFD, FD_CLOEXEC);
    execl("/proc/self/exe", "scripted_launcher", nullptr);
    std::abort();
  }
  close(ready[1]);
  char end = 0;
  if (read(ready[0], &end, 1) != 0) std::abort();  // until exec has closed it
  close(ready[0]);
  append("children", std::to_string(child) + "\n");
}

/// The exit code: 0 when the gate is open, 143 on SIGTERM.
int wait_for_gate() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  const int signals = signalfd(-1, &set, SFD_CLOEXEC);
  const int files = inotify_init1(IN_CLOEXEC);
  inotify_add_watch(files, ".", IN_CREATE);
  say("ready\n");
  while (access("gate", F_OK) != 0) {
    std::array<pollfd, 2> wait{{{signals, POLLIN, 0}, {files, POLLIN, 0}}};
    poll(wait.data(), wait.size(), -1);
    if (wait[0].revents != 0) return 143;
    std::array<char, 4096> events{};
    if (wait[1].revents != 0 && read(files, events.data(), events.size()) < 0) std::abort();
  }
  say("done\n");
  return 0;
}

int act(const std::vector<std::string>& script) {
  if (script.at(0) == "exit") return std::atoi(script.at(1).c_str());
  if (script.at(0) == "child") {
    start_child(true);
    start_child(false);
  }
  return wait_for_gate();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    while (true) pause();
  }
  const std::string dir = argv[1];
  const auto bytes = loop::read_file(dir + "/order", std::size_t{1} << 24);
  const auto order = bytes ? wire::decode_order(*bytes) : std::unexpected(bytes.error());
  if (!order || chdir(dir.c_str()) != 0) return 2;
  append("pid", std::to_string(getpid()) + " " +
                    std::to_string(loop::process_start_time(getpid()).value_or(0)) + "\n");
  append("launch_id", "test-launch");
  append("runs", "x");
  const auto& script = order->job->arguments;
  if (script.at(0) == "die") {
    std::fputs("the dog ate it\n", stderr);
    return 1;
  }
  model::LaunchReport report{.key = order->key,
                             .started_at = loop::now(),
                             .ended_at = loop::now(),
                             .exit_code = 0,
                             .failure = {},
                             .usage = {},
                             .ranks = {}};
  report.exit_code = act(script);
  report.ended_at = loop::now();
  const auto written =
      loop::write_file_atomic("report", wire::encode_report(report), {.mode = 0600, .sync = false});
  return written ? 0 : 3;
}
