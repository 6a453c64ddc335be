#include "launcher/map/verdict.h"

#include "tests/support/catch.h"

using mapping::RankLife;

TEST_CASE("a rank's end is judged by code, signal, and whether it finalized") {
  CHECK_FALSE(mapping::judge_end({.ended = true}));
  CHECK_FALSE(mapping::judge_end({.connected = true, .finalized = true, .ended = true}));
  const auto code = mapping::judge_end({.ended = true, .code = 3});
  REQUIRE(code);
  CHECK(code->cause == model::Cause::exit_code);
  CHECK(code->code == 3);
  const auto signal = mapping::judge_end({.connected = true, .ended = true, .signal = 11});
  REQUIRE(signal);
  CHECK(signal->cause == model::Cause::signal);
  CHECK(signal->code == 11);
  const auto silent = mapping::judge_end({.connected = true, .ended = true});
  REQUIRE(silent);
  CHECK(silent->cause == model::Cause::not_finalized);
}

TEST_CASE(
    "a rank that ended badly when memory was lacking was killed for that, or a process of it") {
  const auto killed = mapping::judge_end({.ended = true, .signal = 9, .out_of_memory = true});
  REQUIRE(killed);
  CHECK(killed->cause == model::Cause::out_of_memory);
  CHECK(killed->code == 0);
  const auto by_child = mapping::judge_end({.ended = true, .code = 1, .out_of_memory = true});
  REQUIRE(by_child);
  CHECK(by_child->cause == model::Cause::out_of_memory);
  CHECK(by_child->code == 1);
  const auto crashed = mapping::judge_end({.ended = true, .signal = 11, .out_of_memory = true});
  REQUIRE(crashed);
  CHECK(crashed->cause == model::Cause::signal);
  CHECK_FALSE(mapping::judge_end({.ended = true, .out_of_memory = true}));
}

TEST_CASE("a rank that ended before MPI_Init is absent only while another waits in it") {
  const RankLife absent{.ended = true};
  const RankLife waiting{.connected = true};
  const RankLife through{.connected = true, .finalized = true, .ended = true};
  CHECK(mapping::find_absent({waiting, absent}, false) == 1);
  CHECK_FALSE(mapping::find_absent({absent, absent}, false));
  CHECK_FALSE(mapping::find_absent({absent, through}, false));
  CHECK_FALSE(mapping::find_absent({absent, RankLife{}}, false));
  CHECK_FALSE(mapping::find_absent({waiting, RankLife{.ended = true, .code = 1}}, false));
}

TEST_CASE("a rank that ended well without MPI_Init is found whether or not another waits") {
  const RankLife done{.ended = true};
  CHECK(mapping::find_done_without_mpi({RankLife{.connected = true}, done}, false) == 1);
  CHECK(mapping::find_done_without_mpi({done}, false) == 0);
  CHECK_FALSE(
      mapping::find_done_without_mpi({RankLife{}, RankLife{.ended = true, .code = 1}}, false));
  CHECK_FALSE(mapping::find_done_without_mpi({RankLife{.connected = true, .ended = true}}, false));
}

TEST_CASE("the exit code of several ranks is the highest") {
  CHECK(mapping::exit_code_of({}) == 0);
  CHECK(mapping::exit_code_of({{.ended = true, .code = 3}, {.ended = true, .signal = 9}}) == 137);
}

TEST_CASE("of a step that keeps going, a rank that failed before MPI_Init is absent as well") {
  const RankLife waiting{.connected = true};
  const RankLife failed{.ended = true, .code = 1};
  CHECK(mapping::find_absent({waiting, failed}, true) == 1);
  CHECK_FALSE(mapping::find_absent({failed, RankLife{}}, true));
}

TEST_CASE("a failure is a rank's own affair while no MPI waits for it") {
  const auto is_own = [](const RankLife& rank) {
    return mapping::is_own_affair(rank, mapping::judge_end(rank).value());
  };
  CHECK(is_own({.ended = true, .code = 1}));
  CHECK(is_own({.ended = true, .signal = 9}));
  CHECK(is_own({.connected = true, .finalized = true, .ended = true, .code = 1}));
  CHECK_FALSE(is_own({.connected = true, .ended = true, .code = 1}));
  CHECK_FALSE(is_own({.connected = true, .ended = true}));
}
