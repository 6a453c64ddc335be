// muster-simulate: replays a log of jobs and says what its schedule is worth (man 1
// muster-simulate).

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "lib/store/sqlite_journal.h"
#include "sim/replay/chart.h"
#include "sim/replay/command.h"
#include "sim/replay/input.h"
#include "sim/replay/past.h"
#include "sim/replay/report.h"
#include "sim/replay/swf.h"

namespace {

using namespace std::chrono_literals;

// As those of muster(1).
constexpr int exit_done = 0;
constexpr int exit_refused = 1;
constexpr int exit_usage = 2;

constexpr base::Duration quiet = 500ms;  // no bar for what is over sooner
constexpr base::Duration between_bars = 100ms;
constexpr std::size_t bar_width = 40;

void print_error(std::string_view text) {
  // There is nobody left to tell when this fails.
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

int complain(int exit_code, std::string_view text) {
  print_error(fmt::format("muster simulate: {}\n", text));
  if (exit_code == exit_usage) print_error("try: muster simulate --help\n");
  return exit_code;
}

int print(std::string_view text) {
  const auto n = std::fwrite(text.data(), 1, text.size(), stdout);
  if (n == text.size() && std::fflush(stdout) == 0) return exit_done;
  return complain(exit_refused, base::fail_errno(errno, "cannot write the output").error().text);
}

/// How far a replay is, on a terminal.
class Bar {
 public:
  Bar(std::string name, std::size_t n_jobs) : name_(std::move(name)), n_jobs_(n_jobs) {}
  ~Bar() {
    if (is_shown_) print_error("\r\033[K");
  }
  Bar(const Bar&) = delete;
  Bar& operator=(const Bar&) = delete;

  void show(std::size_t n_ended) {
    const auto now = elapsed_.so_far();
    if (!is_terminal_ || now < next_) return;
    next_ = now + between_bars;
    const auto filled = std::min(bar_width, bar_width * n_ended / n_jobs_);
    print_error(fmt::format("\r{:<6} [{:<{}}] {:3} %, {} of {} jobs\033[K", name_,
                            std::string(filled, '#'), bar_width, 100 * n_ended / n_jobs_, n_ended,
                            n_jobs_));
    is_shown_ = true;
  }

 private:
  std::string name_;
  std::size_t n_jobs_;
  loop::Elapsed elapsed_;
  base::Duration next_ = quiet;
  bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  bool is_shown_ = false;
};

struct CloseFile {
  // What must not fail has been flushed before.
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};

/// A file that is opened before the work, so that a wrong name shows at once.
class Output {
 public:
  /// An empty path is no file.
  static base::Result<Output> open(const std::string& path, const std::string& log) {
    Output output;
    if (path.empty()) return output;
    std::error_code none;
    if (std::filesystem::equivalent(path, log, none)) {
      return base::fail(base::Code::conflict, fmt::format("'{}' is the log itself", path));
    }
    output.path_ = path;
    output.file_.reset(std::fopen(path.c_str(), "we"));
    if (output.file_ == nullptr) {
      return base::fail_errno(errno, fmt::format("cannot write '{}'", path));
    }
    return output;
  }

  base::Result<void> write(std::string_view text) {
    const auto n = std::fwrite(text.data(), 1, text.size(), file_.get());
    if (n == text.size() && std::fflush(file_.get()) == 0) return {};
    return base::fail_errno(errno, fmt::format("cannot write '{}'", path_));
  }

 private:
  std::string path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
};

std::string size_text(const replay::Machine& machine) {
  const auto* unit = machine.gpus_per_node > 0 ? "GPU" : "core";
  const auto each = base::plural(machine.cores_per_node, unit);
  return machine.nodes == 1 ? each : fmt::format("{} nodes of {}", machine.nodes, each);
}

std::string title_of(const replay::Command& command, const replay::Log& log) {
  return fmt::format("{}: {} on {}", std::filesystem::path(command.log).filename().string(),
                     base::plural(static_cast<std::int64_t>(log.workload.jobs.size()), "job"),
                     size_text(log.workload.machine));
}

/// What was left out of the log, a line each.
std::string omissions(const replay::Log& log) {
  std::string text;
  if (log.n_dropped() > 0) text += dropped_text(log) + "\n";
  if (log.n_bad > 0) {
    text +=
        fmt::format("skipped {}, the first: {}\n",
                    base::plural(static_cast<std::int64_t>(log.n_bad), "bad line"), log.first_bad);
  }
  return text;
}

replay::Result replay_one(const replay::Command& command, const replay::Candidate& candidate,
                          const replay::Workload& workload) {
  Bar bar(candidate.name, workload.jobs.size());
  const loop::Elapsed elapsed;
  return replay::run(
      workload, policy::make(candidate.options), command.options, [&] { return elapsed.so_far(); },
      [&](std::size_t n_ended) { bar.show(n_ended); });
}

/// The table or the JSON; what was left out does not stand inside the JSON.
int tell(const replay::Command& command, const replay::Log& log,
         const std::vector<replay::Report>& reports) {
  std::string text;
  if (command.json) {
    print_error(omissions(log));
    text = replay::report_json(reports);
  } else {
    text = fmt::format("{}\n{}\n{}\n{}", title_of(command, log), settings_text(command),
                       omissions(log), replay::report_table(reports));
  }
  return print(text);
}

/// As that of muster(1).
base::Result<std::string> state_directory(const replay::Command& command) {
  if (!command.dir.empty()) return command.dir;
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  if (const auto dir = variable("MUSTER_DIR"); !dir.empty()) return dir;
  if (const auto state = variable("XDG_STATE_HOME"); !state.empty()) return state + "/muster";
  if (const auto home = variable("HOME"); !home.empty()) return home + "/.local/state/muster";
  return base::fail(base::Code::not_found,
                    "neither XDG_STATE_HOME nor HOME is set; name the state directory with --dir");
}

/// Fills in where the history and the configuration of the cluster are.
base::Result<void> find_cluster(replay::Command& command) {
  if (!command.history) return {};
  const auto dir = state_directory(command);
  if (!dir) return std::unexpected(dir.error());
  command.log = *dir + "/journal.db";
  if (command.config.empty()) command.config = *dir + "/muster.toml";
  return {};
}

base::Result<replay::Log> log_of_cluster(const replay::Command& command,
                                         const replay::Tuning& tuning) {
  auto machine = tuning.machine;
  if (const auto& size = command.reading.machine) {
    machine = {size->nodes, size->per_node, machine ? machine->gpus_per_node : 0};
  }
  if (!machine) {
    return base::fail(base::Code::invalid,
                      fmt::format("the pools in '{}' have nodes of different cores or GPUs; say "
                                  "with --machine what the jobs are replayed on",
                                  command.config));
  }
  const auto history = store::SqliteReader::open(command.log);
  if (!history) return std::unexpected(history.error());
  auto log = replay::read_history(**history, command.reading, *machine);
  if (!log) return std::unexpected(std::move(log).error().in(command.log));
  return log;
}

base::Result<replay::Tuning> tuning_of(const replay::Command& command) {
  if (command.config.empty() && command.changes.empty()) return replay::Tuning();
  return replay::read_tuning(command.config, command.changes);
}

base::Result<int> simulate(const replay::Command& command, const replay::Tuning& tuning) {
  const auto log = command.history ? log_of_cluster(command, tuning)
                                   : replay::read_log(command.log, command.reading);
  if (!log) return std::unexpected(log.error());
  auto schedule = Output::open(command.schedule, command.log);
  if (!schedule) return std::unexpected(schedule.error().in("--schedule"));
  auto chart = Output::open(command.chart, command.log);
  if (!chart) return std::unexpected(chart.error().in("--chart"));
  std::vector<replay::Report> reports;
  std::vector<replay::Curve> curves;
  for (const auto& candidate : command.candidates) {
    auto result = replay_one(command, candidate, log->workload);
    reports.push_back({candidate.name, figures_of(log->workload, result)});
    if (!command.schedule.empty()) {
      const auto title =
          fmt::format("muster simulate, policy {}, {}", candidate.name, settings_text(command));
      if (auto written = schedule->write(write_schedule(*log, result, title)); !written) {
        return std::unexpected(written.error());
      }
    }
    curves.push_back({candidate.name, std::move(result.attempts)});
  }
  if (!command.chart.empty()) {
    const auto title = fmt::format("{}, {}", title_of(command, *log), settings_text(command));
    if (auto written = chart->write(chart_svg(log->workload, curves, title)); !written) {
      return std::unexpected(written.error());
    }
  }
  return tell(command, *log, reports);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    auto command = replay::parse_command(words);
    if (!command) return complain(exit_usage, command.error().text);
    if (command->help) {
      return print(replay::command_help());
    }
    if (auto found = find_cluster(*command); !found) {
      return complain(exit_refused, found.error().text);
    }
    const auto tuning = tuning_of(*command);
    if (!tuning) return complain(exit_refused, tuning.error().text);
    replay::tune(*command, *tuning);
    const auto outcome = simulate(*command, *tuning);
    return outcome ? *outcome : complain(exit_refused, outcome.error().text);
  } catch (const std::exception& error) {
    return complain(exit_refused, error.what());
  }
}
