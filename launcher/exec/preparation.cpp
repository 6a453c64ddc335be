#include "launcher/exec/preparation.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "launcher/exec/end_signal.h"
#include "launcher/exec/job_folders.h"
#include "launcher/exec/launch.h"
#include "launcher/exec/launch_log.h"
#include "launcher/exec/mount_space.h"
#include "launcher/exec/processes.h"
#include "launcher/map/environment.h"
#include "launcher/map/mount_plan.h"
#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"
#include "lib/loop/owned_fd.h"
#include "lib/loop/timer.h"

namespace exec {

namespace {

constexpr std::size_t last_words_kept = 400;

class Preparation {
 public:
  Preparation(Launch& launch, LaunchLog log)
      : launch_(launch),
        wanted_(launch.order.job->preparation),
        log_(std::move(log)),
        nothing_(open("/dev/null", O_RDONLY | O_CLOEXEC)),
        processes_(loop_, launch.dir, launch.group ? &*launch.group : nullptr,
                   launch.order.kill_grace,
                   {.output = [this](int process, auto stream,
                                     auto bytes) { keep(process, stream, bytes); },
                    .ended = [this](int process, const auto& status) { ended(process, status); },
                    .finished = [this] { loop_.stop(); }}),
        limit_(loop_, [this] { take_too_long(); }),
        end_signal_(loop_, [this] { end(); }) {}

  model::LaunchReport run() {
    if (auto made = make_folders(); !made) fail(model::Cause::preparation, made.error().text);
    if (!failure_) enter_space();
    loop_.hold();
    end_signal_.heed();
    if (!failure_) go_on();
    loop_.run();
    loop_.release();
    undo();
    return report();
  }

 private:
  base::Result<void> make_folders() {
    if (wanted_.has_shared_tmp && launch_.order.shared_tmp.empty()) {
      return base::fail(base::Code::invalid,
                        "the nodes of this attempt are several machines that share no file system "
                        "for --shared-tmp; shared_tmp of muster.toml(5) names one");
    }
    return make_job_folders(launch_.dir, launch_.place);
  }

  /// The launcher has no rights of its own, it has those of the job's user.
  void enter_space() {
    if (wanted_.mounts.empty()) return;
    if (launch_.dir.is_users()) {
      return fail(model::Cause::mount, "mounts are made for jobs of root alone, and this one is " +
                                           launch_.order.user.name + "'s; leave out --mount");
    }
    if (geteuid() != 0) {
      return fail(model::Cause::mount,
                  "mounts of jobs need an agent that runs as root, and this one does not; leave "
                  "out --mount, or ask those who run the cluster");
    }
    auto space = MountSpace::enter();
    if (!space) return fail(model::Cause::mount, space.error().text);
    space_.emplace(std::move(*space));
  }

  /// Starts what comes next; after the last one the node is prepared.
  void go_on() {
    const auto n_mounts = wanted_.mounts.size();
    if (n_done_ < n_mounts) {
      start_mount(n_done_);
    } else if (n_done_ == n_mounts && !wanted_.command.empty()) {
      start({"/bin/sh", "-c", wanted_.command}, launch_.order.job->work_dir, wanted_.time_limit);
    } else {
      say_prepared();
    }
  }

  void start_mount(std::size_t number) {
    plan_ = mapping::plan_mount(wanted_.mounts[number], launch_.place.job_mounts,
                                launch_.place.job_tmp + "/overlay-" + std::to_string(number));
    auto folders = plan_.folders;
    if (plan_.is_point_made) folders.push_back(plan_.point);
    for (const auto& folder : folders) {
      auto made = loop::make_directories(folder, 0700);
      if (!made) return fail(model::Cause::mount, made.error().text);
    }
    if (hides_launch(plan_.point)) {
      return fail(model::Cause::mount, "a mount at '" + plan_.point +
                                           "' would hide the files of the agent, which lie below "
                                           "it; mount another directory");
    }
    start(plan_.arguments, "/", wanted_.mount_limit);
  }

  bool hides_launch(const std::string& point) const {
    std::error_code none;
    const auto real = std::filesystem::canonical(point, none);
    const auto own = std::filesystem::canonical(launch_.dir.file("."), none);
    return none || std::ranges::mismatch(real, own).in1 == real.end();
  }

  void start(std::vector<std::string> arguments, std::string directory, base::Duration limit) {
    Command command;
    command.arguments = std::move(arguments);
    command.environment =
        mapping::environment_of_preparation(launch_.order, launch_.topology, launch_.place);
    command.directory = std::move(directory);
    command.input = nothing_.get();
    const auto index = static_cast<std::size_t>(launch_.order.node_index);
    command.cpus = model::cpus_of(launch_.topology, launch_.order.allocation.nodes[index].cores);
    last_words_.clear();
    if (auto started = processes_.start(std::move(command)); !started)
      return fail(cause_now(), started.error().text);
    ++n_started_;
    limit_.start(limit);
  }

