#include "scheduler/daemon/local_nodes.h"

#include <unistd.h>

#include <algorithm>
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

}  // namespace

struct LocalNodes::Node {
  Node(loop::Loop& loop, LocalSlice s, std::function<void()> on_retry)
      : slice(std::move(s)), timer(loop, std::move(on_retry)) {}

  LocalSlice slice;
  std::optional<loop::Process> child;       // started by this process
  std::optional<loop::ProcessWatch> watch;  // started by an earlier one
  loop::Timer timer;
  loop::Elapsed age;
  base::Duration back_off = first_back_off;
  std::string last_words;  // of an agent that ended with an error, until the next lives longer

  bool is_alive() const { return child || watch; }
};

LocalNodes::LocalNodes(loop::Loop& loop, std::string program, Paths paths,
                       const std::vector<LocalSlice>& slices, const loop::Log& log)
    : program_(std::move(program)), paths_(std::move(paths)), log_(log), loop_(loop) {
  for (const auto& slice : slices) {
    const std::size_t place = nodes_.size();
    nodes_.push_back(std::make_unique<Node>(loop, slice, [this, place] { look(*nodes_[place]); }));
  }
}

LocalNodes::~LocalNodes() = default;

void LocalNodes::start() {
  for (const auto& node : nodes_) look(*node);
}

/// Watches the agent that lives, or starts one.
void LocalNodes::look(Node& node) {
  if (is_stopping_) return;
  const auto holder = loop::lock_holder(paths_.node_dir(node.slice.name) + "/agent.lock");
  if (!holder) {
    log_.warn("agent_lock_unreadable", {{"node", node.slice.name}, {"why", holder.error().text}});
    retry(node);
  } else if (*holder != 0) {
    watch(node, *holder);
  } else {
    launch(node);
  }
}

void LocalNodes::watch(Node& node, pid_t pid) {
  const auto start_time = loop::process_start_time(pid);
  if (!start_time) return retry(node);
  auto watch =
      loop::ProcessWatch::open(loop_, pid, *start_time, [this, &node] { ended(node, nullptr); });
  if (!watch) return retry(node);
  node.age = loop::Elapsed();
  node.watch = std::move(*watch);
  log_.info("agent_found", {{"node", node.slice.name}, {"pid", pid}});
}

void LocalNodes::launch(Node& node) {
  const auto dir = paths_.node_dir(node.slice.name);
  loop::SpawnOptions options{.program = program_,
                             .arguments = agent_arguments(node.slice, paths_),
                             .environment = own_environment(),
                             .directory = "/",
                             .new_session = true};
  options.arguments.insert(options.arguments.begin(), program_);
  options.error = loop::OutputFile{dir + "/agent.err", false};
  auto made = loop::make_directories(dir, 0700);
  auto child = made ? loop::Process::spawn(
                          loop_, options,
                          [this, &node](const loop::ExitStatus& status) { ended(node, &status); })
                    : std::unexpected(made.error());
  if (!child) {
    log_.error("agent_not_started", {{"node", node.slice.name}, {"why", child.error().text}});
    return retry(node);
  }
  node.age = loop::Elapsed();
  node.child = std::move(*child);
  log_.info("agent_started", {{"node", node.slice.name}, {"pid", node.child->pid()}});
}

/// `status` is known of children only.
void LocalNodes::ended(Node& node, const loop::ExitStatus* status) {
  const auto& name = node.slice.name;
  if (is_stopping_) {
    log_.info("agent_ended", {{"node", name}});
  } else if (status != nullptr) {
    log_.warn("agent_ended", {{"node", name}, {"code", status->code}, {"signal", status->signal}});
  } else {
    log_.warn("agent_ended", {{"node", name}});
  }
  node.child.reset();
  node.watch.reset();
  if (node.age.so_far() > long_life) node.back_off = first_back_off;
  node.last_words = last_line(paths_.node_dir(name) + "/agent.err");
  if (!is_stopping_) return retry(node);
  if (n_alive() == 0 && gone_) std::exchange(gone_, nullptr)();
}

void LocalNodes::retry(Node& node) {
  node.timer.start(node.back_off);
  node.back_off = std::min(2 * node.back_off, longest_back_off);
}

void LocalNodes::stop_restarting(std::function<void()> gone) {
  is_stopping_ = true;
  gone_ = std::move(gone);
  for (const auto& node : nodes_) node->timer.stop();
  if (n_alive() == 0) std::exchange(gone_, nullptr)();
}

void LocalNodes::signal(int number) {
  // An agent that is gone by now needs no signal.
  for (const auto& node : nodes_) {
    if (node->child) (void)node->child->signal(number);
    if (node->watch) (void)node->watch->signal(number);
  }
}

std::size_t LocalNodes::n_alive() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(nodes_, [](const auto& node) { return node->is_alive(); }));
}

std::string LocalNodes::trouble() const {
  for (const auto& node : nodes_) {
    const bool is_young = !node->is_alive() || node->age.so_far() < node->back_off;
    if (is_young && !node->last_words.empty()) return node->slice.name + ": " + node->last_words;
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
