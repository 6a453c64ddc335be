// down: ends what up started.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/api.h"
#include "cli/embedded.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "conf/config.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"

namespace cli {

namespace {

using namespace std::chrono_literals;

constexpr std::array down_table{dir_option, help_option};

constexpr base::Duration end_limit = 30s;  // for musterd and agents, once the jobs have ended
constexpr base::Duration agent_grace = 10s;
constexpr base::Duration down_look_pause = 20ms;

/// Asks the controller to end the jobs, the agents and itself, and waits until it is gone.
Try<void> ask_controller(const Api& api, pid_t controller) {
  const auto answer = api.post_slowly("/v1/shutdown", "{}");
  if (!answer) return std::unexpected(answer.error());
  const loop::Elapsed elapsed;
  for (;;) {
    const auto holder = controller_of(api.cluster().paths);
    if (!holder) return std::unexpected(holder.error());
    if (*holder != controller && living_agents(api.cluster().paths).empty()) return {};
    if (elapsed.so_far() > end_limit) {
      return refuse(fmt::format("musterd (process {}) did not end; see '{}'", controller,
                                api.cluster().paths.log()));
    }
    sleep_for(down_look_pause);
  }
}

/// An agent that is told to end lets the site's programs end that run.
base::Duration programs_time(const conf::Config& config) {
  base::Duration longest{};
  for (const auto& pool : config.pools) {
    if (!pool.prolog.empty()) longest = std::max(longest, pool.prolog_timeout);
    if (!pool.epilog.empty()) longest = std::max(longest, pool.epilog_timeout);
  }
  return longest;
}

/// Ends what a killed controller left: launchers while their agents can still clean up after them,
/// then the agents.
Try<void> end_remains(const ClusterPaths& paths) {
  const auto config = conf::read_file(paths.config());
  const auto grace = (config ? config->scheduler : conf::defaults().scheduler).kill_grace;
  const auto programs = config ? programs_time(*config) : base::Duration();
  auto left = end_processes(living_launchers(paths), grace + agent_grace);
  const auto agents = end_processes(living_agents(paths), agent_grace + programs);
  left.insert(left.end(), agents.begin(), agents.end());
  if (left.empty()) return {};
  std::vector<std::string> numbers;
  for (const auto& process : left) numbers.push_back(fmt::format("{}", process.pid));
  return refuse("these processes of the cluster do not end: " + base::join(numbers, ", "));
}

Outcome down(const options::Parsed& line) {
  if (!line.rest.empty()) {
    return misuse(fmt::format("expected no '{}'", base::printable(line.rest.front())));
  }
  const auto paths = state_directory(line);
  if (!paths) return std::unexpected(paths.error());
  const Cluster cluster{*paths, loop::UnixAddress{paths->api_socket()}};
  const auto controller = controller_of(*paths);
  if (!controller) return std::unexpected(controller.error());
  const bool has_remains = !living_agents(*paths).empty() || !living_launchers(*paths).empty();
  if (*controller == 0 && !has_remains) {
    remove_sockets(*paths);
    return std::unexpected(
        Problem{exit_no_cluster, fmt::format("no cluster runs in '{}'", paths->dir)});
  }
  if (*controller != 0) {
    if (const auto ended = ask_controller(Api(cluster), *controller); !ended) {
      return std::unexpected(ended.error());
    }
  }
  if (const auto ended = end_remains(*paths); !ended) return std::unexpected(ended.error());
  remove_sockets(*paths);
  print(fmt::format("The cluster in '{}' has ended; its jobs and logs are kept.\n", paths->dir));
  return exit_done;
}

}  // namespace

constinit const Verb down_verb{
    "down",
    "[OPTIONS]",
    "End the cluster that up started.",
    "Running jobs are cancelled first. Waiting jobs, the history and all logs are kept for the "
    "next "
    "up. Where the controller was killed, what it left running is ended, and nothing else.",
    [] { return std::span<const options::Option>(down_table); },
    options::Operands::anywhere,
    down};

}  // namespace cli
