#include "bench/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "lib/base/text.h"
#include "lib/loop/clock.h"

namespace bench {

namespace {

base::Result<pid_t> start(const std::vector<std::string>& words, int output_fd) {
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (output_fd >= 0) {
    posix_spawn_file_actions_adddup2(&actions, output_fd, 1);
  } else {
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  }
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return base::fail_errno(error, fmt::format("cannot start '{}'", words[0]));
  return pid;
}

base::Result<int> wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return base::fail_errno(errno, "cannot wait for a program");
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return base::fail(base::Code::io,
                    fmt::format("a program was killed by signal {}", WTERMSIG(status)));
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto n = read(fd, buffer.data(), buffer.size());
    if (n <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace

base::Result<Finished> run(const std::vector<std::string>& words, Keep keep) {
  std::array<int, 2> pipe_fds{-1, -1};
  if (keep == Keep::output && pipe2(pipe_fds.data(), O_CLOEXEC) != 0) {
    return base::fail_errno(errno, "cannot make a pipe");
  }
  const loop::Elapsed elapsed;
  const auto pid = start(words, pipe_fds[1]);
  if (pipe_fds[1] >= 0) close(pipe_fds[1]);
  if (!pid) return std::unexpected(pid.error());
  Finished finished;
  if (keep == Keep::output) {
    finished.output = read_all(pipe_fds[0]);
    close(pipe_fds[0]);
  }
  const auto code = wait_for(*pid);
  if (!code) return std::unexpected(code.error().in(words[0]));
  finished.exit_code = *code;
  finished.took = elapsed.so_far();
  return finished;
}

base::Duration time_of(const std::vector<std::string>& words) {
  const auto finished = need(run(words));
  if (finished.exit_code != 0) {
    give_up({base::Code::io,
             fmt::format("'{}' exited with code {}", base::join(words, " "), finished.exit_code)});
  }
  return finished.took;
}

base::Duration median(std::vector<base::Duration> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  return *middle;
}

base::Duration spawn_all(const std::vector<std::string>& words, int n, int at_once) {
  const loop::Elapsed elapsed;
  int n_started = 0;
  int n_running = 0;
  while (n_started < n || n_running > 0) {
    if (n_started < n && n_running < at_once) {
      (void)need(start(words, -1));  // waited for as any child below
      ++n_started;
      ++n_running;
    } else if (waitpid(-1, nullptr, 0) > 0) {
      --n_running;
    }
  }
  return elapsed.so_far();
}

Background::Background(const std::vector<std::string>& words) : pid_(need(start(words, -1))) {}

Background::~Background() {
  (void)kill(pid_, SIGTERM);  // one that has ended is waited for all the same
  (void)waitpid(pid_, nullptr, 0);
}

void give_up(const base::Error& error) {
  fmt::print(stderr, "muster-bench: {}\n", error.text);
  std::exit(1);
}

}  // namespace bench
