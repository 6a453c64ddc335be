#include "lib/model/launch.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>

#include "lib/base/check.h"

namespace model {

base::Duration time_to_end(const LaunchOrder& order) {
  const bool has_epilog = order.key.preparation && !order.job->preparation.epilog.empty();
  return order.kill_grace + (has_epilog ? order.job->preparation.epilog_limit : base::Duration());
}

std::string on_node(const std::string& address, const std::string& folder) {
  constexpr std::string_view kind = "unix:";
  if (!address.starts_with(kind) || address.substr(kind.size()).starts_with('/')) return address;
  return std::string(kind) + folder + "/" + address.substr(kind.size());
}

bool is_one_machine(const LaunchOrder& order) {
  const auto& all = order.addresses;
  return std::ranges::adjacent_find(all, std::not_equal_to<>()) == all.end();
}

int head_index(const LaunchOrder& order) {
  for (std::size_t i = 0; i < order.tasks.size(); ++i) {
    if (order.tasks[i] > 0) return static_cast<int>(i);
  }
  base::check(false, "a step has a task somewhere");
  return 0;
}

std::vector<std::vector<int>> deal_ranks(const std::vector<int>& tasks, bool by_node) {
  std::vector<std::vector<int>> ranks(tasks.size());
  const int n_ranks = std::accumulate(tasks.begin(), tasks.end(), 0);
  const auto has_room = [&](std::size_t node) { return std::ssize(ranks[node]) < tasks[node]; };
  std::size_t node = 0;
  for (int rank = 0; rank < n_ranks; ++rank) {
    while (!has_room(node)) node = (node + 1) % tasks.size();
    ranks[node].push_back(rank);
    if (by_node) node = (node + 1) % tasks.size();
  }
  return ranks;
}

}  // namespace model
