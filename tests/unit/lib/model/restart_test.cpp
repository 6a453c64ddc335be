#include "lib/model/restart.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using model::Cause;
using model::Ending;
using model::RestartPolicy;

namespace {

RestartPolicy policy_of(std::string_view text) {
  auto policy = model::restart_policy_from_text(text);
  INFO(text);
  REQUIRE(policy.has_value());
  return *policy;
}

std::string refusal_of(std::string_view text) {
  const auto policy = model::restart_policy_from_text(text);
  return policy ? "accepted: " + to_text(*policy) : policy.error().text;
}

model::Outcome outcome(Ending ending, Cause cause, int code, int exit_code) {
  model::Failure failure;
  failure.cause = cause;
  failure.code = code;
  return {.ending = ending, .exit_code = exit_code, .failure = failure};
}

}  // namespace

TEST_CASE("a restart policy is written with all its parts and read back") {
  CHECK(to_text(policy_of("")) == "on=exit,signal max=5 backoff=10s..5m");
  CHECK(to_text(policy_of("max=2")) == "on=exit,signal max=2 backoff=10s..5m");
  CHECK(to_text(policy_of("backoff=1s  on=exit:75-79,99,signal")) ==
        "on=exit:75-79,99,signal max=5 backoff=1s..1s");
  CHECK(to_text(policy_of("on=timeout,node backoff=0s..90s max=1000")) ==
        "on=timeout,node max=1000 backoff=0s..90s");
  CHECK(to_text(policy_of("avoid-nodes max=2 on=signal")) ==
        "on=signal max=2 backoff=10s..5m avoid-nodes");
  CHECK(to_text(policy_of("on=exit:1-255")) == "on=exit max=5 backoff=10s..5m");
  CHECK(to_text(policy_of("on=oom memory=x2..64G")) ==
        "on=oom max=5 backoff=10s..5m memory=x2..64G");
  CHECK(to_text(policy_of("memory=x1.50 on=oom,exit")) ==
        "on=exit,oom max=5 backoff=10s..5m memory=x1.5");
  for (const std::string text :
       {"on=oom memory=x1.05..1537M avoid-nodes", "on=oom memory=x16..1.3T",
        "on=exit:7,node max=1 backoff=3661s..1d avoid-nodes", "on=signal max=3 backoff=0s..0s"})
    CHECK(policy_of(to_text(policy_of(text))) == policy_of(text));
}

TEST_CASE("a restart policy that makes no sense is refused with what was expected") {
  CHECK(refusal_of("on=exti") ==
        "'exti' is no cause of a restart; expected exit, exit:CODES, signal, oom, timeout, hang, "
        "preparation or node (did you mean exit?)");
  CHECK(refusal_of("on=").starts_with("'' is no cause of a restart"));
  CHECK(refusal_of("on=exit:0").starts_with("'0' are no exit codes of a failure"));
  CHECK(refusal_of("on=exit:75-300").starts_with("'75-300' are no exit codes"));
  CHECK(refusal_of("on=exit:75,x").starts_with("'x' is no cause"));
  CHECK(refusal_of("on=75").starts_with("'75' is no cause"));
  CHECK(refusal_of("max=0") == "max is '0'; expected how many restarts, 1 to 1000");
  CHECK(refusal_of("max=3 max=4") == "'max=4' is there twice");
  CHECK(refusal_of("avoid-nodes avoid-nodes") == "'avoid-nodes' is there twice");
  CHECK(refusal_of("avoid-nodes=2").starts_with("'avoid-nodes' is no part"));
  CHECK(refusal_of("max").starts_with("max is ''"));
  CHECK(refusal_of("backoff=5m..10s").starts_with("backoff is '5m..10s'; expected a pause"));
  CHECK(refusal_of("backoff=2d").starts_with("backoff is '2d'"));
  CHECK(refusal_of("backoff=1500ms").starts_with("backoff is '1500ms'"));
  for (const std::string text :
       {"x1", "2", "x", "x17", "x2.", "x1.555", "x2..", "x2..0", "x2..64X", "x-2", ""}) {
    CHECK(
        refusal_of("on=oom memory=" + text).starts_with("memory is '" + text + "'; expected how"));
  }
  CHECK(refusal_of("memory=x2").starts_with("memory= is for the attempt after one that ran out"));
  CHECK(refusal_of("often").starts_with(
      "'often' is no part of a restart policy; expected on=, max="));
}

