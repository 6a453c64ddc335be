// up: starts an embedded cluster of the calling user on this machine.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "cli/api.h"
#include "cli/embedded.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "conf/config.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"
#include "lib/loop/process.h"
#include "lib/loop/timer.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

using namespace std::chrono_literals;

enum UpId { up_nodes_id, cpus_id, gpus_id, memory_id };
constexpr std::array<options::Option, 6> up_table{{
    {up_nodes_id, "nodes", 'N', "COUNT", "Number of nodes. Left out: 1."},
    {cpus_id, "cpus-per-node", 'c', "COUNT",
     "Cores of each node. Left out: an equal part of this machine's, at least 1."},
    {gpus_id, "gpus-per-node", 0, "COUNT", "GPUs of each node. Left out: 0."},
    {memory_id, "memory-per-node", 0, "SIZE",
     "Memory of each node, such as 4G. Left out: an equal part of this machine's."},
    dir_option,
    help_option,
}};

constexpr base::Duration start_limit = 30s;
constexpr base::Duration up_look_pause = 20ms;
constexpr std::size_t n_log_lines = 5;

/// What the command line asks for; absent is what it leaves open.
struct UpWish {
  std::optional<int> nodes;
  std::optional<int> cpus;
  std::optional<int> gpus;
  std::optional<base::Bytes> memory;
};

Try<std::optional<int>> count(const options::Parsed& line, int id, int least, int most) {
  const auto* given = options::find(line, id);
  if (given == nullptr) return std::nullopt;
  const auto number = base::parse_int(given->value, least, most);
  if (!number) {
    return misuse(fmt::format("{}: expected a whole number from {} to {}, found '{}'",
                              given->written, least, most, base::printable(given->value)));
  }
  return static_cast<int>(*number);
}

Try<UpWish> wish_of_up(const options::Parsed& line) {
  if (!line.rest.empty()) {
    return misuse(fmt::format("expected no '{}'", base::printable(line.rest.front())));
  }
  const auto nodes = count(line, up_nodes_id, 1, 10000);
  if (!nodes) return std::unexpected(nodes.error());
  const auto cpus = count(line, cpus_id, 1, 65536);
  if (!cpus) return std::unexpected(cpus.error());
  const auto gpus = count(line, gpus_id, 0, 1024);
  if (!gpus) return std::unexpected(gpus.error());
  UpWish wish{*nodes, *cpus, *gpus, std::nullopt};
  if (const auto* given = options::find(line, memory_id)) {
    const auto size = base::parse_memory(given->value);
    if (!size) return misuse(size.error().in(given->written).text);
    if (*size < base::Bytes(1 << 20)) return misuse("--memory-per-node: expected 1M or more");
    wish.memory = *size;
  }
  return wish;
}

conf::Pool pool_of(const UpWish& wish) {
  const int nodes = wish.nodes.value_or(1);
  return {.name = "default",
          .provider = "local",
          .nodes = nodes,
          .cpus_per_node = wish.cpus.value_or(std::max(1, usable_cores() / nodes)),
          .gpus_per_node = wish.gpus.value_or(0),
          .memory_per_node = wish.memory};
}

bool fits(const UpWish& wish, const conf::Config& config) {
  const bool asks_nothing = !wish.nodes && !wish.cpus && !wish.gpus && !wish.memory;
  if (asks_nothing) return true;
  if (config.pools.size() != 1) return false;
  const auto& pool = config.pools.front();
  return wish.nodes.value_or(pool.nodes) == pool.nodes &&
         wish.cpus.value_or(pool.cpus_per_node) == pool.cpus_per_node &&
         wish.gpus.value_or(pool.gpus_per_node) == pool.gpus_per_node &&
         (!wish.memory || wish.memory == pool.memory_per_node);
}

/// The configuration that is there, or a new one.
Try<conf::Config> settle_config(const ClusterPaths& paths, const UpWish& wish) {
  if (::access(paths.config().c_str(), F_OK) != 0) {
    if (auto made = loop::make_directories(paths.dir, 0700); !made) return refuse(made.error());
    const auto text = conf::write_text({pool_of(wish)});
    if (auto written = loop::write_file_atomic(paths.config(), text, {.mode = 0600}); !written) {
      return refuse(written.error());
    }
  }
  auto config = conf::read_file(paths.config());
  if (!config) return refuse(config.error());
  if (fits(wish, *config)) return std::move(*config);
  return refuse(
      fmt::format("the cluster in '{}' has other nodes than asked for; leave the options "
                  "out to start it as it is, edit '{}', or choose another --dir",
                  paths.dir, paths.config()));
}

std::vector<std::string> environment_words() {
  std::vector<std::string> words;
  for (const auto& [name, value] : environment()) words.push_back(name + "=" + value);
  return words;
}

