#include "lib/model/undying.h"

#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace {

model::Undying undying(model::CoreSet cores, model::GpuSet gpus) {
  return {.launch = {.job = model::JobId(17)},
          .pid = 4711,
          .command = "python3",
          .state = "D",
          .since = {},
          .cores = std::move(cores),
          .gpus = std::move(gpus)};
}

}  // namespace

TEST_CASE("a process that does not die is described by what it holds") {
  CHECK(describe(undying(model::CoreSet::range(2, 2), model::GpuSet::range(0, 1))) ==
        "process 4711 (python3, state D) of job 17 holds cores 2-3 and GPU 0");
  CHECK(describe(undying(model::CoreSet::range(2, 1), {})) ==
        "process 4711 (python3, state D) of job 17 holds core 2");
  CHECK(describe(undying({}, {})) == "process 4711 (python3, state D) of job 17 holds nothing");
}

TEST_CASE("several hold what any of them holds") {
  const std::vector all{undying(model::CoreSet::range(0, 2), {}),
                        undying(model::CoreSet::range(1, 3), model::GpuSet::range(1, 1))};
  CHECK(to_text(model::cores_of(all)) == "0-3");
  CHECK(to_text(model::gpus_of(all)) == "1");
}
