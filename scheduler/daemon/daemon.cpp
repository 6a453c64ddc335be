#include "scheduler/daemon/daemon.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include "conf/config.h"
#include "lib/base/check.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"
#include "lib/loop/signal.h"
#include "lib/store/sqlite_journal.h"
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

base::Result<ExitStatus> serve(const conf::Config& config, const Paths& paths,
                               const loop::Log& log) {
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
  const auto stop = [&] { (*controller)->stop(ExitStatus::stopped); };
  const loop::Signal on_term(loop, SIGTERM, stop);
  const loop::Signal on_interrupt(loop, SIGINT, stop);
  log.info("started", {{"cluster", config.cluster.name}, {"dir", paths.dir}, {"pid", getpid()}});
  loop.run();
  log.info("stopped");
  return (*controller)->exit_status();
}

base::Result<ExitStatus> run(const std::string& config_path) {
  const auto config = conf::read_file(config_path);
  if (!config) return std::unexpected(config.error());
  const Paths paths{config->cluster.dir};
  if (auto made = make_folders(paths); !made) return std::unexpected(std::move(made).error());
  const auto lock = loop::FileLock::take(paths.lock());
  if (!lock) return std::unexpected(lock.error());
  const auto log = open_log(*config, paths);
  if (!log) return std::unexpected(log.error());
  allow_many_files();
  auto status = serve(*config, paths, *log);
  if (!status) log->error("cannot_start", {{"why", status.error().text}});
  return status;
}

}  // namespace

ExitStatus run_daemon(const std::string& config_path) {
  const auto status = run(config_path);
  if (status) return *status;
  std::fprintf(stderr, "musterd: %s\n", status.error().text.c_str());
  return ExitStatus::cannot_start;
}

}  // namespace musterd
