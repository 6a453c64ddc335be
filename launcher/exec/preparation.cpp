#include "launcher/exec/preparation.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "launcher/exec/container_setup.h"
#include "launcher/exec/end_signal.h"
#include "launcher/exec/folder_watch.h"
#include "launcher/exec/job_folders.h"
#include "launcher/exec/launch.h"
#include "launcher/exec/launch_log.h"
#include "launcher/exec/mount_space.h"
#include "launcher/exec/processes.h"
#include "launcher/map/environment.h"
#include "lib/base/text.h"
#include "lib/loop/fd_watch.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"
#include "lib/loop/owned_fd.h"
#include "lib/loop/timer.h"
#include "lib/model/mount_plan.h"

namespace exec {

namespace {

constexpr std::size_t last_words_kept = 400;
constexpr int most_fetches = 3;

/// What was started last.
enum class Task { none, mount, fetch, look, container, command, epilog };

class Preparation {
 public:
  Preparation(Launch& launch, LaunchLog log)
      : launch_(launch),
        job_(launch.order.job),
        wanted_(job_->preparation),
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
    // Threads begun later would take the signal.
    if (wanted_.job_tmp_limit > base::Bytes()) threads_.emplace(loop_, [] {}, [] {});
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

  /// That of another user has been entered before this process became the user.
  void enter_space() {
    if (wanted_.mounts.empty()) return;
    if (launch_.mounter) return check_mounts_of_user();
    if (geteuid() != 0) {
      return fail(model::Cause::mount,
                  "mounts of jobs need an agent that runs as root, and this one does not; leave "
                  "out --mount, or ask those who run the cluster");
    }
    enter_root_space(model::Cause::mount);
  }

  void check_mounts_of_user() {
    for (const auto& mount : wanted_.mounts) {
      const auto flaw = model::flaw_for_user(mount);
      if (!flaw.empty())
        return fail(model::Cause::mount, to_text(mount) + ": " + std::string(flaw));
    }
  }

  void enter_root_space(model::Cause cause) {
    auto space = MountSpace::enter();
    if (!space) return fail(cause, space.error().text);
    space_.emplace(std::move(*space));
  }

  /// Where the layers of the container's root are mounted. What gets the image stays outside: it
  /// may need users beside this one.
  void enter_space_of_image() {
    if (space_) return;
    if (geteuid() == 0) return enter_root_space(model::Cause::image);
    const auto entered = launch_.own_space ? launch_.own_space->enter() : enter_own_space();
    if (!entered) fail(model::Cause::image, entered.error().text);
  }

  /// Starts what comes next; after the last one the node is prepared.
  void go_on() {
    if (n_mounted_ < wanted_.mounts.size()) {
      task_ = Task::mount;
      return start_mount(n_mounted_);
    }
    end_mounter();
    if (wanted_.has_image() && !launch_.container) {
      go_on_with_image();
    } else if (task_ != Task::command && !wanted_.command.empty()) {
      task_ = Task::command;
      start({"/bin/sh", "-c", wanted_.command}, launch_.order.job->work_dir, wanted_.time_limit);
    } else {
      say_prepared();
    }
  }

  /// One limit holds for all of it.
  void go_on_with_image() {
    if (!container_) {
      limit_.start(wanted_.image.time_limit);
      container_.emplace(launch_);
      task_ = Task::fetch;  // again, if somebody removes it before it is held
      if (auto chosen = container_->choose(); !chosen) return fail_image(chosen.error());
    }
    if (task_ == Task::fetch) {
      if (auto command = container_->fetch()) {
        if (n_fetches_++ < most_fetches) return start_tool(std::move(*command));
      }
      if (auto taken = container_->take(); !taken) return fail_image(taken.error());
      task_ = Task::look;
      if (auto command = container_->look()) return start_tool(std::move(*command));
    }
    task_ = Task::container;
    enter_space_of_image();
    if (failure_) return;
    if (auto built = container_->build(words_); !built) return fail_image(built.error());
    start_container();
  }

