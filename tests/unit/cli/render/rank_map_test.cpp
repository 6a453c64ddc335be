#include "cli/render/rank_map.h"

#include "tests/support/catch.h"

TEST_CASE("a map has a line for each rank, in their order") {
  const auto text =
      render::rank_map({{1, "n2", "4-7", "0-1", "1", ""}, {0, "n1", "0-3,16-19", "", "0", ""}});
  CHECK(text ==
        "RANK  NODE  CORES      NUMA  GPUS\n"
        "   0  n1    0-3,16-19  0     -\n"
        "   1  n2    4-7        1     0-1\n");
}

TEST_CASE("a map says on which nodes ranks are not bound, and why") {
  const auto text = render::rank_map({{0, "n1", "0", "", "0", ""},
                                      {1, "n2", "", "", "", "too few"},
                                      {2, "n2", "", "", "", "too few"}});
  CHECK(text ==
        "RANK  NODE  CORES  NUMA  GPUS\n"
        "   0  n1    0      0     -\n"
        "   1  n2    -      -     -\n"
        "   2  n2    -      -     -\n"
        "n2: ranks are not bound: too few\n");
}

TEST_CASE("a map names network cards and roles where there are some") {
  const auto text = render::rank_map(
      {{0, "n1", "0", "0", "0", "", "ps 0"}, {1, "n1", "1", "1", "0", "", "worker 0", "mlx5_1"}});
  CHECK(text ==
        "RANK  NODE  CORES  NUMA  GPUS  NIC     ROLE\n"
        "   0  n1    0      0     0     -       ps 0\n"
        "   1  n1    1      0     1     mlx5_1  worker 0\n");
}

TEST_CASE("the line of a started rank says where it is bound, or why not") {
  CHECK(render::binding_line({2, "n1", "0-1", "2", "0", ""}) == "rank 2 on n1 cores 0-1 GPUs 2");
  CHECK(render::binding_line({2, "n1", "0-1", "2", "0", "", "ps 0", "mlx5_0"}) ==
        "rank 2 on n1 cores 0-1 GPUs 2 NIC mlx5_0, ps 0");
  CHECK(render::binding_line({2, "n1", "", "", "", "too few"}) ==
        "rank 2 on n1 not bound: too few");
}
