#include "lib/loop/process.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "lib/base/check.h"
#include "lib/loop/handle.h"
#include "lib/loop/loop.h"
#include "lib/loop/owned_fd.h"
#include "lib/loop/process_table.h"

namespace loop {

namespace {

// Debian 12's C library has no wrappers for these.
int open_pidfd(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

base::Result<void> send_signal(int pidfd, pid_t pid, int number) {
  if (syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0) == 0) {
    return {};
  }
  const auto what =
      "cannot send signal " + std::to_string(number) + " to process " + std::to_string(pid);
  if (errno == ESRCH || errno == EBADF) {
    return base::fail(base::Code::not_found, what + ": it is gone");
  }
  return base::fail_errno(errno, what);
}

base::Duration to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

/// Children that outlived their Process object; waited for now and then, lest they stay zombies.
std::vector<pid_t>& left_alone() {
  thread_local std::vector<pid_t> pids;
  return pids;
}

void reap_left_alone() {
  std::erase_if(left_alone(), [](pid_t pid) { return waitpid(pid, nullptr, WNOHANG) != 0; });
}

}  // namespace

struct Process::State {
  uv_poll_t poll{};
  pid_t pid = 0;
  OwnedFd pidfd;
  bool is_running = true;
  std::function<void(const ExitStatus&)> on_exit;

  void reap();
};

/// The pidfd is readable: the child has ended.
void Process::State::reap() {
  int status = 0;
  rusage usage{};
  const pid_t waited = wait4(pid, &status, WNOHANG, &usage);
  if (waited == 0) {
    return;
  }
  base::check(waited == pid, "nobody else waits for the children of this class");
  uv_poll_stop(&poll);
  is_running = false;
  pidfd = OwnedFd();
  reap_left_alone();
  const auto callback = std::move(on_exit);
  if (callback) {
    callback({
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .core_dumped = WIFSIGNALED(status) && WCOREDUMP(status),
        .user_time = to_duration(usage.ru_utime),
        .system_time = to_duration(usage.ru_stime),
        .peak_memory = base::Bytes(static_cast<std::uint64_t>(usage.ru_maxrss) * 1024),
    });
  }
}

void Process::Close::operator()(State* state) const noexcept {
  state->on_exit = nullptr;
  if (state->is_running) {
    left_alone().push_back(state->pid);
  }
  close_and_free(state, &state->poll);
}

Process::Process(State* state) : state_(state) {}

base::Result<Process> Process::spawn(Loop& loop, const SpawnOptions& options,
                                     std::function<void(const ExitStatus&)> on_exit) {
  reap_left_alone();
  const auto pid = spawn_process(options);
  if (!pid) {
    return std::unexpected(pid.error());
  }
  OwnedFd pidfd(open_pidfd(*pid));
  if (!pidfd) {
    const int error_number = errno;
    kill(*pid, SIGKILL);
    waitpid(*pid, nullptr, 0);
    return base::fail_errno(error_number, "cannot watch the new process");
  }
  auto state = std::make_unique<State>();
  state->pid = *pid;
  state->pidfd = std::move(pidfd);
  state->on_exit = std::move(on_exit);
  uv_poll_init(loop.raw(), &state->poll, state->pidfd.get());
  state->poll.data = state.get();
  uv_poll_start(&state->poll, UV_READABLE, [](uv_poll_t* poll, int, int) noexcept {
    static_cast<State*>(poll->data)->reap();
  });
  return Process(state.release());
}

pid_t Process::pid() const {
  return state_->pid;
}

bool Process::is_running() const {
  return state_->is_running;
}

base::Result<void> Process::signal(int number) const {
  return send_signal(state_->pidfd.get(), state_->pid, number);
}

base::Result<void> Process::signal_group(int number) const {
  const auto what = "cannot send signal " + std::to_string(number) + " to process group " +
                    std::to_string(state_->pid);
  if (!state_->is_running) {
    return base::fail(base::Code::not_found, what + ": its leader is gone");
  }
  if (killpg(state_->pid, number) != 0) {
    return base::fail_errno(errno, what);
  }
  return {};
}

struct ProcessWatch::State {
  uv_poll_t poll{};
  pid_t pid = 0;
  OwnedFd pidfd;
  std::function<void()> on_gone;
};

void ProcessWatch::Close::operator()(State* state) const noexcept {
  state->on_gone = nullptr;
  close_and_free(state, &state->poll);
}

ProcessWatch::ProcessWatch(State* state) : state_(state) {}

base::Result<ProcessWatch> ProcessWatch::open(Loop& loop, pid_t pid, std::uint64_t start_time,
                                              std::function<void()> on_gone) {
  OwnedFd pidfd(open_pidfd(pid));
  if (!pidfd && errno != ESRCH) {
    return base::fail_errno(errno, "cannot watch process " + std::to_string(pid));
  }
  // Looked at after the pidfd is open: from here on the number cannot change its meaning unnoticed.
  const auto found = process_start_time(pid);
  if (!pidfd || !found || *found != start_time) {
    return base::fail(base::Code::not_found, "process " + std::to_string(pid) + " is gone");
  }
  auto state = std::make_unique<State>();
  state->pid = pid;
  state->pidfd = std::move(pidfd);
  state->on_gone = std::move(on_gone);
  uv_poll_init(loop.raw(), &state->poll, state->pidfd.get());
  state->poll.data = state.get();
  uv_poll_start(&state->poll, UV_READABLE, [](uv_poll_t* poll, int, int) noexcept {
    uv_poll_stop(poll);
    const auto callback = std::move(static_cast<State*>(poll->data)->on_gone);
    if (callback) {
      callback();
    }
  });
  return ProcessWatch(state.release());
}

pid_t ProcessWatch::pid() const {
  return state_->pid;
}

base::Result<void> ProcessWatch::signal(int number) const {
  return send_signal(state_->pidfd.get(), state_->pid, number);
}

}  // namespace loop
