#include "launcher/exec/processes.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

#include "launcher/exec/descendants.h"
#include "launcher/exec/launch_dir.h"
#include "launcher/exec/launch_group.h"
#include "lib/loop/clock.h"
#include "lib/loop/loop.h"

namespace exec {

namespace {

// Between looks for processes that were just being forked when the others were killed.
constexpr base::Duration sweep_interval = std::chrono::milliseconds(10);

// From the first SIGKILL on. Less than what the agent gives a launcher to end (agent::Limits).
constexpr base::Duration undying_after = std::chrono::seconds(3);

base::Duration to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

loop::ExitStatus exit_status(int status, const rusage& usage) {
  return {
      .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
      .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
      .core_dumped = WIFSIGNALED(status) && WCOREDUMP(status),
      .user_time = to_duration(usage.ru_utime),
      .system_time = to_duration(usage.ru_stime),
      .peak_memory = base::Bytes(static_cast<std::uint64_t>(usage.ru_maxrss) * 1024),
  };
}

}  // namespace

Processes::Processes(loop::Loop& loop, LaunchDir& dir, LaunchGroup* group,
                     base::Duration kill_grace, ProcessEvents events)
    : loop_(loop),
      dir_(dir),
      group_(group),
      kill_grace_(kill_grace),
      events_(std::move(events)),
      child_signal_(loop, SIGCHLD, [this] { reap(); }),
      kill_timer_(loop,
                  [this] {
                    killing_ = true;
                    settle();
                  }),
      sweep_timer_(loop, [this] { reap(); }) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  // A rank has two pipes and a connection to each server here.
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  most_files_ = files.rlim_cur;
  files.rlim_cur = files.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &files);  // with fewer it works too, for fewer ranks
}

base::Result<void> Processes::start(Command command, loop::OwnedFd screen) {
  const int process = static_cast<int>(mains_.size());
  const auto take = [this, process](model::OutputStream stream) {
    return
        [this, process, stream](std::string_view bytes) { events_.output(process, stream, bytes); };
  };
  const bool on_terminal = static_cast<bool>(screen);
  auto output = on_terminal
                    ? OutputPipe::from(loop_, std::move(screen), take(model::OutputStream::out))
                    : OutputPipe::open(loop_, take(model::OutputStream::out));
  if (!output) return std::unexpected(output.error());
  auto error = OutputPipe::open(loop_, take(model::OutputStream::err));
  if (!error) return std::unexpected(error.error());
  command.on_terminal = on_terminal;
  command.output = on_terminal ? command.input : output->writer();
  command.error = on_terminal ? command.input : error->writer();
  command.most_files = most_files_;
  if (group_ != nullptr) command.groups = group_->entrances();

  auto pid = start_process(command);
  const bool is_kept_out = !pid && pid.error().code == base::Code::unavailable;
  if (is_kept_out && group_ != nullptr && !group_->is_needed()) {
    dir_.note("goes on without control groups: " + pid.error().text);
    command.groups = {};
    pid = start_process(command);
  }
  if (!pid) return std::unexpected(pid.error());
  output->close_writer();
  error->close_writer();
  Main main{.pid = *pid,
            .output = std::make_unique<OutputPipe>(std::move(*output)),
            .error = std::make_unique<OutputPipe>(std::move(*error))};
  if (paused_) {
    main.output->pause();
    main.error->pause();
  }
  mains_.push_back(std::move(main));
  ++n_running_;
  childless_ = false;
  if (auto recorded = dir_.record_session(*pid); !recorded) dir_.note(recorded.error().text);
  return {};
}

std::vector<pid_t> Processes::mains() const {
  std::vector<pid_t> pids;
  pids.reserve(mains_.size());
  for (const auto& main : mains_) pids.push_back(main.pid);
  return pids;
}

void Processes::complete() {
  complete_ = true;
  // Not from inside this call: the owner's `finished` may destroy this object.
  loop_.defer([this] { reap(); });
}

void Processes::end() {
  if (ending_) return;
  ending_ = true;
  tell_all(SIGTERM);
  signal(SIGCONT);  // a stopped process would not notice
  kill_timer_.start(kill_grace_);
}

void Processes::signal(int number) const {
  for (const auto& main : mains_) {
    if (main.pid != 0) kill(-main.pid, number);
  }
}