TEST_CASE("a policy covers what it lists, and no end that was wanted") {
  const auto some = policy_of("on=exit:75-79");
  CHECK(covers(some, outcome(Ending::failed, Cause::exit_code, 75, 75)));
  CHECK_FALSE(covers(some, outcome(Ending::failed, Cause::exit_code, 74, 74)));
  CHECK(covers(some,
               outcome(Ending::failed, Cause::exit_code, 76, 1)));  // a rank's, the script's is 1
  CHECK(covers(some, outcome(Ending::failed, Cause::aborted, 77, 1)));      // MPI_Abort(77)
  CHECK(covers(some, outcome(Ending::failed, Cause::before_init, 0, 75)));  // the script's own code
  CHECK_FALSE(covers(some, outcome(Ending::failed, Cause::signal, 75, 139)));
  CHECK_FALSE(covers(some, outcome(Ending::cancelled, Cause::cancelled, 0, 75)));
  CHECK_FALSE(covers(some, outcome(Ending::preempted, Cause::preempted, 0, 75)));
  CHECK_FALSE(covers(some, {.ending = Ending::completed, .exit_code = 0, .failure = {}}));

  const auto signals = policy_of("on=signal");
  CHECK(covers(signals, outcome(Ending::failed, Cause::signal, 9, 137)));
  CHECK_FALSE(covers(signals, outcome(Ending::failed, Cause::exit_code, 137, 137)));

  const auto timeouts = policy_of("on=timeout");
  CHECK(covers(timeouts, outcome(Ending::timed_out, Cause::time_limit, 0, 143)));
  CHECK_FALSE(covers(timeouts, outcome(Ending::timed_out, Cause::deadline, 0, 143)));
  CHECK_FALSE(
      covers(policy_of("on=exit,signal"), outcome(Ending::timed_out, Cause::time_limit, 0, 143)));

  CHECK(covers(policy_of("on=hang"), outcome(Ending::failed, Cause::hang, 0, 1)));
  CHECK_FALSE(covers(policy_of("on=signal,exit"), outcome(Ending::failed, Cause::hang, 0, 1)));
  CHECK(to_text(policy_of("on=hang,timeout")) == "on=timeout,hang max=5 backoff=10s..5m");

  CHECK(covers(policy_of("on=node"), outcome(Ending::node_lost, Cause::node_lost, 0, 1)));
  CHECK_FALSE(covers(policy_of("on=exit"), outcome(Ending::node_lost, Cause::node_lost, 0, 1)));
}

TEST_CASE(
    "lack of memory is a cause of its own, neither the signal nor the exit code it shows as") {
  const model::Outcome outcome{
      .ending = model::Ending::failed,
      .exit_code = 137,
      .failure = model::Failure{.cause = model::Cause::out_of_memory, .node = {}, .text = {}}};
  const auto covered = [&](const char* text) {
    const auto policy = model::restart_policy_from_text(text);
    REQUIRE(policy);
    return model::covers(*policy, outcome);
  };
  CHECK(covered("on=oom"));
  CHECK_FALSE(covered("on=exit,signal,timeout,node"));
  CHECK(to_text(*model::restart_policy_from_text("on=oom")) == "on=oom max=5 backoff=10s..5m");
}

TEST_CASE("memory grows by whole mebibytes, up to the most, and never shrinks") {
  const auto growth = *policy_of("on=oom memory=x1.5..100M").memory;
  const auto mib = [](std::uint64_t n) { return base::Bytes(n << 20); };
  CHECK(grown(growth, mib(10)) == mib(15));
  CHECK(grown(growth, mib(11)) == mib(17));
  CHECK(grown(growth, mib(99)) == mib(100));
  CHECK(grown(growth, mib(100)) == mib(100));
  CHECK(grown(growth, mib(300)) == mib(300));
  CHECK(model::grown({.percent = 1600, .most = {}}, base::Bytes(1ULL << 50)).count() == 16ULL
                                                                                            << 50);
}

TEST_CASE("the pause before a restart doubles up to the longest") {
  const auto policy = policy_of("backoff=10s..1m");
  CHECK(pause_before(policy, 1) == 10s);
  CHECK(pause_before(policy, 2) == 20s);
  CHECK(pause_before(policy, 3) == 40s);
  CHECK(pause_before(policy, 4) == 60s);
  CHECK(pause_before(policy, 1000) == 60s);
  CHECK(pause_before(policy_of("backoff=0s..1m"), 500) == 0s);
}
