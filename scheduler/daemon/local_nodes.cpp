#include "scheduler/daemon/local_nodes.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"
#include "lib/loop/process_table.h"

namespace musterd {

namespace {

constexpr base::Duration first_back_off = std::chrono::milliseconds(100);
constexpr base::Duration longest_back_off = std::chrono::seconds(30);
constexpr std::size_t error_file_limit = std::size_t{1} << 20;
constexpr base::Duration long_life = std::chrono::seconds(30);  // after it back-off starts anew
constexpr base::Duration term_time = std::chrono::seconds(5);   // from TERM to KILL

std::vector<std::string> own_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

/// Of the file where an agent writes what ends it.
std::string last_line(const std::string& path) {
  const auto text = loop::read_file(path, error_file_limit);
  if (!text) return {};
  const auto trimmed = base::trim(*text);
  return base::printable(trimmed.substr(trimmed.rfind('\n') + 1), 300);
}

std::vector<std::string> folders_in(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;  // a folder that is not there has none
  namespace fs = std::filesystem;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error))
    names.push_back(it->path().filename().string());
  std::ranges::sort(names);
  return names;
}

}  // namespace

/// What the timer of a node is for.
enum class Pending { nothing, start, kill };

struct LocalNodes::Node {
  Node(loop::Loop& loop, std::string n, std::function<void()> on_time)
      : name(std::move(n)), timer(loop, std::move(on_time)) {}

  std::string name;
  std::optional<LocalSlice> slice;          // absent: of an earlier configuration
  std::optional<loop::Process> child;       // started by this process
  std::optional<loop::ProcessWatch> watch;  // started by an earlier one
  bool is_wanted = false;
  Pending pending = Pending::nothing;
  loop::Timer timer;
  loop::Elapsed age;
  base::Duration back_off{};
  std::string last_words;  // of an agent that ended with an error, until the next lives longer

  bool is_alive() const { return child || watch; }
  void signal(int number) {
    // An agent that is gone by now needs no signal.
    if (child) (void)child->signal(number);
    if (watch) (void)watch->signal(number);
  }
};

LocalNodes::LocalNodes(loop::Loop& loop, Parts parts, const loop::Log& log)
    : parts_(std::move(parts)), log_(log), loop_(loop) {}

LocalNodes::~LocalNodes() = default;

LocalNodes::Node* LocalNodes::node_of(const std::string& name) {
  auto& node = nodes_[name];
  if (node) return node.get();
  node = std::make_unique<Node>(loop_, name, [this, name] { fire(*nodes_.at(name)); });
  const auto slice = std::ranges::find(parts_.slices, name, &LocalSlice::name);
  if (slice != parts_.slices.end()) node->slice = *slice;
  return node.get();
}

void LocalNodes::create(const std::string& name, const std::string&) {
  if (is_stopping_) return;
  auto& node = *node_of(name);
  node.is_wanted = true;
  if (node.pending == Pending::kill) return;  // started when it has ended
  if (node.is_alive()) return parts_.say(scheduler::ProviderMade{name});
  if (node.back_off == base::Duration()) return look(node);
  node.pending = Pending::start;
  node.timer.start(node.back_off);
}

void LocalNodes::destroy(const std::string& name) {
  auto& node = *node_of(name);
  node.is_wanted = false;
  if (node.pending == Pending::start) node.timer.stop();
  if (node.pending != Pending::kill) node.pending = Pending::nothing;
  node.back_off = {};
  if (!node.is_alive()) {
    const auto holder = loop::lock_holder(parts_.paths.node_dir(name) + "/agent.lock");
    if (holder && *holder != 0) (void)watch(node, *holder);
  }
  if (!node.is_alive()) return parts_.say(scheduler::ProviderEnded{name, {}});
  end(node);
}

void LocalNodes::end(Node& node) {
  if (node.pending == Pending::kill) return;
  node.signal(SIGTERM);
  node.pending = Pending::kill;
  node.timer.start(term_time);
}

void LocalNodes::fire(Node& node) {
  const auto pending = std::exchange(node.pending, Pending::nothing);
  if (pending == Pending::start && node.is_wanted) look(node);
  if (pending != Pending::kill) return;
  log_.warn("agent_killed", {{"node", node.name}});
  node.signal(SIGKILL);
  node.pending = Pending::kill;
  node.timer.start(term_time);
}

void LocalNodes::list() {
  std::vector<std::string> names;
  for (const auto& name : folders_in(parts_.paths.nodes_dir())) {
    const auto holder = loop::lock_holder(parts_.paths.node_dir(name) + "/agent.lock");
    if (holder && *holder != 0) names.push_back(name);
  }
  parts_.say(scheduler::ProviderHas{.names = std::move(names), .pools = parts_.pools});
}

/// Watches the agent that lives, or starts one.
void LocalNodes::look(Node& node) {
  if (is_stopping_) return;
  const auto holder = loop::lock_holder(parts_.paths.node_dir(node.name) + "/agent.lock");
  if (!holder) {
    log_.warn("agent_lock_unreadable", {{"node", node.name}, {"why", holder.error().text}});
    fail(node, holder.error().text, false);
  } else if (*holder == 0) {
    launch(node);
  } else if (watch(node, *holder)) {
    log_.info("agent_found", {{"node", node.name}, {"pid", *holder}});
    parts_.say(scheduler::ProviderMade{node.name});
  } else {
    node.pending = Pending::start;
    node.timer.start(first_back_off);
  }
}

