#include "cli/render/node.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "lib/base/text.h"

namespace render {

namespace {

constexpr std::size_t longest_value = 4000;
constexpr std::size_t longest_line = 200;

void add(std::string& text, std::string_view name, std::string_view value) {
  if (!value.empty())
    text += fmt::format("{:<11} {}\n", name, base::printable(value, longest_value));
}

std::string jobs_of(const model::NodeRecord& node) {
  std::vector<std::string> jobs;
  for (const auto job : node.jobs) jobs.push_back(to_text(job));
  return base::join(jobs, " ");
}

}  // namespace

std::string output_block(const model::NodeCondition& condition) {
  std::string text;
  if (condition.output.empty()) return text;
  for (const auto line : base::split(condition.output, '\n'))
    text += "  | " + base::printable(line, longest_line) + "\n";
  return text;
}

std::string node_block(const model::NodeRecord& node, const View& view) {
  const auto& info = node.info;
  std::string text;
  add(text, "node", info.name);
  add(text, "pool", info.pool);
  add(text, "state", to_text(node.state));
  add(text, "since", view.time(node.since));
  if (node.condition) {
    add(text, "condition", model::describe(info.name, *node.condition));
    add(text, "", "since " + view.time(node.condition->since));
    text += output_block(*node.condition);
  }
  if (node.drain) {
    add(text, "drained",
        fmt::format("by {} since {}{}", node.drain->by, view.time(node.drain->since),
                    node.drain->reason.empty() ? "" : ": " + node.drain->reason));
  }
  if (node.eviction) add(text, "evicted", node.eviction->cause);
  for (const auto& process : node.undying) {
    add(text, "held",
        fmt::format("{} since {}; SIGKILL does not end it", model::describe(process),
                    view.time(process.since)));
  }
  for (const auto& failing : node.failing) {
    add(text, "failing",
        fmt::format("{} since {}", model::describe(failing), view.time(failing.since)));
  }
  for (const auto& [at, suspicion] : node.suspicions) {
    add(text, "failed",
        fmt::format("{} job {} (user {}): {}", view.time(at), to_text(suspicion.job), suspicion.uid,
                    suspicion.what));
  }
  add(text, "machine", info.hostname);
  add(text, "address", info.address);
  add(text, "kernel", info.kernel);
  add(text, "muster", info.version);
  add(text, "cores", fmt::format("{}/{}", node.cores_used.count(), info.topology.cores.size()));
  add(text, "GPUs", fmt::format("{}/{}", node.gpus_used.count(), info.topology.gpus.size()));
  add(text, "memory",
      fmt::format("{}/{}", base::to_text(node.memory_used), base::to_text(info.topology.memory)));
  add(text, "features", base::join(info.features, ","));
  add(text, "containment", info.containment);
  add(text, "bookings", base::join(node.bookings, ","));
  add(text, "jobs", jobs_of(node));
  return text;
}

}  // namespace render