  bool is_mounting() const { return n_done_ < wanted_.mounts.size(); }
  model::Cause cause_now() const {
    return is_mounting() ? model::Cause::mount : model::Cause::preparation;
  }

  void keep(int process, model::OutputStream stream, std::string_view bytes) {
    if (process + 1 == n_started_) {
      last_words_ += bytes;
      if (last_words_.size() > 2 * last_words_kept)
        last_words_.erase(0, last_words_.size() - last_words_kept);
    }
    if (auto written = log_.append(std::nullopt, stream, bytes); !written)
      launch_.dir.note(written.error().text);
  }

  void ended(int process, const loop::ExitStatus& status) {
    if (process + 1 != n_started_ || failure_ || is_told_) return;
    limit_.stop();
    if (status.signal != 0) {
      fail(cause_now(), "it was killed by signal " + std::to_string(status.signal));
    } else if (status.code != 0) {
      fail(cause_now(), {});
      failure_->code = status.code;
    } else if (is_mounting() && !is_mount_point(plan_.point)) {
      fail(cause_now(), "its command has ended well, but nothing is mounted on " + plan_.point);
    } else {
      ++n_done_;
      loop_.defer([this] {
        if (!failure_ && !is_told_) go_on();
      });
    }
  }

  void take_too_long() {
    const bool is_mount = is_mounting();
    fail(cause_now(), "it did not end within " +
                          base::to_text(is_mount ? wanted_.mount_limit : wanted_.time_limit) +
                          (is_mount ? " (--mount-timeout)" : " (--prepare-timeout)"));
  }

  void say_prepared() {
    auto said =
        loop::write_file_atomic(launch_.dir.file("prepared"), {}, {.mode = 0600, .sync = false});
    if (!said) fail(model::Cause::preparation, said.error().text);
  }

  void fail(model::Cause cause, std::string text) {
    if (failure_) return;
    failure_ = failure_of(launch_.order, cause, std::move(text));
    limit_.stop();
    processes_.complete();
    processes_.end();
  }

  /// Daemons of mounts get the same time as all else to write what they have.
  void end() {
    is_told_ = true;
    limit_.stop();
    processes_.complete();
    processes_.end();
  }

  /// Not where the job's mounts are seen, so that nothing of theirs is removed.
  void undo() {
    const auto remove = [this] { remove_job_folders(launch_.dir, launch_.place); };
    if (space_) {
      space_->outside(remove);
    } else {
      remove();
    }
  }

  /// In one line, without where the kernel may have said more.
  std::string said() const {
    std::vector<std::string> lines;
    for (const auto line : base::split(last_words_, '\n')) {
      const auto text = base::trim(line);
      if (!text.empty() && !text.starts_with("dmesg(1)")) lines.emplace_back(text);
    }
    return base::join(lines, "; ");
  }

  /// Only now all is there that a mounter wrote before it failed.
  void complete_failure() {
    auto& failure = *failure_;
    if (failure.cause == model::Cause::mount) {
      std::string what = is_mounting() ? to_text(wanted_.mounts[n_done_]) : std::string();
      if (failure.text.empty()) failure.text = base::printable(said(), last_words_kept);
      if (failure.text.empty())
        failure.text = "its command exited with code " + std::to_string(failure.code);
      if (!what.empty()) failure.text = what + ": " + failure.text;
      return;
    }
    if (!failure.text.empty()) return;
    failure.text = "its output: muster logs " + to_text(launch_.order.key.job) + " --prepare" +
                   " --node " + failure.node;
  }

  model::LaunchReport report() {
    model::LaunchReport report{.key = launch_.order.key};
    report.usage = processes_.usage();
    if (!failure_) return report;
    complete_failure();
    report.exit_code = exit_code_of(*failure_);
    report.failure = failure_;
    const auto line = "muster: " + describe(*failure_) + "\n";
    if (auto written = log_.append(std::nullopt, model::OutputStream::err, line); !written)
      launch_.dir.note(written.error().text);
    return report;
  }

  loop::Loop loop_;
  Launch& launch_;
  const model::Preparation& wanted_;
  LaunchLog log_;
  loop::OwnedFd nothing_;
  std::optional<MountSpace> space_;
  mapping::MountPlan plan_;  // of the mount that is being made
  std::size_t n_done_ = 0;   // of the mounts, and then the command
  int n_started_ = 0;        // processes
  std::string last_words_;   // of the last one
  bool is_told_ = false;     // to end
  std::optional<model::Failure> failure_;
  Processes processes_;
  loop::Timer limit_;
  EndSignal end_signal_;
};

}  // namespace

model::LaunchReport run_preparation(Launch& launch) {
  auto log = LaunchLog::open(launch.dir, launch.order.log_limit);
  if (log) return Preparation(launch, std::move(*log)).run();
  model::LaunchReport report{.key = launch.order.key};
  report.failure = failure_of(launch.order, model::Cause::preparation, log.error().text);
  report.exit_code = exit_code_of(*report.failure);
  return report;
}

}  // namespace exec
