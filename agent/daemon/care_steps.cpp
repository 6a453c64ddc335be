#include "agent/daemon/care_steps.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "agent/daemon/log_file.h"
#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/loop/folder.h"
#include "lib/loop/loop.h"
#include "lib/loop/secret.h"

namespace agentd {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration leftovers_patience = 5s;
constexpr base::Duration log_look = 1s;
constexpr std::uint64_t most_said = std::uint64_t{64} << 20;  // by one step
constexpr std::size_t output_limit = 2000;
constexpr std::string_view run_prefix = "run.";

std::vector<std::string> environment_with(const std::vector<std::string>& variables) {
  std::vector<std::string> environment = variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string own(*entry);
    const auto name = own.substr(0, own.find('=') + 1);
    const bool is_set = std::ranges::any_of(
        variables, [&](const std::string& each) { return each.starts_with(name); });
    if (!is_set) environment.push_back(own);
  }
  return environment;
}

std::string fault_of(const loop::ExitStatus& status) {
  if (status.signal != 0) return fmt::format("was killed by signal {}", status.signal);
  return status.code == 0 ? "" : fmt::format("exited with code {}", status.code);
}

}  // namespace

CareSteps::CareSteps(loop::Loop& loop, std::string folder,
                     std::function<void(agent::StepEnd)> ended)
    : loop_(loop),
      folder_(std::move(folder)),
      ended_(std::move(ended)),
      patience_(loop, [this] { start(); }),
      log_watch_(loop, [this] { watch_log(); }),
      self_(std::make_shared<CareSteps*>(this)) {}

CareSteps::~CareSteps() {
  if (current_) (void)end_processes(read_marks(current_folder_));
}

void CareSteps::sweep() {
  std::vector<std::string> runs;
  if (const loop::Folder folder(opendir(folder_.c_str())); folder) {
    while (const auto* entry = readdir(folder.get())) {
      const std::string_view name(entry->d_name);
      if (name.starts_with(run_prefix)) runs.push_back(folder_ + "/" + std::string(name));
    }
  }
  for (const auto& run : runs) clean(run);
}

void CareSteps::clean(const std::string& run_folder) {
  const auto cleaned = [this, run_folder] {
    // What cannot be removed is empty, and tried again by the next agent.
    (void)loop::remove_tree(run_folder, folder_);
    loop_.defer([weak = std::weak_ptr(self_), run_folder] {
      const auto self = weak.lock();
      if (!self) return;
      (*self)->leftovers_.erase(run_folder);
      if ((*self)->leftovers_.empty()) (*self)->start();
    });
  };
  leftovers_.try_emplace(run_folder, loop_, run_folder,
                         LeftoverEvents{.outlived = {}, .cleaned = cleaned});
}

void CareSteps::run(StepCommand command) {
  waiting_ = std::move(command);
  if (leftovers_.empty()) {
    start();
  } else {
    patience_.start(leftovers_patience);
  }
}

/// Those who wait for it hear of the end later.
void CareSteps::end_with(agent::StepEnd end) {
  loop_.defer([weak = std::weak_ptr(self_), end = std::move(end), n_stops = n_stops_]() mutable {
    const auto self = weak.lock();
    if (self && (*self)->n_stops_ == n_stops) (*self)->ended_(std::move(end));
  });
}

void CareSteps::start() {
  patience_.stop();
  if (!waiting_) return;
  const auto command = *std::exchange(waiting_, std::nullopt);
  if (const auto spawned = spawn(command); !spawned) {
    end_with({.fault = "cannot be started: " + spawned.error().text, .output = {}});
  } else if (command.started) {
    command.started();
  }
}

base::Result<void> CareSteps::spawn(const StepCommand& command) {
  const auto id = loop::random_hex(8);
  const auto folder = fmt::format("{}/{}{}", folder_, run_prefix, id);
  if (auto made = loop::make_directories(folder, 0700); !made) return made;
  // What carries this id belongs to the step, as with launches.
  if (auto kept = loop::write_file_atomic(folder + "/launch_id", "care." + id, {.mode = 0600});
      !kept)
    return kept;
  note_start(command);
  auto variables = command.variables;
  variables.push_back("MUSTER_LAUNCH_ID=care." + id);
  const loop::SpawnOptions options{.program = command.program,
                                   .arguments = command.arguments,
                                   .environment = environment_with(variables),
                                   .directory = folder_,
                                   .output = loop::OutputFile{.path = log_path(), .append = true},
                                   .error = loop::SameAsOutput{},
                                   .new_session = true,
                                   .extra_fds = {},
                                   .cores = {}};
  const auto run = ++last_run_;
  auto process = loop::Process::spawn(
      loop_, options, [this, run](const loop::ExitStatus& status) { exited(run, status); });
  if (!process) {
    (void)loop::remove_tree(folder, folder_);
    return std::unexpected(std::move(process).error());
  }
  // Without the file its processes are still known by the id.
  (void)loop::write_file_atomic(folder + "/sessions", fmt::format("{}\n", process->pid()),
                                {.mode = 0600});
  processes_.emplace(run, *std::move(process));
  current_ = run;
  current_folder_ = folder;
  log_watch_.start_repeating(log_look);
  return {};
}

/// A line in the log.
void CareSteps::note_start(const StepCommand& command) {
  append_log(log_path(), fmt::format("--- {} {}\n", base::to_text(loop::now()), command.title));
  log_start_ = size_of(log_path());
}

void CareSteps::exited(RunId run, const loop::ExitStatus& status) {
  processes_.erase(run);
  if (current_ != run) return;  // it was stopped
  current_.reset();
  log_watch_.stop();
  agent::StepEnd end{.fault = fault_of(status), .output = {}};
  if (end.fault.empty()) {
    // What it left running on purpose runs on.
    (void)loop::remove_tree(current_folder_, folder_);
  } else {
    end.output = output();
    clean(current_folder_);
  }
  end_with(std::move(end));
}

void CareSteps::stop() {
  ++n_stops_;
  waiting_.reset();
  patience_.stop();
  log_watch_.stop();
  const auto run = std::exchange(current_, std::nullopt);
  if (!run) return;
  const auto found = processes_.find(*run);
  if (found != processes_.end()) (void)found->second.signal_group(SIGKILL);
  clean(current_folder_);
}

void CareSteps::watch_log() {
  if (size_of(log_path()) < log_start_ + most_said) return;
  stop();
  // A disk that it has filled is of no use to anybody.
  (void)truncate(log_path().c_str(), static_cast<off_t>(log_start_ + log_kept));
  end_with({.fault = fmt::format("printed more than {}", base::to_text(base::Bytes(most_said))),
            .output = {}});
}

std::string CareSteps::output() const {
  return model::last_lines(read_end(log_path(), log_start_, 4 * output_limit), output_limit);
}

std::string CareSteps::log(std::size_t limit) const {
  return read_log(log_path(), limit);
}

}  // namespace agentd
