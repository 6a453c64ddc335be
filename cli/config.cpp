// config: checks a configuration file, prints one with every key, or has a new one taken.

#include <fmt/format.h>

#include <signal.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "cli/api.h"
#include "cli/embedded.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "conf/config.h"
#include "conf/document.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

using namespace std::chrono_literals;

constexpr std::array config_table{dir_option, help_option};

constexpr base::Duration reload_limit = 60s;  // a controller with a long journal takes its time
constexpr base::Duration config_look_pause = 20ms;

Outcome check(const std::string& path) {
  const auto config = conf::read_file(path);
  if (!config) return refuse(config.error());
  print(fmt::format("{}: fine: cluster '{}', {}\n", path, config->cluster.name,
                    base::plural(static_cast<std::int64_t>(config->pools.size()), "pool")));
  return exit_done;
}

Try<wire::ConfigNews> news_of(const Api& api) {
  const auto answer = api.get("/v1/status");
  if (!answer) return std::unexpected(answer.error());
  const auto status = wire::status_from_json(*answer);
  if (!status) return refuse(status.error());
  return status->config;
}

/// The controller starts anew in itself, jobs and agents go on.
Try<wire::ConfigNews> tell_controller(const Api& api, pid_t controller, base::Time read_before) {
  if (::kill(controller, SIGHUP) != 0) {
    return refuse(fmt::format("cannot send SIGHUP to musterd (process {}): {}", controller,
                              errno == EPERM ? "only its owner may" : "it has ended"));
  }
  const loop::Elapsed elapsed;
  for (;;) {
    auto news = news_of(api);
    // For a moment nobody listens.
    const bool is_away = !news && news.error().exit_code == exit_no_cluster &&
                         controller_of(api.cluster().paths) == controller;
    if (!is_away && (!news || news->read_at != read_before)) return news;
    if (elapsed.so_far() > reload_limit) {
      return refuse(fmt::format("musterd (process {}) has not read it; see '{}'", controller,
                                api.cluster().paths.log()));
    }
    sleep_for(config_look_pause);
  }
}

Outcome reload(const options::Parsed& line) {
  const auto paths = state_directory(line);
  if (!paths) return std::unexpected(paths.error());
  const auto controller = controller_of(*paths);
  if (!controller) return std::unexpected(controller.error());
  if (*controller == 0) {
    return std::unexpected(Problem{
        exit_no_cluster, fmt::format("no controller runs in '{}' of this machine", paths->dir)});
  }
  const Api api(Cluster{*paths, loop::UnixAddress{paths->api_socket()}});
  const auto before = news_of(api);
  if (!before) return std::unexpected(before.error());
  const auto news = tell_controller(api, *controller, before->read_at);
  if (!news) return std::unexpected(news.error());
  if (!news->problem.empty()) {
    return refuse(news->problem + "\nThe configuration from before stays in force.");
  }
  print(fmt::format("{} is in force.\n", news->path));
  return exit_done;
}

Outcome config(const options::Parsed& line) {
  const auto& words = line.rest;
  if (words.size() == 2 && words[0] == "check") return check(words[1]);
  if (words.size() == 1 && words[0] == "sample") {
    print(conf::sample_text());
    return exit_done;
  }
  if (words.size() == 1 && words[0] == "reload") return reload(line);
  return misuse("expected 'check FILE', 'reload' or 'sample'");
}

}  // namespace

constinit const Verb config_verb{
    "config",
    "check FILE\nreload\nsample",
    "Check a configuration file, have a changed one taken, or print a sample.",
    "All mistakes of the file are reported, each with its line. reload makes the controller of "
    "this "
    "machine read its file again, as SIGHUP does: all keys but cluster.dir may have changed, and "
    "jobs "
    "go on; if anything is wrong with it, that is said and the one from before stays in force. The "
    "sample has every key, with its meaning and default; see muster.toml(5).",
    [] { return std::span<const options::Option>(config_table); },
    options::Operands::anywhere,
    config};

}  // namespace cli
