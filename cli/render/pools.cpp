#include "cli/render/pools.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/render/table.h"
#include "lib/base/text.h"

namespace render {

namespace {

std::string size_text(const model::PoolRecord& pool) {
  const auto size = pool.least == pool.most ? fmt::format("{}", pool.most)
                                            : fmt::format("{}-{}", pool.least, pool.most);
  return pool.is_ordered ? size + "*" : size;
}

std::string trouble_text(const model::PoolRecord& pool, const View& view) {
  auto text = fmt::format("{} cannot get nodes: {}", pool.pool, pool.trouble);
  if (pool.is_stopped) text += fmt::format("; stopped: muster pool {} resume", pool.pool);
  if (pool.retry_at && *pool.retry_at > view.now) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(*pool.retry_at - view.now);
    text += fmt::format("{} tries again in {}", pool.is_stopped ? ", or" : ";",
                        base::to_text(base::Duration(left)));
  }
  return text + "\n";
}

}  // namespace

std::string pool_table(std::span<const model::PoolRecord> pools, const View& view) {
  const std::vector<Column> columns{{"POOL"},          {"SIZE", true},     {"WANTED", true},
                                    {"IDLE", true},    {"BUSY", true},     {"STARTING", true},
                                    {"LEAVING", true}, {"UNUSABLE", true}, {"IDLE-TIMEOUT", true},
                                    {"TIER"}};
  std::vector<Cells> rows;
  std::string troubles;
  for (const auto& pool : pools) {
    const bool is_fixed = pool.least == pool.most;
    rows.push_back({pool.pool, size_text(pool), fmt::to_string(pool.wanted),
                    fmt::to_string(pool.idle), fmt::to_string(pool.busy),
                    fmt::to_string(pool.starting), fmt::to_string(pool.leaving),
                    fmt::to_string(pool.unusable), is_fixed ? "" : base::to_text(pool.idle_timeout),
                    std::string(model::to_text(pool.tier))});
    if (!pool.trouble.empty()) troubles += trouble_text(pool, view);
  }
  return table(columns, rows, view.width) + troubles;
}

std::string decision_table(std::span<const model::PoolRecord> pools, const View& view) {
  std::vector<std::pair<base::Time, Cells>> decisions;
  for (const auto& pool : pools) {
    for (const auto& decision : pool.decisions) {
      decisions.emplace_back(decision.at, Cells{view.time(decision.at), pool.pool, decision.node,
                                                decision.what, decision.cause});
    }
  }
  std::ranges::stable_sort(decisions, {}, &std::pair<base::Time, Cells>::first);
  if (decisions.empty()) return "Nothing was decided yet.\n";
  std::vector<Cells> rows;
  for (auto& [at, cells] : decisions) rows.push_back(std::move(cells));
  return table({{"TIME"}, {"POOL"}, {"NODE"}, {"IS"}, {"WHY"}}, rows, view.width);
}

}  // namespace render
