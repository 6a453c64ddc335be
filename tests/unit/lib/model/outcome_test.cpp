#include "lib/model/outcome.h"

#include "lib/model/reason.h"
#include "lib/model/record.h"
#include "tests/support/catch.h"

using model::Cause;
using model::Failure;
using model::StepId;

TEST_CASE("every cause, ending and state has a name that is read back") {
  for (int i = 0; i <= static_cast<int>(Cause::evicted); ++i) {
    const auto cause = static_cast<Cause>(i);
    CHECK(model::cause_from_text(to_text(cause)) == cause);
  }
  for (int i = 0; i <= static_cast<int>(model::Ending::node_lost); ++i) {
    const auto ending = static_cast<model::Ending>(i);
    CHECK(model::ending_from_text(to_text(ending)) == ending);
    CHECK(model::is_final(model::state_of(ending)));
    CHECK(to_text(model::state_of(ending)) == to_text(ending));
  }
  for (int i = 0; i <= static_cast<int>(model::JobState::node_lost); ++i) {
    const auto state = static_cast<model::JobState>(i);
    CHECK(model::job_state_from_text(to_text(state)) == state);
    CHECK(model::is_final(state) == (i >= static_cast<int>(model::JobState::completed)));
  }
  for (int i = 0; i <= static_cast<int>(model::NodeState::absent); ++i) {
    const auto state = static_cast<model::NodeState>(i);
    CHECK(model::node_state_from_text(to_text(state)) == state);
  }
  CHECK_FALSE(model::cause_from_text("Signal").has_value());
  CHECK_FALSE(model::ending_from_text("").has_value());
  CHECK_FALSE(model::job_state_from_text("done").has_value());
  CHECK_FALSE(model::node_state_from_text("up").has_value());
}

TEST_CASE("a failure for lack of memory says who was killed and what was used of what") {
  Failure failure{.cause = Cause::out_of_memory,
                  .step = StepId(0),
                  .rank = 2,
                  .node = "n2",
                  .text = "it used 512M of 512M"};
  CHECK(describe(failure) ==
        "step 0: rank 2 on n2 was killed: out of memory, it used 512M of 512M");
  failure.code = 1;
  CHECK(describe(failure) ==
        "step 0: rank 2 on n2 exited with code 1: a process of it was killed, out of memory, it "
        "used 512M of 512M");
}

TEST_CASE("a failure says who, where, and what happened") {
  CHECK(describe(Failure{
            .cause = Cause::exit_code, .code = 3, .step = StepId(0), .rank = 2, .node = "n2"}) ==
        "step 0: rank 2 on n2 exited with code 3");
  CHECK(describe(Failure{.cause = Cause::signal, .code = 9, .step = StepId(1), .rank = 0}) ==
        "step 1: rank 0 was killed by SIGKILL");
  CHECK(describe(Failure{.cause = Cause::signal, .code = 200}) ==
        "the script was killed by signal 200");
  CHECK(
      describe(Failure{
          .cause = Cause::cannot_start, .node = "n1", .text = "'/x': No such file or directory"}) ==
      "the script on n1 could not start: '/x': No such file or directory");
  CHECK(describe(Failure{.cause = Cause::aborted, .code = 7, .step = StepId(0), .rank = 1}) ==
        "step 0: rank 1 called MPI_Abort with code 7");
}

TEST_CASE("every cause makes a sentence") {
  for (int i = 0; i <= static_cast<int>(Cause::node_lost); ++i) {
    const Failure failure{.cause = static_cast<Cause>(i), .code = 1, .node = "n1"};
    INFO(to_text(failure.cause));
    CHECK(describe(failure).find("n1 ") != std::string::npos);
    CHECK(describe(failure).back() != ' ');
  }
}

TEST_CASE("every reason makes a sentence with its numbers") {
  const model::ShortOfResources resources{.nodes_needed = 2,
                                          .nodes_ready = 4,
                                          .nodes_fitting = 1,
                                          .per_node = {2, 8, 1, base::Bytes(1 << 30)},
                                          .holders = {model::JobId(3), model::JobId(5)}};
  CHECK(describe(resources) ==
        "needs 2 nodes with 8 free cores and 1 free GPU and 1G of memory each; 1 of 4 nodes ready "
        "have that now; in use by jobs 3, 5");
  CHECK(describe(model::Reason(model::Held{"ada"})).find("ada") != std::string::npos);
  CHECK(describe(model::Reason(model::NodesAway{2, 1})).find("needs 2 nodes") == 0);
  CHECK(describe(model::Reason(model::Behind{model::JobId(9)})).find("job 9") != std::string::npos);
  CHECK(describe(model::Reason(model::BackOff{base::time_from_us(0), "node n2 was lost"})) ==
        "starts again after 1970-01-01T00:00:00.000Z, a pause after its last attempt: node n2 was "
        "lost");
  CHECK(kind_of(model::Reason(model::NotConsidered{})) == "not_considered");
}
