#include "lib/model/hierarchy.h"

#include "tests/support/catch.h"

using model::Controller;
using model::Hierarchy;

namespace {

const Hierarchy unified{.version = 2, .controllers = {}, .folder = "/cg/unified/muster/n1"};
const Hierarchy memory{
    .version = 1, .controllers = {Controller::memory}, .folder = "/cg/memory/muster/n1"};
const Hierarchy freezer{
    .version = 1, .controllers = {Controller::freezer}, .folder = "/cg/freezer/muster/n1"};
const Hierarchy devices{
    .version = 1, .controllers = {Controller::devices}, .folder = "/cg/devices/muster/n1"};

}  // namespace

TEST_CASE("a hierarchy is read back as it was written") {
  const Hierarchy full{.version = 2,
                       .controllers = {Controller::memory, Controller::cpuset},
                       .folder = "/cg/with:colon"};
  for (const auto& hierarchy : {unified, memory, freezer, devices, full}) {
    CHECK(model::hierarchy_from_text(to_text(hierarchy)) == hierarchy);
  }
  CHECK(to_text(full) == "v2:memory,cpuset:/cg/with:colon");
}

TEST_CASE("what is no hierarchy is not taken for one") {
  for (const char* text : {"", "v3::/cg", "v1:memory", "v1:disk:/cg", "v2::relative", "v1:memory:"})
    CHECK_FALSE(model::hierarchy_from_text(text).has_value());
}

TEST_CASE("beside version 2 nothing else kills, and without GPUs nothing guards them") {
  CHECK(model::needed({unified, memory, freezer, devices}, false) ==
        std::vector<Hierarchy>{unified, memory});
  CHECK(model::needed({memory, freezer, devices}, true) ==
        std::vector<Hierarchy>{memory, freezer, devices});
}

TEST_CASE("people are told what the groups do") {
  CHECK(model::describe(std::vector<Hierarchy>{}) == "none");
  CHECK(model::describe(std::vector<Hierarchy>{unified, memory}) ==
        "v2 (kill, CPU time), v1 (memory)");
  CHECK(model::describe(std::vector<Hierarchy>{freezer}) == "v1 (kill)");
}

TEST_CASE("the groups of a launch are read back as they were written, and nothing else is") {
  const model::LaunchGroups groups{.own = {"/a/7.1/7.1.0", "/b c/7.1/7.1.0"}, .shared = {"/a/7.1"}};
  CHECK(model::launch_groups_from_text(to_text(groups)) == groups);
  CHECK(model::launch_groups_from_text("own relative\nshare /x\n\nown") == model::LaunchGroups{});
}