/// Starts musterd in a session of its own and waits until it answers.
Try<void> start_controller(const Cluster& cluster) {
  const auto program = program_beside("musterd");
  if (!program) return refuse(program.error());
  const auto log_dir = cluster.paths.dir + "/log";
  if (auto made = loop::make_directories(log_dir, 0700); !made) return refuse(made.error());
  loop::Loop loop;
  std::optional<std::string> ended;
  const loop::Elapsed elapsed;
  bool answers = false;
  {
    const auto process = loop::Process::spawn(
        loop,
        {.program = *program,
         .arguments = {*program, "--config", cluster.paths.config()},
         .environment = environment_words(),
         .directory = "/",
         .input = loop::NullFile{},
         .output = loop::OutputFile{cluster.paths.log(), true},
         .error = loop::SameAsOutput{},
         .new_session = true,
         .extra_fds = {},
         .cores = {}},
        [&](const loop::ExitStatus& status) {
          ended = status.signal != 0 ? fmt::format("was killed by signal {}", status.signal)
                                     : fmt::format("exited with code {}", status.code);
          loop.stop();
        });
    if (!process) return refuse(process.error());
    loop::Timer look(loop, [&] {
      answers = is_listening(cluster.address);
      if (answers || elapsed.so_far() > start_limit) loop.stop();
    });
    look.start_repeating(up_look_pause);
    loop.run();
  }
  if (answers) return {};
  return refuse(fmt::format("musterd {}; the end of its log, '{}':\n{}",
                            ended.value_or("does not answer"), cluster.paths.log(),
                            last_lines(cluster.paths.log(), n_log_lines)));
}

/// Waits until the nodes are there that are to be there at all times.
Try<std::vector<model::NodeRecord>> wait_for_nodes(const Api& api) {
  const auto answer = api.get("/v1/pools");
  if (!answer) return std::unexpected(answer.error());
  const auto pools = wire::pools_from_json(*answer);
  if (!pools) return refuse(pools.error());
  int n_nodes = 0;
  for (const auto& pool : *pools) n_nodes += pool.least;
  const loop::Elapsed elapsed;
  for (;;) {
    const auto body = api.get("/v1/nodes");
    if (!body) return std::unexpected(body.error());
    auto nodes = wire::nodes_from_json(*body);
    if (!nodes) return refuse(nodes.error());
    const auto n_ready = std::ranges::count_if(*nodes, [&](const auto& node) {
      const auto& name = node.info.pool;
      if (std::ranges::find(*pools, name, &model::PoolRecord::pool) == pools->end()) return false;
      // Of one that is prepared first it is said, and not waited for.
      return node.state == model::NodeState::idle || node.state == model::NodeState::busy ||
             node.condition.has_value();
    });
    if (n_ready >= n_nodes) return std::move(*nodes);
    if (elapsed.so_far() > start_limit) {
      return refuse(fmt::format("{} of {} came up within {}; the end of the log, '{}':\n{}",
                                n_ready, base::plural(n_nodes, "node"), base::to_text(start_limit),
                                api.cluster().paths.log(),
                                last_lines(api.cluster().paths.log(), n_log_lines)));
    }
    sleep_for(up_look_pause);
  }
}

void tell(const Cluster& cluster, const std::vector<model::NodeRecord>& nodes, bool is_default) {
  for (const auto& node : nodes) {
    const auto& topology = node.info.topology;
    auto text = fmt::format("{}: {}, {}", node.info.name, model::to_text(node.state),
                            base::plural(static_cast<std::int64_t>(topology.cores.size()), "core"));
    if (!topology.gpus.empty()) {
      text += ", " + base::plural(static_cast<std::int64_t>(topology.gpus.size()), "GPU");
    }
    print(text + fmt::format(", {} of memory{}\n", base::to_text(topology.memory),
                             topology.oversubscribed ? ", shares cores with others" : ""));
    if (node.condition) print(model::describe(node.info.name, *node.condition) + "\n");
  }
  if (nodes.empty()) print("No nodes yet; they come when jobs need them.\n");
  if (is_default) {
    print("Submit a job: submit SCRIPT. End the cluster: muster down.\n");
  } else {
    print(
        fmt::format("Submit a job: submit --dir {0} SCRIPT, or export MUSTER_DIR={0} first. End "
                    "the cluster: muster down --dir {0}.\n",
                    cluster.paths.dir));
  }
}

Outcome up(const options::Parsed& line) {
  const auto wish = wish_of_up(line);
  if (!wish) return std::unexpected(wish.error());
  auto paths = state_directory(line);
  if (!paths) return std::unexpected(paths.error());
  const Cluster cluster{*paths, loop::UnixAddress{paths->api_socket()}};
  const auto running = controller_of(*paths);
  if (!running) return std::unexpected(running.error());
  if (*running != 0) {
    return refuse(
        fmt::format("a cluster runs already in '{}' (musterd is process {}); see muster "
                    "nodes, or end it with: muster down",
                    paths->dir, *running));
  }
  const auto config = settle_config(*paths, *wish);
  if (!config) return std::unexpected(config.error());
  if (const auto started = start_controller(cluster); !started) {
    return std::unexpected(started.error());
  }
  const auto nodes = wait_for_nodes(Api(cluster));
  if (!nodes) return std::unexpected(nodes.error());
  tell(cluster, *nodes, !options::has(line, dir_id));
  return exit_done;
}

}  // namespace

constinit const Verb up_verb{
    "up",
    "[OPTIONS]",
    "Start a cluster of your own on this machine.",
    "Starts the controller and its nodes, each a slice of this machine, and returns when all of "
    "them can take work. Needs no rights and no configuration. A cluster that was stopped or "
    "killed is started again as it was, with its jobs.",
    [] { return std::span<const options::Option>(up_table); },
    options::Operands::anywhere,
    up};

}  // namespace cli
