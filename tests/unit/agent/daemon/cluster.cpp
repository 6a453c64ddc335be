#include "tests/unit/agent/daemon/cluster.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "lib/loop/address.h"
#include "lib/loop/timer.h"
#include "lib/wire/agent.h"
#include "tests/support/catch.h"

namespace agentd_test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

model::LaunchKey batch(std::uint32_t job) {
  return {model::JobId(job), 1, std::nullopt};
}

model::Launch launch(const model::LaunchKey& key, std::vector<std::string> script) {
  auto job = std::make_shared<model::JobSpec>();
  job->arguments = std::move(script);
  job->work_dir = "/";
  job->output = "/dev/null";
  model::NodeShare share{.node = model::NodeId(1),
                         .name = "n1",
                         .tasks = 1,
                         .cores = model::CoreSet::range(0, 1),
                         .gpus = {},
                         .memory = {}};
  return {.order = {.key = key,
                    .user = {.uid = getuid(), .gid = getgid(), .name = "tester"},
                    .job = std::move(job),
                    .step = {},
                    .allocation = {.nodes = {std::move(share)}},
                    .node_index = 0,
                    .tasks = {},
                    .kill_grace = 1s,
                    .cluster = "test",
                    .pool = "default",
                    .controller = "unix:/nowhere",
                    .head_address = {},
                    .secret = {}}};
}

Cluster::Cluster() {
  std::string name = (fs::temp_directory_path() / "muster-agent-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  root = name;
  open();
}

Cluster::~Cluster() {
  if (agent_ && agent_->is_running()) {
    (void)agent_->signal(SIGKILL);
    wait_until([this] { return agent_status_.has_value(); });
  }
  agent_.reset();
  close();
  std::error_code ignored;
  fs::remove_all(root, ignored);
}

void Cluster::open() {
  auto listener = loop::Listener::open(loop_, loop::UnixAddress{root / "agents.sock"}, {},
                                       [this](loop::Stream stream) { accept(std::move(stream)); });
  REQUIRE(listener);
  listener_ = *std::move(listener);
}

void Cluster::close() {
  listener_.reset();
  agent_stream_.reset();
  heard.clear();
}

void Cluster::accept(loop::Stream stream) {
  agent_stream_.emplace(std::move(stream));
  agent_stream_->on_end([this](const base::Result<void>&) { agent_stream_.reset(); });
  agent_stream_->on_frame([this](const std::string& frame) {
    auto message = wire::decode_from_agent(frame);
    REQUIRE(message);
    if (std::holds_alternative<model::AgentHello>(*message)) {
      send(model::Welcome{.node = model::NodeId(1), .heartbeat = 100ms});
    }
    heard.push_back(*std::move(message));
    if (wanted_ && wanted_()) {
      wanted_ = nullptr;
      loop_.stop();
    }
  });
}

void Cluster::start_agent(std::vector<std::string> more_options) {
  loop::SpawnOptions options;
  options.program = MUSTER_AGENT;
  options.arguments = std::move(more_options);
  options.arguments.insert(options.arguments.begin(), MUSTER_AGENT);
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"--dir=", (root / "n1").string()},
           {"--controller=", "unix:" + (root / "agents.sock").string()},
           {"--name=", "n1"},
           {"--log-level=", "debug"},
           {"--launcher=", SCRIPTED_LAUNCHER},
           {"--nodeprep=", MUSTER_NODEPREP}}) {
    const bool is_given = std::ranges::any_of(
        options.arguments, [&](const std::string& given) { return given.starts_with(name); });
    if (!is_given) options.arguments.push_back(name + value);
  }
  options.environment = {"PATH=/usr/bin:/bin"};
  options.output = loop::OutputFile{root / "agent.out", true};
  options.error = loop::SameAsOutput{};
  agent_status_.reset();
  auto agent = loop::Process::spawn(loop_, options, [this](const loop::ExitStatus& status) {
    agent_status_ = status;
    if (wanted_ && wanted_()) {
      wanted_ = nullptr;
      loop_.stop();
    }
  });
  REQUIRE(agent);
  agent_ = *std::move(agent);
}

void Cluster::kill_agent() {
  REQUIRE(agent_->signal(SIGKILL));
  wait_until([this] { return agent_status_.has_value(); });
  agent_stream_.reset();
  heard.clear();
}

int Cluster::wait_for_agent() {
  wait_until([this] { return agent_status_.has_value(); });
  return agent_status_->code;
}

void Cluster::send(const model::ToAgent& message) {
  REQUIRE(agent_stream_);
  REQUIRE(agent_stream_->send(wire::encode(message)));
}

void Cluster::wait_until(const std::function<bool()>& wanted) {
  if (wanted()) return;
  bool late = false;
  loop::Timer deadline(loop_, [&] {
    late = true;
    loop_.stop();
  });
  deadline.start(20s);
  wanted_ = wanted;
  loop_.run();
  wanted_ = nullptr;
  if (late) FAIL("waited in vain; the agent said: " << read(root / "n1/agent.log"));
}

model::AgentHello Cluster::expect_hello() {
  return expect<model::AgentHello>([](const model::AgentHello&) { return true; });
}

model::LaunchReport Cluster::expect_report(const model::LaunchKey& key) {
  return expect<model::ReportEnded>(
             [&](const model::ReportEnded& ended) { return ended.report.key == key; })
      .report;
}

void Cluster::expect_started(const model::LaunchKey& key) {
  expect<model::ReportStarted>([&](const model::ReportStarted& told) { return told.key == key; });
}

void Cluster::expect_log(const model::LaunchKey& key, const std::string& text) {
  const std::uint32_t request = ++request_;
  send(model::LogRead{.request = request, .key = key, .rank = {}, .offset = 0, .follow = true});
  std::string bytes;
  expect<model::LogChunk>([&](const model::LogChunk& chunk) {
    if (chunk.request == request) bytes += chunk.bytes;
    return bytes.find(text) != std::string::npos;
  });
  send(model::LogCancel{request});
}

fs::path Cluster::launch_dir(const model::LaunchKey& key) const {
  return root / "n1/launches" / model::to_text(key);
}

std::string Cluster::read(const fs::path& path) const {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void Cluster::open_gate(const model::LaunchKey& key) const {
  std::ofstream(launch_dir(key) / "gate") << "open";
}

}  // namespace agentd_test
