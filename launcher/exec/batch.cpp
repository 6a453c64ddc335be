#include "launcher/exec/batch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "launcher/exec/end_signal.h"
#include "launcher/exec/free_port.h"
#include "launcher/exec/launch.h"
#include "launcher/exec/launch_log.h"
#include "launcher/exec/meters.h"
#include "launcher/exec/output_file.h"
#include "launcher/exec/processes.h"
#include "launcher/map/environment.h"
#include "launcher/map/host_files.h"
#include "launcher/map/login_shell.h"
#include "launcher/map/pbs_environment.h"
#include "launcher/map/slurm_environment.h"
#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"
#include "lib/loop/owned_fd.h"
#include "lib/loop/signal.h"

namespace exec {

namespace {

/// The job's script is kept beside its order: the user's own file may change meanwhile.
base::Result<std::string> write_script(const Launch& launch) {
  const std::string path = launch.dir.file("script");
  const loop::OwnedFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRWXU));
  const std::string& text = launch.order.job->script;
  if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return base::fail_errno(errno, "cannot write the job's script to '" + path + "'");
  }
  return path;
}

/// Jobs of one task have none to start elsewhere; but from another scheduler's variables starters
/// of MPI would think otherwise.
base::Result<void> write_hosts(Launch& launch) {
  const auto& allocation = launch.order.allocation;
  const auto dialect = launch.order.job->dialect;
  const bool is_alone = model::n_tasks(allocation) < 2 && allocation.nodes.size() < 2;
  if (is_alone && dialect == model::Dialect::native) return {};
  const auto keep = [&launch](const char* name, const std::string& text, std::string& path) {
    path = launch.dir.file(name);
    return loop::write_file_atomic(path, text, {.sync = false});
  };
  auto kept = keep("hosts", mapping::open_mpi_hosts(allocation), launch.place.open_mpi_hosts);
  if (kept && dialect == model::Dialect::pbs)
    kept = keep("hosts.pbs", mapping::pbs_nodes(allocation), launch.place.pbs_nodes);
  if (!kept) return kept;
  return keep("hosts.hydra", mapping::hydra_hosts(allocation), launch.place.hydra_hosts);
}

base::Result<Command> command_of(const Launch& launch) {
  const auto& job = *launch.order.job;
  Command command;
  command.arguments = job.arguments;
  if (!job.script.empty()) {
    auto script = write_script(launch);
    if (!script) return std::unexpected(script.error());
    command.arguments.insert(command.arguments.begin(), std::move(*script));
  }
  if (command.arguments.empty()) {
    return base::fail(base::Code::invalid, "the job has neither a script nor a command");
  }
  command.environment = mapping::environment_of_script(launch.order, launch.topology, launch.place);
  command.own_number = mapping::slurm_pid_variable;
  command.directory = job.work_dir;
  command.container = container_of(launch);
  const auto& share =
      launch.order.allocation.nodes[static_cast<std::size_t>(launch.order.node_index)];
  command.cpus = cpus_of(launch.topology, share.cores);
  return command;
}

/// A login shell finds muster's programs too, though /etc/profile sets PATH anew.
base::Result<void> keep_programs_in_path(const Launch& launch, Command& command) {
  const auto& job = *launch.order.job;
  if (!mapping::is_for_login_bash(job.script)) return {};
  const auto path = launch.dir.file("after-login");
  const auto text =
      mapping::after_login(mapping::folders_of(launch.place.programs), job.environment);
  if (auto kept = loop::write_file_atomic(path, text, {.sync = false}); !kept) return kept;
  command.environment["BASH_ENV"] = path;
  return {};
}

