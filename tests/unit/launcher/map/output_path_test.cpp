#include "launcher/map/output_path.h"

#include "tests/support/catch.h"

namespace {

std::string expand(std::string_view pattern) {
  return mapping::expand_pattern(pattern, {.job = model::JobId(17),
                                           .job_name = "train/a",
                                           .node = "n3",
                                           .node_index = 2,
                                           .task = 5,
                                           .user = "ada"});
}

}  // namespace

TEST_CASE("the letters of an output pattern are replaced") {
  CHECK(expand("/x/%j-%N.%n.%t.%u") == "/x/17-n3.2.5.ada");
  CHECK(expand("%%j %%") == "%j %");
}

TEST_CASE("a job's name in an output pattern never leads to another folder") {
  CHECK(expand("/x/%x.out") == "/x/train_a.out");
}

TEST_CASE("a number in an output pattern pads with zeros, up to ten digits") {
  CHECK(expand("%4j") == "0017");
  CHECK(expand("%1j") == "17");
  CHECK(expand("%99t") == "0000000005");
  CHECK(expand("%3N") == "n3");
}

TEST_CASE("what is no letter of an output pattern stays") {
  CHECK(expand("%") == "%");
  CHECK(expand("%q%4") == "%q%4");
  CHECK(expand("") == "");
  CHECK(expand("%99999999999999999999j") == "%99999999999999999999j");
}

TEST_CASE("a task of an array has its array and index in an output pattern") {
  const auto of = [](std::optional<model::ArrayTask> task) {
    return mapping::expand_pattern("%A_%3a-%j", {.job = model::JobId(22),
                                                 .job_name = "a",
                                                 .node = "n1",
                                                 .node_index = 0,
                                                 .task = {},
                                                 .user = "ada",
                                                 .array = task});
  };
  CHECK(of(model::ArrayTask{model::JobId(17), 4}) == "17_004-22");
  CHECK(of({}) == "22_000-22");
}

TEST_CASE("a step's number and a job's restarts are in an output pattern, and a script is batch") {
  mapping::PatternValues values{.job = model::JobId(17),
                                .job_name = "a",
                                .node = "n1",
                                .task = {},
                                .user = "ada",
                                .array = model::ArrayTask{model::JobId(17), 24},
                                .attempt = 3};
  CHECK(mapping::expand_pattern("%s %J %r %b", values) == "batch 17 2 4");
  values.step = model::StepId(5);
  CHECK(mapping::expand_pattern("%3s %J", values) == "005 17.5");
}

TEST_CASE("the letters of a pattern say who shares the file") {
  using enum mapping::FileScope;
  CHECK(mapping::scope_of("/x/%j-%s") == step);
  CHECK(mapping::scope_of("/x/%N") == node);
  CHECK(mapping::scope_of("/x/%2n") == node);
  CHECK(mapping::scope_of("/x/%N-%4t") == rank);
  CHECK(mapping::scope_of("/x/%%t-%") == step);
  CHECK(mapping::scope_of("/x/%%%t") == rank);
}
