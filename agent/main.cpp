// muster-agent: the daemon of one node (man 8 muster-agent).

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <unistd.h>

#include <array>
#include <boost/program_options.hpp>
#include <climits>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>

#include "agent/daemon/daemon.h"
#include "agent/daemon/membership.h"
#include "agent/daemon/prepare.h"
#include "agent/daemon/scan.h"
#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"

namespace {

namespace options = boost::program_options;

constexpr int exit_well = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

/// Options that are muster-nodeprep's and handed on to it.
constexpr std::array<const char*, 7> node_options{
    "name", "pool", "address", "slice-first", "slice-cores", "slice-gpus", "memory"};

options::options_description described() {
  const auto text = [] { return options::value<std::string>(); };
  options::options_description all("Options");
  all.add_options()                                                                        //
      ("help,h", "print this and exit")                                                    //
      ("version", "print the version and exit")                                            //
      ("config", text(), "file with these options, a line each, such as name = n1")        //
      ("dir", text(), "folder of the node, made if missing")                               //
      ("controller", text(), "where the controller listens: unix:/path or tls:host:port")  //
      ("identity", text(),
       "folder of the node's certificate (default: identity in that of the node)")  //
      ("name", text(), "name of the node, unique in the cluster")                   //
      ("pool", text(), "pool of the node (default: default)")                       //
      ("address", text(),
       "where other nodes reach it (default: the address of its connection to the controller)")  //
      ("run-dir", text(),
       "folder for the sockets of jobs, where the controller is elsewhere (default: run in that of "
       "the node)")                                                                       //
      ("slice-first", text(), "first core of the slice of the machine that is the node")  //
      ("slice-cores", text(), "number of its cores (default: the whole machine)")         //
      ("slice-gpus", text(), "its GPUs, as a list: 0-3")                                  //
      ("memory", text(), "its memory in bytes (default: in proportion to its cores)")     //
      ("shared", options::bool_switch(), "other slices use some of its cores too")        //
      ("containment", text()->default_value("auto"),
       "control groups for launches: auto, required or off")  //
      ("on-term", text()->default_value("exit"),
       "what SIGTERM does: exit, launchers run on; or evict=30s: the node is going to be taken in "
       "so "
       "long")  //
      ("ends-at", text(),
       "when the node will be taken, in seconds of Unix time: no job that may run "
       "beyond that starts there")                                                //
      ("log", text(), "log file (default: agent.log in the folder of the node)")  //
      ("log-level", text()->default_value("info"), "error, warn, info or debug")  //
      ("keep-launches", options::value<std::size_t>()->default_value(10000),
       "launch directories of ended launches that are kept")                                //
      ("keep-days", options::value<unsigned>()->default_value(7), "and for how many days")  //
      ("launcher", text(), "the launcher (default: muster-launch beside this program)")     //
      ("nodeprep", text(), "the probe (default: muster-nodeprep beside this program)");
  return all;
}

std::string beside_this_program(const char* name) {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  const std::string_view self(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  return std::string(self.substr(0, self.rfind('/') + 1)) + name;
}

/// What the command line says, read.
struct Plan {
  agentd::Settings settings;
  std::optional<agentd::Membership::Options> membership;  // of a node that dials by TLS
  agentd::Preparation preparation;
  std::optional<base::Time> ends_at;  // of the node
  loop::LogOptions log;
};

std::optional<std::string> text_of(const options::variables_map& given, const char* name) {
  if (!given.contains(name)) return std::nullopt;
  return given[name].as<std::string>();
}

base::Result<std::string> needed(const options::variables_map& given, const char* name) {
  const auto text = text_of(given, name);
  if (text && !text->empty()) return *text;
  return base::fail(base::Code::invalid, fmt::format("expected --{}", name));
}

std::vector<std::string> nodeprep_arguments(const options::variables_map& given) {
  std::vector<std::string> arguments;
  for (const char* name : node_options) {
    const auto text = text_of(given, name);
    if (text) arguments.push_back(fmt::format("--{}={}", name, *text));
  }
  if (given["shared"].as<bool>()) arguments.emplace_back("--shared");
  return arguments;
}

base::Result<std::optional<base::Duration>> leave_notice(const std::string& text) {
  if (text == "exit") return std::nullopt;
  constexpr std::string_view prefix = "evict=";
  const auto time = text.starts_with(prefix)
                        ? base::parse_duration(std::string_view(text).substr(prefix.size()))
                        : base::Result<base::Duration>(std::unexpected(base::Error()));
  if (time && *time >= base::Duration()) return *time;
  return base::fail(base::Code::invalid,
                    fmt::format("--on-term '{}': expected exit, or evict=TIME such as evict=30s",
                                base::printable(text)));
}

base::Result<std::optional<base::Time>> end_of_node(const options::variables_map& given) {
  constexpr std::int64_t latest = 253'402'300'799;  // the end of the year 9999
  const auto text = text_of(given, "ends-at");
  if (!text) return std::nullopt;
  const auto seconds = base::parse_int(*text, 1, latest);
  if (seconds) return base::Time(std::chrono::seconds(*seconds));
  return base::fail(base::Code::invalid,
                    fmt::format("--ends-at '{}': expected seconds of Unix time, such as those of "
                                "date +%s",
                                base::printable(*text)));
}

base::Result<Plan> read_plan(const options::variables_map& given) {
  auto dir = needed(given, "dir");
  if (!dir) return std::unexpected(std::move(dir).error());
  dir = std::filesystem::absolute(*dir).lexically_normal().string();
  const auto controller = needed(given, "controller");
  if (!controller) return std::unexpected(controller.error());
  auto address = loop::parse_address(*controller);
  if (!address) return std::unexpected(std::move(address).error().in("--controller"));
  const auto name = needed(given, "name");
  if (!name) return std::unexpected(name.error());
  const auto level_text = given["log-level"].as<std::string>();
  const auto level = loop::log_level_from_text(level_text);
  if (!level) {
    return base::fail(base::Code::invalid,
                      fmt::format("--log-level '{}': expected error, warn, info or debug",
                                  base::printable(level_text)));
  }
  const auto containment_text = given["containment"].as<std::string>();
  const auto containment = agentd::containment_mode_from_text(containment_text);
  if (!containment) {
    return base::fail(base::Code::invalid,
                      fmt::format("--containment '{}': expected auto, required or off",
                                  base::printable(containment_text)));
  }
  std::optional<agentd::Membership::Options> membership;
  if (const auto* tls = std::get_if<loop::TlsAddress>(&*address)) {
    membership = {.folder = text_of(given, "identity").value_or(*dir + "/identity"),
                  .name = *name,
                  .controller = *tls};
  } else if (std::holds_alternative<loop::TcpAddress>(*address)) {
    return base::fail(base::Code::invalid,
                      "--controller: expected unix:/path or tls:host:port; without TLS nobody "
                      "listens beyond sockets");
  }
  const auto notice = leave_notice(given["on-term"].as<std::string>());
  if (!notice) return std::unexpected(notice.error());
  const auto ends_at = end_of_node(given);
  if (!ends_at) return std::unexpected(ends_at.error());
  Plan plan{
      .settings = {.node_dir = *dir,
                   .controller = *std::move(address),
                   .tls = nullptr,
                   .run_dir = text_of(given, "run-dir").value_or(*dir + "/run"),
                   .finds_address = membership && !given.contains("address"),
                   .launcher =
                       text_of(given, "launcher").value_or(beside_this_program("muster-launch")),
                   .nodeprep =
                       text_of(given, "nodeprep").value_or(beside_this_program("muster-nodeprep")),
                   .limits = {},
                   .retention = {},
                   .containment = *containment,
                   .leave_notice = *notice},
      .membership = std::move(membership),
      .preparation =
          {.program = text_of(given, "nodeprep").value_or(beside_this_program("muster-nodeprep")),
           .arguments = nodeprep_arguments(given),
           .node_dir = *dir},
      .ends_at = *ends_at,
      .log = {}};
  plan.settings.retention.directories = given["keep-launches"].as<std::size_t>();
  plan.settings.retention.age = std::chrono::hours(24) * given["keep-days"].as<unsigned>();
  plan.log.path = text_of(given, "log").value_or(*dir + "/agent.log");
  plan.log.level = *level;
  return plan;
}

/// The whole life of the agent.
base::Result<void> serve(const Plan& plan, loop::Log& log) {
  loop::Loop loop;
  auto info = agentd::prepare_node(loop, plan.preparation);
  if (!info) return std::unexpected(std::move(info).error());
  info->ends_at = plan.ends_at;
  const std::string& node_dir = plan.settings.node_dir;
  const auto rebooted = agentd::note_boot(node_dir, info->boot_id);
  if (!rebooted) return std::unexpected(rebooted.error());
  auto settings = plan.settings;
  std::unique_ptr<agentd::Membership> membership;
  if (plan.membership) {
    auto opened = agentd::Membership::open(loop, *plan.membership, log);
    if (!opened) return std::unexpected(std::move(opened).error());
    membership = *std::move(opened);
    settings.tls = membership->tls();
    settings.api_tls = membership->api_tls();
  }
  auto daemon = agentd::Daemon::open(loop, settings, *info, log);
  if (!daemon) return std::unexpected(std::move(daemon).error());
  (*daemon)->start(*rebooted);
  loop.run();
  return {};
}

base::Result<void> take_node(const Plan& plan) {
  const std::string& node_dir = plan.settings.node_dir;
  if (auto made = loop::make_directories(node_dir, 0700); !made) return made;
  const auto lock = loop::FileLock::take(node_dir + "/agent.lock");
  if (!lock) {
    return std::unexpected(base::Error(lock.error()).in("another agent serves this node"));
  }
  auto log = loop::Log::open(plan.log);
  if (!log) return std::unexpected(std::move(log).error());
  auto served = serve(plan, *log);
  if (!served) log->error("agent_failed", {{"why", served.error().text}});
  return served;
}

int run(int argc, char** argv) {
  const options::options_description all = described();
  options::variables_map given;
  options::store(options::command_line_parser(argc, argv).options(all).positional({}).run(), given);
  if (const auto file = text_of(given, "config")) {
    options::store(options::parse_config_file(file->c_str(), all), given);
  }
  if (given.contains("help")) {
    fmt::print(
        "usage: muster-agent --config FILE [OPTIONS]\n"
        "       muster-agent --dir DIR --controller ADDRESS --name NAME [OPTIONS]\n\n{}",
        fmt::streamed(all));
    return exit_well;
  }
  if (given.contains("version")) {
    fmt::print("muster-agent {}\n", MUSTER_VERSION);
    return exit_well;
  }
  const auto plan = read_plan(given);
  if (!plan) {
    fmt::print(stderr, "muster-agent: {} (see --help)\n", plan.error().text);
    return exit_usage;
  }
  const auto served = take_node(*plan);
  if (served) return exit_well;
  fmt::print(stderr, "muster-agent: {}\n", served.error().text);
  return exit_failed;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "muster-agent: {} (see --help)\n", error.what());
    return exit_usage;
  }
}
