#include "agent/daemon/prepare.h"

#include <signal.h>
#include <unistd.h>

#include <optional>
#include <utility>
#include <variant>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"
#include "lib/loop/process.h"
#include "lib/loop/timer.h"
#include "lib/wire/agent.h"

namespace agentd {

namespace {

constexpr std::size_t reply_limit = std::size_t{16} << 20;

loop::SpawnOptions spawn_options(const Preparation& preparation, const std::string& output) {
  loop::SpawnOptions options;
  options.program = preparation.program;
  options.arguments = {preparation.program, "--out", preparation.node_dir};
  options.arguments.insert(options.arguments.end(), preparation.arguments.begin(),
                           preparation.arguments.end());
  for (char** entry = environ; *entry != nullptr; ++entry) {
    options.environment.emplace_back(*entry);
  }
  options.output = loop::OutputFile{.path = output, .append = false};
  options.error = loop::SameAsOutput{};
  options.new_session = true;
  return options;
}

/// How the program ended; nullopt: it did not in time and was killed.
base::Result<std::optional<loop::ExitStatus>> run(loop::Loop& loop,
                                                  const loop::SpawnOptions& options,
                                                  base::Duration time_limit) {
  std::optional<loop::ExitStatus> status;
  auto child = loop::Process::spawn(loop, options, [&](const loop::ExitStatus& ended) {
    status = ended;
    loop.stop();
  });
  if (!child) return std::unexpected(std::move(child).error());
  loop::Timer limit(loop, [&loop] { loop.stop(); });
  limit.start(time_limit);
  loop.run();
  // A hanging driver may keep it from dying: nobody waits for that.
  if (!status) (void)child->signal_group(SIGKILL);
  return status;
}

}  // namespace

base::Result<model::NodeInfo> prepare_node(loop::Loop& loop, const Preparation& preparation) {
  const std::string output = preparation.node_dir + "/nodeprep.out";
  const auto status = run(loop, spawn_options(preparation, output), preparation.time_limit);
  if (!status) return std::unexpected(status.error());
  if (!*status) {
    return base::fail(base::Code::unavailable, "muster-nodeprep did not end within " +
                                                   base::to_text(preparation.time_limit));
  }
  if ((*status)->code != 0 || (*status)->signal != 0) {
    const auto said = loop::read_file(output, reply_limit);
    const std::string verdict = said ? base::printable(base::trim(*said), 500) : "";
    return base::fail(base::Code::unavailable,
                      "muster-nodeprep does not accept this node: " + verdict);
  }
  const std::string path = preparation.node_dir + "/node";
  const auto bytes = loop::read_file(path, reply_limit);
  if (!bytes) return std::unexpected(bytes.error());
  auto message = wire::decode_from_agent(*bytes);
  if (!message) return std::unexpected(std::move(message).error().in(path));
  auto* hello = std::get_if<model::AgentHello>(&*message);
  if (hello == nullptr) return base::fail(base::Code::corrupt, path + ": expected a node");
  return std::move(hello->info);
}

}  // namespace agentd