class Batch {
 public:
  Batch(Launch& launch, OutputFiles files, LaunchLog log)
      : launch_(launch),
        files_(std::move(files)),
        log_(std::move(log)),
        processes_(loop_, launch.dir, launch.group ? &*launch.group : nullptr,
                   launch.order.kill_grace,
                   {.output = [this](int, auto stream, auto bytes) { keep(stream, bytes); },
                    .ended = [this](int, const auto& status) { status_ = status; },
                    .finished = [this] { loop_.stop(); }}),
        end_signal_(loop_, [this] { processes_.end(); }),
        save_signal_(loop_, SIGUSR1, [this] { ask_to_save(); }) {}

  base::Result<model::LaunchReport> run(Command command) {
    const loop::OwnedFd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
    command.input = nothing.get();
    auto started = processes_.start(std::move(command));
    if (!started) return std::unexpected(started.error());
    processes_.complete();
    meters_.start();
    loop_.hold();
    end_signal_.heed();
    loop_.run();
    loop_.release();
    return report();
  }

 private:
  void keep(model::OutputStream stream, std::string_view bytes) {
    if (auto written = files_.write(stream, bytes); !written) {
      launch_.dir.note(written.error().text);
    }
    if (auto written = log_.append(std::nullopt, stream, bytes); !written) {
      launch_.dir.note(written.error().text);
    }
  }

  void ask_to_save() {
    const auto& wanted = launch_.order.job->save_signal;
    if (wanted) processes_.notify(wanted->number, wanted->script_only);
  }

  /// Of a script that did not end well: its own process, or one that it started.
  bool ran_out_of_memory() {
    const bool is_killed = status_.signal == SIGKILL || status_.code != 0;
    return is_killed && launch_.group && launch_.group->ran_out_of_memory();
  }

  model::LaunchReport report() {
    model::LaunchReport report{.key = launch_.order.key};
    report.usage = processes_.usage();
    meters_.fill(report);
    if (status_.signal != 0 || status_.code != 0) {
      const bool by_signal = status_.signal != 0;
      model::Failure failure =
          failure_of(launch_.order, by_signal ? model::Cause::signal : model::Cause::exit_code, "");
      failure.code = by_signal ? status_.signal : status_.code;
      if (ran_out_of_memory()) {
        failure.cause = model::Cause::out_of_memory;
        failure.code = status_.code;
        failure.text = launch_.group->memory_text();
      }
      report.exit_code = exit_code_of(failure);
      report.failure = std::move(failure);
    }
    return report;
  }

  loop::Loop loop_;
  Launch& launch_;
  OutputFiles files_;
  LaunchLog log_;
  Processes processes_;
  EndSignal end_signal_;
  loop::Signal save_signal_;
  loop::ExitStatus status_;
  Meters meters_{loop_, launch_, processes_};
};

base::Result<model::LaunchReport> try_batch(Launch& launch) {
  auto files = OutputFiles::open(launch.order);
  if (!files) return std::unexpected(files.error());
  auto log = LaunchLog::open(launch.dir, launch.order.log_limit);
  if (!log) return std::unexpected(log.error());
  if (auto written = write_hosts(launch); !written) return std::unexpected(written.error());
  auto command = command_of(launch);
  if (!command) return std::unexpected(command.error());
  if (auto kept = keep_programs_in_path(launch, *command); !kept)
    return std::unexpected(kept.error());
  Batch batch(launch, std::move(*files), std::move(*log));
  return batch.run(std::move(*command));
}

}  // namespace

model::LaunchReport run_batch(Launch& launch) {
  const auto& key = launch.order.key;
  launch.place.started_at =
      std::chrono::duration_cast<std::chrono::seconds>(loop::now().time_since_epoch()).count();
  launch.place.meeting_port = free_port(key.job.number() * std::uint64_t{31} + key.attempt);
  auto report = try_batch(launch);
  if (report) return std::move(*report);
  model::LaunchReport refused{.key = launch.order.key};
  refused.failure =
      failure_of(launch.order, model::Cause::cannot_start, std::move(report).error().text);
  refused.exit_code = exit_code_of(*refused.failure);
  return refused;
}

}  // namespace exec
