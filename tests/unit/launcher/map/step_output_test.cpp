#include "launcher/map/step_output.h"

#include <memory>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace {

using model::OutputStream;

/// Two ranks on n1, one on n3; n2 has none.
std::vector<mapping::StepFile> files(int node_index, std::string output, std::string error = "") {
  model::LaunchOrder order{.key = {model::JobId(7), 2, model::StepId(4)}};
  auto job = std::make_shared<model::JobSpec>();
  job->name = "net";
  auto step = std::make_shared<model::StepSpec>();
  step->output = std::move(output);
  step->error = std::move(error);
  order.job = std::move(job);
  order.step = std::move(step);
  order.user.name = "ada";
  for (std::uint32_t node = 1; node <= 3; ++node) {
    order.allocation.nodes.push_back({.node = model::NodeId(node),
                                      .name = "n" + std::to_string(node),
                                      .tasks = 2,
                                      .cores = {},
                                      .gpus = {},
                                      .memory = {}});
  }
  order.tasks = {2, 0, 1};
  order.node_index = node_index;
  return mapping::step_files(order);
}

constexpr auto out = OutputStream::out;
constexpr auto err = OutputStream::err;

}  // namespace

TEST_CASE("with %t each launcher writes a file for each of its ranks, errors with them") {
  const auto first = files(0, "/x/%j.%s-%t");
  REQUIRE(first.size() == 2);
  CHECK(first[0] == mapping::StepFile{"/x/7.4-0", {{0, out}, {0, err}}});
  CHECK(first[1] == mapping::StepFile{"/x/7.4-1", {{1, out}, {1, err}}});
  CHECK_FALSE(mapping::is_shared(first[0]));
  const auto last = files(2, "/x/%j.%s-%t");
  REQUIRE(last.size() == 1);
  CHECK(last[0] == mapping::StepFile{"/x/7.4-2", {{2, out}, {2, err}}});
}

TEST_CASE("with %N or %n the ranks of a node share a file") {
  const auto first = files(0, "/x/%N");
  REQUIRE(first.size() == 1);
  CHECK(first[0] == mapping::StepFile{"/x/n1", {{0, out}, {1, out}, {0, err}, {1, err}}});
  CHECK(mapping::is_shared(first[0]));
  CHECK(files(2, "/x/%n").front().path == "/x/2");
}

TEST_CASE("without them the node of rank 0 writes one file for the whole step") {
  const auto first = files(0, "/x/%x-%J-%r");
  REQUIRE(first.size() == 1);
  CHECK(first[0].path == "/x/net-7.4-1");
  CHECK(first[0].sources.size() == 6);
  CHECK(files(2, "/x/%x").empty());
}

TEST_CASE("a stream without a file goes to the client") {
  CHECK(files(0, "").empty());
  const auto errors = files(2, "", "/x/%t");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0] == mapping::StepFile{"/x/2", {{2, err}}});
  CHECK(files(0, "/x/out", "/x/err").size() == 2);
  CHECK(files(0, "/x/all", "/x/all").size() == 1);
}