  /// It ends with the other end of its input, which is ours.
  void start_container() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
      return fail_image(base::fail_errno(errno, "cannot make a pipe").error());
    const loop::OwnedFd input(ends[0]);
    container_input_ = loop::OwnedFd(ends[1]);
    start_tool(container_->start(), input.get());
    if (!failure_) holder_ = n_started_ - 1;
  }

  /// Output may come after the end of who wrote it, so each answer says where it ends.
  void take_answer() {
    if (failure_ || is_told_) return;
    if (task_ == Task::container) return take_container();
    if (!ContainerSetup::is_complete(words_)) return;
    loop_.defer([this] {
      if (!failure_ && !is_told_) go_on();
    });
  }

  /// The first line that it says is the number of its process.
  void take_container() {
    const auto end = words_.find('\n');
    if (end == words_.npos) return;
    const auto number = base::parse_int(std::string_view(words_).substr(0, end), 1,
                                        std::numeric_limits<pid_t>::max());
    if (!number) return fail(model::Cause::image, "it said '" + base::printable(words_) + "'");
    auto container = Container::of_process(static_cast<pid_t>(*number));
    if (!container) return fail_image(container.error());
    auto recorded = record_container(launch_.dir, static_cast<pid_t>(*number));
    if (!recorded) return fail_image(recorded.error());
    run_inside(launch_, std::move(*container));
    limit_.stop();
    loop_.defer([this] {
      if (!failure_ && !is_told_) go_on();
    });
  }

