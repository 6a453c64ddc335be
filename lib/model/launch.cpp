#include "lib/model/launch.h"

#include <numeric>

#include "lib/base/check.h"

namespace model {

int head_index(const LaunchOrder& order) {
  for (std::size_t i = 0; i < order.tasks.size(); ++i) {
    if (order.tasks[i] > 0) return static_cast<int>(i);
  }
  base::check(false, "a step has a task somewhere");
  return 0;
}

int first_rank(const LaunchOrder& order, int index) {
  return std::accumulate(order.tasks.begin(), order.tasks.begin() + index, 0);
}

}  // namespace model
