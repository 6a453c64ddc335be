#include "nodeprep/judge/judge.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "lib/base/bytes.h"
#include "lib/base/text.h"

namespace judge {

namespace {

constexpr base::Bytes least_memory(std::uint64_t{16} << 20);

std::optional<std::string> fault(const model::NodeInfo& node) {
  const model::Topology& found = node.topology;
  if (node.name.empty()) return "the node has no name: expected --name";
  if (found.cores.empty()) return "no core that this process may use (see taskset -p, cpuset)";
  for (std::size_t i = 0; i < found.cores.size(); ++i) {
    if (found.cores[i].cpus.empty()) return fmt::format("core {} has no hardware thread", i);
  }
  if (found.numa.empty()) return "no memory domain was found";
  if (found.memory < least_memory) {
    return fmt::format("{} of memory that jobs may use, expected at least {}",
                       base::to_text(found.memory), base::to_text(least_memory));
  }
  if (node.boot_id.empty()) return "the machine does not tell its boot id";
  return std::nullopt;
}

std::string amount(std::size_t count, std::string_view noun) {
  return base::plural(static_cast<std::int64_t>(count), noun);
}

}  // namespace

Verdict judge(const model::NodeInfo& node) {
  if (const auto why = fault(node)) return unusable(*why);
  const model::Topology& found = node.topology;
  return {.ready = true,
          .text = fmt::format("ready: {}, {}, {}, {}{}", amount(found.cores.size(), "core"),
                              amount(found.numa.size(), "NUMA domain"), base::to_text(found.memory),
                              amount(found.gpus.size(), "GPU"),
                              found.oversubscribed ? ", oversubscribed" : "")};
}

Verdict unusable(std::string why) {
  return {.ready = false, .text = "unusable: " + std::move(why)};
}

}  // namespace judge