bool LocalNodes::watch(Node& node, pid_t pid) {
  const auto start_time = loop::process_start_time(pid);
  if (!start_time) return false;
  auto watch =
      loop::ProcessWatch::open(loop_, pid, *start_time, [this, &node] { ended(node, nullptr); });
  if (!watch) return false;
  node.age = loop::Elapsed();
  node.watch = std::move(*watch);
  return true;
}

void LocalNodes::launch(Node& node) {
  if (!node.slice) return fail(node, "muster.toml has no such node", false);
  const auto dir = parts_.paths.node_dir(node.name);
  loop::SpawnOptions options{.program = parts_.program,
                             .arguments = agent_arguments(*node.slice, parts_.paths),
                             .environment = own_environment(),
                             .directory = "/",
                             .new_session = true};
  options.arguments.insert(options.arguments.begin(), parts_.program);
  options.error = loop::OutputFile{dir + "/agent.err", false};
  auto made = loop::make_directories(dir, 0700);
  auto child = made ? loop::Process::spawn(
                          loop_, options,
                          [this, &node](const loop::ExitStatus& status) { ended(node, &status); })
                    : std::unexpected(made.error());
  if (!child) {
    log_.error("agent_not_started", {{"node", node.name}, {"why", child.error().text}});
    return fail(node, child.error().text, child.error().code == base::Code::exhausted);
  }
  node.age = loop::Elapsed();
  node.child = std::move(*child);
  log_.info("agent_started", {{"node", node.name}, {"pid", node.child->pid()}});
  parts_.say(scheduler::ProviderMade{node.name});
}

/// One that is to stay there is asked for again, after a pause.
void LocalNodes::fail(Node& node, const std::string& why, bool is_capacity) {
  node.back_off = std::min(std::max(2 * node.back_off, first_back_off), longest_back_off);
  parts_.say(scheduler::ProviderFailed{node.name, why, is_capacity});
  parts_.say(scheduler::ProviderEnded{node.name, why});
}

/// `status` is known of children only.
void LocalNodes::ended(Node& node, const loop::ExitStatus* status) {
  const bool is_expected = is_stopping_ || !node.is_wanted;
  if (is_expected) {
    log_.info("agent_ended", {{"node", node.name}});
  } else if (status != nullptr) {
    log_.warn("agent_ended",
              {{"node", node.name}, {"code", status->code}, {"signal", status->signal}});
  } else {
    log_.warn("agent_ended", {{"node", node.name}});
  }
  node.child.reset();
  node.watch.reset();
  const bool was_ended = std::exchange(node.pending, Pending::nothing) == Pending::kill;
  node.timer.stop();
  if (node.age.so_far() > long_life || was_ended) node.back_off = {};
  node.back_off = std::min(std::max(2 * node.back_off, first_back_off), longest_back_off);
  node.last_words = is_expected ? "" : last_line(parts_.paths.node_dir(node.name) + "/agent.err");
  if (is_stopping_) {
    if (n_alive() == 0 && gone_) std::exchange(gone_, nullptr)();
    return;
  }
  const bool is_again = was_ended && node.is_wanted;  // asked for while it ended
  if (is_again) return look(node);
  // Another one of the same node may have been quicker: of a controller that was killed.
  const auto holder = loop::lock_holder(parts_.paths.node_dir(node.name) + "/agent.lock");
  if (node.is_wanted && holder && *holder != 0 && watch(node, *holder)) return;
  parts_.say(scheduler::ProviderEnded{node.name, node.last_words});
}

void LocalNodes::stop(std::function<void()> gone) {
  is_stopping_ = true;
  gone_ = std::move(gone);
  for (const auto& [name, node] : nodes_) node->timer.stop();
  if (n_alive() == 0) std::exchange(gone_, nullptr)();
}

void LocalNodes::signal(int number) {
  for (const auto& [name, node] : nodes_) node->signal(number);
}

std::size_t LocalNodes::n_alive() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(nodes_, [](const auto& node) { return node.second->is_alive(); }));
}

std::string LocalNodes::trouble() const {
  for (const auto& [name, node] : nodes_) {
    const bool is_young = !node->is_alive() || node->age.so_far() < node->back_off;
    const bool is_to_be_there = node->is_wanted && is_young;
    if (is_to_be_there && !node->last_words.empty()) return name + ": " + node->last_words;
  }
  return {};
}

std::vector<std::string> agent_arguments(const LocalSlice& slice, const Paths& paths) {
  std::vector<std::string> arguments{"--dir",         paths.node_dir(slice.name),
                                     "--controller",  "unix:" + paths.agents_socket(),
                                     "--name",        slice.name,
                                     "--pool",        slice.pool,
                                     "--slice-first", std::to_string(slice.first_core),
                                     "--slice-cores", std::to_string(slice.cores),
                                     "--memory",      std::to_string(slice.memory.count()),
                                     "--containment", slice.containment};
  if (slice.shared) arguments.emplace_back("--shared");
  if (!slice.gpus.empty()) {
    std::vector<std::string> gpus;
    for (const int gpu : slice.gpus) gpus.push_back(std::to_string(gpu));
    arguments.insert(arguments.end(), {"--slice-gpus", base::join(gpus, ",")});
  }
  return arguments;
}

base::Result<std::string> program_beside(const std::string& name) {
  std::string path(4096, '\0');
  const ssize_t n = readlink("/proc/self/exe", path.data(), path.size());
  if (n < 0) return base::fail_errno(errno, "cannot read '/proc/self/exe'");
  path.resize(static_cast<std::size_t>(n));
  path = path.substr(0, path.rfind('/') + 1) + name;
  if (access(path.c_str(), X_OK) != 0) return base::fail_errno(errno, "cannot run '" + path + "'");
  return path;
}

}  // namespace musterd