  void start_mount(std::size_t number) {
    plan_ = model::plan_mount(wanted_.mounts[number], launch_.place.job_mounts,
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
    const auto kind = wanted_.mounts[number].kind;
    const bool is_roots = kind == model::MountKind::bind || kind == model::MountKind::tmpfs;
    if (launch_.mounter && is_roots) return ask_mounter(number);
    start(plan_.arguments, "/", wanted_.mount_limit);
  }

  void ask_mounter(std::size_t number) {
    if (!mounter_) {
      mounter_.emplace(loop_, launch_.mounter->fd(), loop::FdWatch::Direction::read,
                       [this] { take_mount(launch_.mounter->answer()); });
    }
    mounter_->start();
    launch_.mounter->ask(number);
    limit_.start(wanted_.mount_limit);
  }

  /// Nothing of root's lives on with the job.
  void end_mounter() {
    if (!launch_.mounter) return;
    mounter_.reset();
    launch_.mounter->finish();
  }

  void take_mount(const base::Result<void>& mounted) {
    mounter_->stop();
    if (failure_ || is_told_) return;
    limit_.stop();
    if (!mounted) return fail(model::Cause::mount, mounted.error().text);
    ++n_mounted_;
    loop_.defer([this] {
      if (!failure_ && !is_told_) go_on();
    });
  }

  Command command_of(std::vector<std::string> arguments, std::string directory, int input) const {
    Command command;
    command.arguments = std::move(arguments);
    command.environment =
        mapping::environment_of_preparation(launch_.order, launch_.topology, launch_.place);
    command.directory = std::move(directory);
    command.input = input;
    const auto index = static_cast<std::size_t>(launch_.order.node_index);
    command.cpus = model::cpus_of(launch_.topology, launch_.order.allocation.nodes[index].cores);
    return command;
  }

  /// What gets the image and starts the container is the node's own.
  void start_tool(std::vector<std::string> arguments, int input = -1) {
    auto command = command_of(std::move(arguments), "/", input < 0 ? nothing_.get() : input);
    container_->adjust(command.environment);
    start(std::move(command));
  }

  bool hides_launch(const std::string& point) const {
    std::error_code none;
    const auto real = std::filesystem::canonical(point, none);
    const auto own = std::filesystem::canonical(launch_.dir.file("."), none);
    return none || std::ranges::mismatch(real, own).in1 == real.end();
  }

  void start(std::vector<std::string> arguments, std::string directory, base::Duration limit) {
    auto command = command_of(std::move(arguments), std::move(directory), nothing_.get());
    command.container = container_of(launch_);
    if (start(std::move(command))) limit_.start(limit);
  }

  bool start(Command command) {
    last_words_.clear();
    words_.clear();
    if (auto started = processes_.start(std::move(command)); !started) {
      if (task_ != Task::epilog) {
        fail(cause_now(), started.error().text);
      } else {
        note("the epilog could not start: " + started.error().text);
        epilog_ = -1;
        end_processes();
      }
      return false;
    }
    ++n_started_;
    return true;
  }

  bool is_mounting() const { return task_ == Task::mount; }
  bool is_of_image() const {
    return task_ == Task::fetch || task_ == Task::look || task_ == Task::container;
  }
  model::Cause cause_now() const {
    return is_mounting()   ? model::Cause::mount
           : is_of_image() ? model::Cause::image
                           : model::Cause::preparation;
  }

  void keep(int process, model::OutputStream stream, std::string_view bytes) {
    const bool is_last = process + 1 == n_started_;
    const bool is_answer = is_last && stream == model::OutputStream::out && !launch_.container &&
                           (task_ == Task::look || task_ == Task::container);
    if (is_answer) {
      words_ += bytes;
      return take_answer();
    }
    if (is_last) {
      last_words_ += bytes;
      if (last_words_.size() > 2 * last_words_kept)
        last_words_.erase(0, last_words_.size() - last_words_kept);
    }
    if (auto written = log_.append(std::nullopt, stream, bytes); !written)
      launch_.dir.note(written.error().text);
  }

  void ended(int process, const loop::ExitStatus& status) {
    if (process == epilog_) return end_epilog(status);
    if (failure_ || is_told_) return;
    if (process == holder_) {
      fail(model::Cause::image, how_container_ended(status));
      failure_->code = status.code;
      return;
    }
    if (process + 1 != n_started_ || is_prepared_) return;
    if (!is_of_image()) limit_.stop();
    if (status.signal != 0) {
      fail(cause_now(), "it was killed by signal " + std::to_string(status.signal));
    } else if (status.code != 0) {
      fail(cause_now(), {});
      failure_->code = status.code;
    } else if (is_mounting() && !is_mount_point(plan_.point)) {
      fail(cause_now(), "its command has ended well, but nothing is mounted on " + plan_.point);
    } else if (task_ != Task::look) {
      if (is_mounting()) ++n_mounted_;
      loop_.defer([this] {
        if (!failure_ && !is_told_) go_on();
      });
    }
  }

  /// Empty: by what it has said.
  std::string how_container_ended(const loop::ExitStatus& status) const {
    if (status.signal != 0)
      return "the container was killed by signal " + std::to_string(status.signal);
    return launch_.container ? "the container has ended" : "";
  }

  void take_too_long() {
    if (task_ == Task::epilog) {
      note("the epilog did not end within " + base::to_text(wanted_.epilog_limit) +
           " (--epilog-timeout)");
      epilog_ = -1;
      return end_processes();
    }
    const auto too_long = [this](base::Duration limit, const char* option) {
      fail(cause_now(), "it did not end within " + base::to_text(limit) + option);
    };
    if (is_mounting()) return too_long(wanted_.mount_limit, " (--mount-timeout)");
    if (is_of_image()) return too_long(wanted_.image.time_limit, " (--image-timeout)");
    too_long(wanted_.time_limit, " (--prepare-timeout)");
  }

  void say_prepared() {
    auto said =
        loop::write_file_atomic(launch_.dir.file("prepared"), {}, {.mode = 0600, .sync = false});
    if (!said) return fail(model::Cause::preparation, said.error().text);
    is_prepared_ = true;
    watch_job_tmp();
    const auto removal = container_ ? container_->clean_up() : std::nullopt;
    if (!removal) return;
    // Nobody waits for it, and the next one goes on with it.
    (void)processes_.start(command_of(*removal, "/", nothing_.get()));
  }

  void watch_job_tmp() {
    const auto limit = wanted_.job_tmp_limit;
    if (limit <= base::Bytes()) return;
    job_tmp_.emplace(loop_, launch_.place.job_tmp, limit, [this, limit](base::Bytes held) {
      if (is_told_) return;
      fail(model::Cause::preparation, "MUSTER_JOB_TMP held " + base::to_text(held) + ", and may " +
                                          base::to_text(limit) + " (--job-tmp-limit)");
    });
  }

  /// For who reads what the preparation wrote.
  void note(const std::string& text) {
    const auto line = "muster: " + text + "\n";
    if (auto written = log_.append(std::nullopt, model::OutputStream::err, line); !written)
      launch_.dir.note(written.error().text);
  }

  void fail_image(const base::Error& error) { fail(model::Cause::image, error.text); }

  void fail(model::Cause cause, std::string text) {
    if (failure_) return;
    failure_ = failure_of(launch_.order, cause, std::move(text));
    limit_.stop();
    end_mounter();
    processes_.complete();
    processes_.end();
  }

  /// Told again, such as by a controller that has been restarted, it goes on with its epilog.
  void end() {
    if (task_ == Task::epilog) return;
    is_told_ = true;
    limit_.stop();
    end_mounter();
    if (is_prepared_ && !failure_ && !wanted_.epilog.empty()) {
      start_epilog();
    } else {
      end_processes();
    }
  }

  void start_epilog() {
    task_ = Task::epilog;
    epilog_ = static_cast<int>(processes_.mains().size());
    start({"/bin/sh", "-c", wanted_.epilog}, launch_.order.job->work_dir, wanted_.epilog_limit);
  }

  void end_epilog(const loop::ExitStatus& status) {
    limit_.stop();
    if (status.signal != 0) {
      note("the epilog was killed by signal " + std::to_string(status.signal));
    } else if (status.code != 0) {
      note("the epilog exited with code " + std::to_string(status.code));
    }
    end_processes();
  }

  /// Daemons of mounts get the same time as all else to write what they have.
  void end_processes() {
    job_tmp_.reset();
    processes_.complete();
    processes_.end();
  }

  /// Not where the job's mounts are seen, so that nothing of theirs is removed. A user does not
  /// come out of there: the agent removes it.
  void undo() {
    container_.reset();
    if (launch_.mounter) return;
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
    if (failure.cause == model::Cause::mount || failure.cause == model::Cause::image) {
      const auto what = failure.cause == model::Cause::image ? wanted_.image.reference
                        : is_mounting()                      ? to_text(wanted_.mounts[n_mounted_])
                                                             : std::string();
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
    note(describe(*failure_));
    return report;
  }

  loop::Loop loop_;
  Launch& launch_;
  std::shared_ptr<const model::JobSpec> job_;  // as it is without what the image brings along
  const model::Preparation& wanted_;
  LaunchLog log_;
  loop::OwnedFd nothing_;
  std::optional<MountSpace> space_;
  model::MountPlan plan_;  // of the mount that is being made
  std::optional<ContainerSetup> container_;
  loop::OwnedFd container_input_;
  Task task_ = Task::none;
  std::size_t n_mounted_ = 0;
  int n_fetches_ = 0;
  int n_started_ = 0;       // processes
  int holder_ = -1;         // process that is the container's
  int epilog_ = -1;         // process
  std::string words_;       // of the last one that answers: its output
  std::string last_words_;  // of the last one
  bool is_prepared_ = false;
  bool is_told_ = false;  // to end
  std::optional<model::Failure> failure_;
  Processes processes_;
  std::optional<loop::Work> threads_;
  std::optional<FolderWatch> job_tmp_;
  std::optional<loop::FdWatch> mounter_;  // of its answers
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