/// Those that made a group of their own, as shells and starters of MPI libraries do, are told one
/// by one.
void Processes::tell_all(int number) const {
  const auto all = descendants();  // before their parents end of it, and they move in the tree
  signal(number);
  for (const auto pid : all) {
    const auto is_main = [group = getpgid(pid)](const Main& main) { return main.pid == group; };
    if (!adopted_.contains(pid) && std::ranges::none_of(mains_, is_main)) kill(pid, number);
  }
}

void Processes::notify(int number, bool mains_only) const {
  std::vector<pid_t> told;
  if (mains_only) {
    for (const auto& main : mains_) {
      if (main.pid != 0) told.push_back(main.pid);
    }
  } else {
    told = descendants();
  }
  for (const auto pid : told) {
    if (handles(pid, number)) kill(pid, number);
  }
}

void Processes::pause_output() {
  paused_ = true;
  for (auto& main : mains_) {
    main.output->pause();
    main.error->pause();
  }
}

void Processes::resume_output() {
  if (!paused_) return;
  paused_ = false;
  for (auto& main : mains_) {
    main.output->resume();
    main.error->resume();
  }
  loop_.defer([this] { settle(); });
}

/// Takes the end of every child: main processes, and orphans that this subreaper inherited.
void Processes::reap() {
  for (;;) {
    int status = 0;
    rusage usage{};
    const pid_t pid = wait4(-1, &status, WNOHANG, &usage);
    if (pid < 0 && errno == EINTR) continue;
    childless_ = pid < 0;
    if (pid <= 0) break;
    note_end(pid, exit_status(status, usage));
  }
  settle();
}

void Processes::note_end(pid_t pid, const loop::ExitStatus& status) {
  if (adopted_.erase(pid) > 0) return;
  usage_.cpu += status.user_time + status.system_time;
  usage_.memory_peak = std::max(usage_.memory_peak, status.peak_memory);
  const auto main = std::find_if(mains_.begin(), mains_.end(),
                                 [pid](const Main& candidate) { return candidate.pid == pid; });
  if (main == mains_.end()) return;
  main->pid = 0;
  --n_running_;
  events_.ended(static_cast<int>(main - mains_.begin()), status);
}

/// Kills what may not live any more; then finishes when nothing lives.
void Processes::settle() {
  const bool mains_are_gone = complete_ && n_running_ == 0;
  if (!killing_ && !mains_are_gone) return;
  // What a shell has started may save its work, too, when that was quick to end.
  const bool has_time_left = ending_ && kill_timer_.is_running();
  if (!killing_ && has_time_left && !childless_) return;
  // At once, so that nothing escapes by starting others; those below are its children too.
  if (group_ != nullptr && group_->kill()) return look_again();
  if (!childless_) {
    if (kill_descendants()) return look_again();
    if (n_running_ > 0) return;
    dir_.note("left alone: processes of another user that this launch has started");
  }
  if (mains_are_gone && !paused_) finish();
}

/// What was killed ends in a moment, as a rule.
void Processes::look_again() {
  const auto now = loop::now();
  if (!killed_at_) killed_at_ = now;
  if (now - *killed_at_ < undying_after) return sweep_timer_.start(sweep_interval);
  give_up();
}

/// Nothing of the launch waits for them any more.
void Processes::give_up() {
  dir_.note("left to the agent: processes that SIGKILL did not end");
  if (auto noted = dir_.record_undying(*killed_at_); !noted) dir_.note(noted.error().text);
  for (std::size_t i = 0; i < mains_.size(); ++i) {
    if (std::exchange(mains_[i].pid, 0) == 0) continue;
    --n_running_;
    events_.ended(static_cast<int>(i), {.code = 0,
                                        .signal = SIGKILL,
                                        .core_dumped = false,
                                        .user_time = {},
                                        .system_time = {},
                                        .peak_memory = {}});
  }
  complete_ = true;
  if (!paused_) finish();
}

void Processes::finish() {
  if (std::exchange(finished_, true)) return;
  sweep_timer_.stop();
  kill_timer_.stop();
  for (auto& main : mains_) {
    main.output->drain();
    main.error->drain();
  }
  events_.finished();
}

}  // namespace exec
