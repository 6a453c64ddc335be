#include "tests/unit/launcher/launch_box.h"

#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "lib/loop/files.h"
#include "lib/loop/process_table.h"
#include "lib/wire/agent.h"
#include "lib/wire/launch.h"
#include "tests/support/catch.h"

namespace launcher_test {

namespace {

constexpr std::size_t file_limit = std::size_t{1} << 26;

model::Environment own_environment() {
  model::Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return environment;
}

}  // namespace

std::vector<int> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<unsigned>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

LaunchBox::LaunchBox(int n_nodes, int cores) {
  std::string name = "/tmp/muster-box-XXXXXX";
  REQUIRE(mkdtemp(name.data()) != nullptr);
  folder_ = name;
  std::filesystem::create_directory(folder_ + "/run");
  const auto cpus = usable_cpus();
  std::size_t next = 0;
  for (int node = 0; node < n_nodes; ++node) {
    model::Topology topology;
    topology.numa.push_back({});
    for (int core = 0; core < cores; ++core) {
      const int cpu = cpus[next++ % cpus.size()];
      topology.cores.push_back({.cpus = model::CpuSet::range(cpu, 1)});
    }
    topology.oversubscribed = static_cast<std::size_t>(n_nodes * cores) > cpus.size();
    topologies_.push_back(topology);
    describe(static_cast<std::size_t>(node));
  }
}

void LaunchBox::describe(std::size_t node) const {
  model::AgentHello hello;
  hello.info.name = "n" + std::to_string(node + 1);
  hello.info.topology = topologies_.at(node);
  const std::string home = folder_ + "/nodes/" + hello.info.name;
  std::filesystem::create_directories(home + "/launches");
  REQUIRE(loop::write_file_atomic(home + "/node", wire::encode(model::FromAgent(hello)), {}));
}

void LaunchBox::pretend_thread(int node, int cpu) {
  topologies_.at(static_cast<std::size_t>(node)).cores.front().cpus.add(cpu);
  describe(static_cast<std::size_t>(node));
}

LaunchBox::~LaunchBox() {
  std::filesystem::remove_all(folder_);
}

const model::Topology& LaunchBox::topology(int node) const {
  return topologies_.at(static_cast<std::size_t>(node));
}

model::LaunchOrder LaunchBox::batch_order(const std::string& script) const {
  auto job = std::make_shared<model::JobSpec>();
  job->name = "box";
  job->script = script;
  job->environment = own_environment();
  job->work_dir = folder_;
  job->output = folder_ + "/job-%j.out";
  model::LaunchOrder order{.key = {.job = model::JobId(7), .attempt = 1, .step = {}},
                           .user = {.uid = getuid(), .gid = getgid(), .name = "tester"},
                           .job = job,
                           .kill_grace = std::chrono::seconds(5),
                           .cluster = "box",
                           .pool = "all",
                           .controller = "unix:" + folder_ + "/api.sock"};
  for (std::size_t node = 0; node < topologies_.size(); ++node) {
    const int cores = static_cast<int>(topologies_[node].cores.size());
    order.allocation.nodes.push_back({.node = model::NodeId(static_cast<std::uint32_t>(node + 1)),
                                      .name = "n" + std::to_string(node + 1),
                                      .tasks = cores,
                                      .cores = model::CoreSet::range(0, cores),
                                      .gpus = {},
                                      .memory = {}});
  }
  return order;
}

model::LaunchOrder LaunchBox::step_order(const std::vector<int>& tasks,
                                         const std::vector<std::string>& arguments) const {
  model::LaunchOrder order = batch_order("");
  auto step = std::make_shared<model::StepSpec>();
  step->arguments = arguments;
  step->environment = own_environment();
  step->work_dir = folder_;
  order.key.step = model::StepId(0);
  order.step = step;
  order.tasks = tasks;
  order.head_address = "unix:" + folder_ + "/run/7.1.0.sock";
  order.secret = std::string(64, '5');
  return order;
}

std::string LaunchBox::place(const model::LaunchOrder& order) const {
  const auto& node = order.allocation.nodes[static_cast<std::size_t>(order.node_index)];
  const std::string dir = folder_ + "/nodes/" + node.name + "/launches/" + to_text(order.key);
  std::filesystem::create_directory(dir);
  REQUIRE(loop::write_file_atomic(dir + "/order", wire::encode_order(order), {}));
  return dir;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<model::LaunchReport> read_report(const std::string& launch_dir) {
  const auto bytes = loop::read_file(launch_dir + "/report", file_limit);
  if (!bytes) return std::nullopt;
  auto report = wire::decode_report(*bytes);
  REQUIRE(report);
  return *report;
}

std::vector<wire::LogRecord> read_log(const std::string& launch_dir) {
  wire::LogReader reader;
  reader.feed(read_text(launch_dir + "/log"));
  std::vector<wire::LogRecord> records;
  for (;;) {
    auto record = reader.next();
    REQUIRE(record);
    if (!*record) return records;
    records.push_back(std::move(**record));
  }
}

std::string logged(const std::string& launch_dir, std::optional<int> rank,
                   model::OutputStream stream) {
  std::string text;
  for (const auto& record : read_log(launch_dir)) {
    if (record.rank == rank && record.stream == stream) text += record.bytes;
  }
  return text;
}

std::vector<pid_t> living(const std::string& launch_dir) {
  const std::string mark = read_text(launch_dir + "/launch_id");
  std::vector<pid_t> found;
  for (const auto& process : loop::list_processes()) {
    if (process.is_zombie) continue;
    const auto value = loop::process_environment(process.pid, "MUSTER_LAUNCH_ID");
    if (!mark.empty() && value && *value == mark) found.push_back(process.pid);
  }
  return found;
}

void pause_briefly() {
  const timespec little{.tv_sec = 0, .tv_nsec = 5'000'000};
  nanosleep(&little, nullptr);
}

}  // namespace launcher_test
