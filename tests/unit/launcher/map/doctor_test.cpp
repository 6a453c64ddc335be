#include "launcher/map/doctor.h"

#include "tests/support/catch.h"

using mapping::Doctor;
using model::LoneRank;
using model::NodeLook;

namespace {

const std::vector<mapping::StepNode> two_nodes{{0, "n1", {0, 1}}, {1, "n2", {2, 3}}};

LoneRank plain(int rank) {
  return {.rank = rank, .program = "process 7, sleep (/bin/sleep)"};
}

LoneRank loaded(int rank, std::string why = {}) {
  return {.rank = rank,
          .program = "process 8, x (/x)",
          .mpi_library = "/lib/libmpi.so.40",
          .why_alone = std::move(why)};
}

}  // namespace

TEST_CASE("ranks that start alone are spoken of once, together, when all nodes have looked") {
  Doctor doctor(two_nodes);
  doctor.take(0, {.lone = {loaded(0, "why"), loaded(1, "why")}});
  CHECK(doctor.take_notes().empty());
  doctor.take(1, {.lone = {loaded(2, "why"), loaded(3, "other")}});
  CHECK(doctor.take_notes() ==
        "rank 3: MPI (/lib/libmpi.so.40) does not find its launcher, and starts alone, as rank 0 "
        "of 1, or not at all: other\n"
        "ranks 0-2: MPI (/lib/libmpi.so.40) does not find its launcher, and starts alone, as rank "
        "0 of 1, or not at all: why\n");
  CHECK(doctor.take_notes().empty());
  doctor.node_ended(0);
  doctor.node_ended(1);
  CHECK(doctor.take_notes().empty());
}

TEST_CASE("ranks that end soon are spoken of at their end") {
  Doctor doctor(two_nodes);
  doctor.take(0, {.stage = 2, .lone = {loaded(0, "why")}});
  doctor.node_ended(0);
  CHECK(doctor.take_notes().empty());
  doctor.node_ended(1);
  CHECK(doctor.take_notes().starts_with("rank 0: MPI (/lib/libmpi.so.40) does not find"));
}

TEST_CASE("who waits in MPI_Init for whom is said after the last look") {
  Doctor doctor(two_nodes);
  doctor.take(0, {.stage = 1, .n_connected = 1, .n_waiting = 1, .lone = {plain(1)}});
  doctor.take(1, {.stage = 0, .n_connected = 1, .n_waiting = 1, .lone = {loaded(3)}});
  CHECK(doctor.take_notes().empty());
  doctor.take(1, {.stage = 1, .n_connected = 1, .n_waiting = 1, .lone = {loaded(3)}});
  CHECK(doctor.take_notes() ==
        "2 ranks wait in MPI_Init for ranks 1,3, which after 5s did not call it:\n"
        "  rank 1 on n1: process 7, sleep (/bin/sleep), which has loaded no MPI library\n"
        "  rank 3 on n2: process 8, x (/x), which has loaded /lib/libmpi.so.40\n");
  CHECK(doctor.take_notes().empty());
}

TEST_CASE("nobody waits where no rank has called MPI_Init, or all have") {
  Doctor none(two_nodes);
  none.take(0, {.stage = 1, .lone = {plain(0), plain(1)}});
  none.take(1, {.stage = 1, .lone = {plain(2), plain(3)}});
  CHECK(none.take_notes().empty());
  Doctor all(two_nodes);
  all.take(0, {.stage = 1, .n_connected = 2, .n_waiting = 2});
  all.take(1, {.stage = 1, .n_connected = 2, .n_waiting = 2});
  CHECK(all.take_notes().empty());
}

TEST_CASE("a list of many ranks is cut") {
  Doctor doctor({{0, "n1", model::deal_ranks({20}, false).front()}});
  NodeLook look{.stage = 1, .n_connected = 1, .n_waiting = 1, .lone = {}};
  for (int rank = 1; rank < 20; ++rank) look.lone.push_back(plain(rank));
  doctor.take(0, look);
  const auto text = doctor.take_notes();
  CHECK(text.starts_with("1 rank waits in MPI_Init for ranks 1-19, which"));
  CHECK(text.ends_with("  ...\n"));
  CHECK(std::ranges::count(text, '\n') == 10);
}

TEST_CASE("that no rank came to its server though all loaded MPI is said at the end") {
  Doctor doctor(two_nodes);
  for (const std::size_t node : {0U, 1U}) {
    const int first = static_cast<int>(node) * 2;
    doctor.take(node, {.stage = 2, .lone = {loaded(first), loaded(first + 1)}});
    CHECK(doctor.take_notes().empty());
    doctor.node_ended(node);
  }
  CHECK(doctor.take_notes().starts_with("all 4 ranks loaded MPI (/lib/libmpi.so.40), and none"));

  Doctor some(two_nodes);
  some.take(0, {.stage = 2, .n_connected = 1, .lone = {loaded(0)}});
  some.take(1, {.stage = 2, .lone = {loaded(2), loaded(3)}});
  some.node_ended(0);
  some.node_ended(1);
  CHECK(some.take_notes().empty());
}

TEST_CASE("a step of one rank is alone anyway") {
  Doctor doctor({{0, "n1", {0}}});
  doctor.take(0, {.stage = 1, .lone = {loaded(0, "why")}});
  doctor.node_ended(0);
  CHECK(doctor.take_notes().empty());
}
