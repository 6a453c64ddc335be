#include "cli/render/pools.h"

#include <vector>

#include "tests/support/catch.h"

namespace {

using namespace std::chrono_literals;

const base::Time midday = base::time_from_us(1'000'000'000'000);
const render::View wide{midday, {}, [](base::Time) { return std::string("13:00:45"); }};

}  // namespace

TEST_CASE("the listing of pools shows bounds, nodes, and what is wrong") {
  const model::PoolRecord fixed{
      .pool = "cpu", .least = 4, .most = 4, .idle_timeout = 5min, .wanted = 4, .busy = 4};
  model::PoolRecord grown{.pool = "gpu", .least = 0, .most = 8, .idle_timeout = 5min};
  grown.is_ordered = true;
  grown.tier = model::Tier::low_priority;
  grown.wanted = 2;
  grown.starting = 1;
  grown.unusable = 1;
  grown.trouble = "no room for it: quota";
  grown.retry_at = midday + 40s;
  CHECK(render::pool_table(std::vector{fixed, grown}, wide) ==
        "POOL  SIZE  WANTED  IDLE  BUSY  STARTING  LEAVING  UNUSABLE  IDLE-TIMEOUT  TIER\n"
        "cpu      4       4     0     4         0        0         0                dedicated\n"
        "gpu   0-8*       2     0     0         1        0         1            5m  low-priority\n"
        "gpu cannot get nodes: no room for it: quota; tries again in 40s\n");
  grown.is_stopped = true;
  CHECK(render::pool_table(std::vector{grown}, wide)
            .find("stopped: muster pool gpu resume, or tries again in 40s") != std::string::npos);
}

TEST_CASE("the last decisions are told with their causes") {
  model::PoolRecord pool{.pool = "gpu"};
  CHECK(render::decision_table(std::vector{pool}, wide) == "Nothing was decided yet.\n");
  pool.decisions = {{midday, "n1", "starting", "for job 17"}};
  CHECK(render::decision_table(std::vector{pool}, wide) ==
        "TIME      POOL  NODE  IS        WHY\n"
        "13:00:45  gpu   n1    starting  for job 17\n");
}
