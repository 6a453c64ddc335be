#include "sim/replay/predictor.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;

namespace {

replay::Job asked(base::Duration requested, base::Duration run, std::uint32_t user = 1) {
  return {.id = 0,
          .submit = {},
          .run = run,
          .requested = requested,
          .cores = 1,
          .gpus = 0,
          .user = user,
          .group = 1,
          .name = "solve"};
}

}  // namespace

TEST_CASE("a prediction goes by what was asked for until jobs have ended") {
  const replay::Predictor fresh(100);
  CHECK(fresh.predict(asked(100min, 1min)) == 50min);
  CHECK(fresh.predict(asked(100min, 99min)) == 50min);
}

TEST_CASE("a prediction goes by how the last jobs of the user went") {
  replay::Predictor predictor(100);
  for (int i = 0; i < 3; ++i) predictor.learn(asked(100min, 5min, 1));
  for (int i = 0; i < 3; ++i) predictor.learn(asked(100min, 100min, 2));
  CHECK(predictor.predict(asked(100min, 60min, 1)) < 10min);
  CHECK(predictor.predict(asked(100min, 60min, 2)) > 90min);
  CHECK(predictor.predict(asked(100min, 60min, 2)) <= 100min);
  CHECK(predictor.predict(asked(100ms, 100ms, 2)) <= 100ms);
}

TEST_CASE("what ended long ago is forgotten") {
  replay::Predictor predictor(2);
  predictor.learn(asked(100min, 5min));
  const auto learnt = predictor.predict(asked(100min, 1min));
  predictor.learn(asked(10min, 10min, 7));
  predictor.learn(asked(10min, 10min, 8));
  CHECK(learnt < 50min);
  CHECK(predictor.predict(asked(100min, 1min)) > 50min);
}
