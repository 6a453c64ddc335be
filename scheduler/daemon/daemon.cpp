#include "scheduler/daemon/daemon.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "conf/config.h"
#include "lib/base/check.h"
#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"
#include "lib/loop/signal.h"
#include "lib/store/sqlite_journal.h"
#include "lib/wire/api.h"
#include "scheduler/daemon/controller.h"
#include "scheduler/daemon/paths.h"
#include "scheduler/daemon/step_access.h"

namespace musterd {

namespace {

/// Each client and each agent takes a descriptor: as many as the system allows without asking root.
void allow_many_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);  // with fewer it works too, for fewer clients
}

base::Result<loop::Log> open_log(const conf::Config& config, const Paths& paths) {
  const auto level = loop::log_level_from_text(config.log.level);
  const auto format = loop::log_format_from_text(config.log.format);
  base::check(level && format, "a configuration that was read names a known level and format");
  return loop::Log::open({.path = paths.log(), .level = *level, .format = *format});
}

/// SIGHUP waits while there is no loop to take it.
void block_hangup(bool is_blocked) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(is_blocked ? SIG_BLOCK : SIG_UNBLOCK, &signals, nullptr);
}

class HangupsWelcome {
 public:
  HangupsWelcome() { block_hangup(false); }
  ~HangupsWelcome() { block_hangup(true); }
  HangupsWelcome(const HangupsWelcome&) = delete;
  HangupsWelcome& operator=(const HangupsWelcome&) = delete;
};

/// The file again, for a controller that goes on in the folder of the one before.
base::Result<conf::Config> read_again(const std::string& path, const conf::Config& before) {
  auto config = conf::read_file(path);
  if (config && config->cluster.dir != before.cluster.dir) {
    return base::fail(base::Code::invalid, "cluster.dir is '" + config->cluster.dir +
                                               "' now, and '" + before.cluster.dir +
                                               "' in the cluster that runs: end it first");
  }
  return config;
}

bool is_for_all(const conf::Config& config) {
  return config.cluster.users == "all";
}

struct Served {
  ExitStatus status = ExitStatus::stopped;
  std::optional<conf::Config> next;  // to go on with
};

base::Result<Served> serve(const conf::Config& config, wire::ConfigNews& news, const Paths& paths,
                           const loop::Log& log) {
  if (auto made = make_folders(paths, is_for_all(config)); !made)
    return std::unexpected(std::move(made).error());
  const auto access = StepAccess::open(paths);
  if (!access) return std::unexpected(access.error());
  auto agent_program = program_beside("muster-agent");
  if (!agent_program) return std::unexpected(std::move(agent_program).error());
  const auto journal = store::SqliteJournal::open(paths.journal());
  if (!journal) return std::unexpected(journal.error());
  const auto reader = store::SqliteReader::open(paths.journal());
  if (!reader) return std::unexpected(reader.error());

  loop::Loop loop;
  const auto controller = Controller::open(loop, {.config = config,
                                                  .news = news,
                                                  .paths = paths,
                                                  .access = *access,
                                                  .journal = **journal,
                                                  .reader = **reader,
                                                  .log = log,
                                                  .agent_program = std::move(*agent_program),
                                                  .owner_uid = geteuid(),
                                                  .snapshots = {},
                                                  .events = {}});
  if (!controller) return std::unexpected(controller.error());
  std::optional<conf::Config> next;
  const auto stop = [&] {
    next.reset();
    (*controller)->stop(ExitStatus::stopped);
  };
  const auto reload = [&] {
    if (!next && !(*controller)->may_reload()) return;
    auto read = read_again(news.path, config);
    if (read) {
      next = *std::move(read);
      return (*controller)->reload();
    }
    log.error("configuration_refused", {{"why", read.error().text}});
    news.read_at = loop::now();
    news.problem = std::move(read).error().text;
  };
  const loop::Signal on_term(loop, SIGTERM, stop);
  const loop::Signal on_interrupt(loop, SIGINT, stop);
  const loop::Signal on_hangup(loop, SIGHUP, reload);
  const HangupsWelcome welcome;
  log.info("started", {{"cluster", config.cluster.name}, {"dir", paths.dir}, {"pid", getpid()}});
  loop.run();
  log.info(next ? "reloading" : "stopped");
  return Served{(*controller)->exit_status(), std::move(next)};
}

base::Result<ExitStatus> run(const std::string& config_path) {
  auto config = conf::read_file(config_path);
  if (!config) return std::unexpected(config.error());
  const Paths paths{config->cluster.dir};
  if (auto made = make_folders(paths, is_for_all(*config)); !made)
    return std::unexpected(std::move(made).error());
  const auto lock = loop::FileLock::take(paths.lock());
  if (!lock) return std::unexpected(lock.error());
  allow_many_files();
  block_hangup(true);
  wire::ConfigNews news{.path = config_path, .read_at = loop::now(), .problem = {}};
  std::optional<conf::Config> before;  // that worked, while another one is tried
  for (;;) {
    const auto log = open_log(*config, paths);
    auto served = log ? serve(*config, news, paths, *log) : std::unexpected(log.error());
    if (served && !served->next) return served->status;
    if (served) {
      before = std::exchange(*config, *std::move(served->next));
      news.read_at = loop::now();
      news.problem.clear();
      continue;
    }
    if (log) log->error("cannot_start", {{"why", served.error().text}});
    if (!before) return std::unexpected(std::move(served).error());
    news.problem = std::move(served).error().text;
    config = *std::exchange(before, std::nullopt);
  }
}

}  // namespace

ExitStatus run_daemon(const std::string& config_path) {
  const auto status = run(config_path);
  if (status) return *status;
  std::fprintf(stderr, "musterd: %s\n", status.error().text.c_str());
  return ExitStatus::cannot_start;
}

}  // namespace musterd
