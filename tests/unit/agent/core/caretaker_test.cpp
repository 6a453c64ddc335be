// What an agent does so that its node is fit for work.

#include "agent/core/caretaker.h"

#include <string>
#include <vector>

#include "lib/base/overloaded.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;
using agent::CareStep;
using agent::Caretaker;

namespace {

model::NodeCare care() {
  return {.pool = "default",
          .cluster = "local",
          .setup = "prepare",
          .setup_timeout = 10s,
          .setup_tries = 3,
          .setup_pause = 1s,
          .setup_heal = 60s,
          .health_interval = 5min,
          .health_timeout = 2s};
}

model::NodeCare health_only() {
  auto wanted = care();
  wanted.setup.clear();
  wanted.health = "look";
  return wanted;
}

/// A caretaker with a clock; what it does, in words.
class CareBench {
 public:
  explicit CareBench(Caretaker::Known known = {}) : caretaker(std::move(known)) {}

  std::string want(const model::NodeCare& wanted) { return said(caretaker.want(wanted, now)); }
  std::string check(std::uint32_t request, bool setup = false) {
    return said(caretaker.check(request, setup, now));
  }
  std::string ends(std::string fault = {}, std::string output = {}) {
    return said(caretaker.ended({std::move(fault), std::move(output)}, now));
  }
  std::string ends_with(const agent::StepEnd& end) { return said(caretaker.ended(end, now)); }
  std::string pass(base::Duration time) {
    const auto until = now + time;
    std::string all;
    for (int i = 0; i < 1000; ++i) {
      const auto at = caretaker.next_deadline();
      if (!at || *at > until) break;
      now = std::max(now, *at);
      all += said(caretaker.tick(now));
    }
    now = until;
    return all;
  }
  std::string fitness() const { return std::string(to_text(caretaker.condition().fitness)); }
  const std::string& reason() const { return caretaker.condition().reason; }

  Caretaker caretaker;
  base::Time now = base::time_from_us(1'000'000'000);

 private:
  static std::string said(const std::vector<agent::CareAction>& actions) {
    std::string text;
    for (const auto& action : actions) {
      text += std::visit(
          base::Overloaded{
              [](const agent::RunStep& a) { return "run " + std::string(to_text(a.step)); },
              [](const agent::StopStep&) { return std::string("stop"); },
              [](const agent::TellCondition&) { return std::string("tell"); },
              [](const agent::AnswerCheck& a) { return "answer " + std::to_string(a.request); }},
          action);
      text += ';';
    }
    return text;
  }
};

}  // namespace

TEST_CASE("a node of which nothing is wanted is ready, and nothing is said") {
  CareBench bench;
  model::NodeCare nothing;
  nothing.pool = "default";
  CHECK(bench.want(nothing) == "");
  CHECK(bench.fitness() == "ready");
  CHECK_FALSE(bench.caretaker.next_deadline().has_value());
  CHECK(bench.check(7) == "answer 7;");
}

TEST_CASE("a setup that fails twice and then works heals in time (A7)") {
  CareBench bench;
  CHECK(bench.want(care()) == "tell;run setup;");
  CHECK(bench.fitness() == "preparing");
  CHECK(bench.ends("exited with code 3", "no mount") == "tell;");
  CHECK(bench.fitness() == "unusable");
  CHECK(bench.reason() == "its setup exited with code 3 (try 1 of 3); it is tried again in 1s");
  CHECK(bench.caretaker.condition().output == "no mount");
  CHECK_FALSE(bench.caretaker.condition().is_given_up);
  CHECK(bench.pass(1s - 1us) == "");
  CHECK(bench.pass(1us) == "run setup;");
  CHECK(bench.fitness() == "unusable");
  CHECK(bench.ends("exited with code 3") == "tell;");
  CHECK(bench.pass(2s) == "run setup;");
  CHECK(bench.caretaker.setup_done().empty());
  CHECK(bench.ends() == "tell;");
  CHECK(bench.fitness() == "ready");
  CHECK(bench.caretaker.setup_done() == "prepare");
  CHECK_FALSE(bench.caretaker.next_deadline().has_value());
}

TEST_CASE("after its tries a node is given up, tried again for ever, and told of once") {
  CareBench bench;
  (void)bench.want(care());
  (void)bench.ends("exited with code 1");
  (void)bench.pass(1s);
  (void)bench.ends("exited with code 1");
  (void)bench.pass(2s);
  CHECK(bench.ends("exited with code 1") == "tell;");
  CHECK(bench.caretaker.condition().is_given_up);
  for (int i = 0; i < 5; ++i) {
    CHECK(bench.pass(60s) == "run setup;");
    CHECK(bench.ends("exited with code 1") == "");
  }
  CHECK(bench.pass(60s) == "run setup;");
  CHECK(bench.ends() == "tell;");
  CHECK(bench.fitness() == "ready");
}

TEST_CASE("a setup that hangs is stopped, and has failed whether it can be killed or not") {
  CareBench bench;
  (void)bench.want(care());
  CHECK(bench.pass(10s) == "stop;");
  CHECK_FALSE(bench.caretaker.next_deadline().has_value());
  CHECK(bench.ends("did not end within 10s", "waiting for a server") == "tell;");
  CHECK(bench.reason() == "its setup did not end within 10s (try 1 of 3); it is tried again in 1s");
}

TEST_CASE("what the last agent of this boot has done is not done again") {
  CareBench first;
  (void)first.want(care());
  (void)first.ends();
  CareBench next({first.caretaker.condition(), first.caretaker.setup_done()});
  CHECK(next.fitness() == "ready");
  CHECK(next.want(care()) == "");
  CHECK(next.want(care()) == "");  // another connection

  CareBench killed;
  (void)killed.want(care());
  CareBench after({killed.caretaker.condition(), killed.caretaker.setup_done()});
  CHECK(after.want(care()) == "run setup;");
}

TEST_CASE("another setup is run, and one that is wanted no longer is stopped") {
  CareBench bench;
  (void)bench.want(care());
  auto other = care();
  other.setup = "prepare better";
  CHECK(bench.want(other) == "stop;tell;run setup;");
  CHECK(bench.ends() == "tell;");
  CHECK(bench.caretaker.setup_done() == "prepare better");
  CHECK(bench.want({}) == "tell;");
  CHECK(bench.fitness() == "ready");
  CHECK(bench.caretaker.condition().basis.empty());
}

TEST_CASE("a node is checked before it takes work, then at each interval") {
  CareBench bench;
  auto wanted = care();
  wanted.checks = true;
  wanted.health = "look";
  CHECK(bench.want(wanted) == "tell;run setup;");
  CHECK(bench.ends() == "run built-in check;");
  CHECK(bench.ends() == "run health check;");
  CHECK(bench.ends() == "tell;");
  CHECK(bench.fitness() == "ready");
  CHECK(bench.pass(5min) == "run built-in check;");
  CHECK(bench.ends() == "run health check;");
  CHECK(bench.ends("exited with code 1", "the fan is loud") == "tell;");
  CHECK(bench.reason() == "its health check exited with code 1");
  CHECK(bench.pass(5min) == "run built-in check;");
  CHECK(bench.ends() == "run health check;");
  CHECK(bench.ends() == "tell;");
  CHECK(bench.fitness() == "ready");
  CHECK(bench.caretaker.setup_done() == "prepare");
}

TEST_CASE("who asks is answered when the round has ended, with the setup if it was asked for") {
  CareBench bench;
  (void)bench.want(health_only());
  CHECK(bench.check(1) == "");
  CHECK(bench.ends() == "tell;answer 1;");
  CHECK(bench.check(2) == "run health check;");
  CHECK(bench.check(3) == "");
  CHECK(bench.ends("exited with code 1") == "tell;answer 2;answer 3;");

  CareBench other;
  (void)other.want(care());
  (void)other.ends();
  CHECK(other.check(4) == "answer 4;");
  CHECK(other.check(5, true) == "tell;run setup;");
  CHECK(other.fitness() == "preparing");
  CHECK(other.ends() == "tell;answer 5;");
  auto both = care();
  both.health = "look";
  CHECK(other.want(both) == "tell;run health check;");
  CHECK(other.check(6, true) == "");
  CHECK(other.ends() == "tell;tell;run setup;");
  CHECK(other.ends() == "run health check;");
  other.caretaker.forget_questions();
  CHECK(other.ends() == "tell;");
}

TEST_CASE("the pause between setups doubles, and is no longer than an hour") {
  CareBench bench;
  auto wanted = care();
  wanted.setup_tries = 40;
  wanted.setup_pause = 30s;
  (void)bench.want(wanted);
  base::Duration before{};
  for (int i = 0; i < 39; ++i) {
    (void)bench.ends("exited with code 1");
    const auto pause = *bench.caretaker.next_deadline() - bench.now;
    CHECK(pause >= before);
    CHECK(pause <= 1h);
    before = pause;
    (void)bench.pass(pause);
  }
  CHECK(before == 1h);
}

TEST_CASE("mounts come before the setup, and are looked at again") {
  auto wanted = care();
  wanted.mounts = {"nfs:fs1:/data:/data"};
  wanted.mount_timeout = 1s;
  CareBench bench;
  CHECK(bench.want(wanted) == "tell;run mounting;");
  CHECK(bench.ends() == "run setup;");
  CHECK(bench.ends() == "tell;");
  CHECK(bench.fitness() == "ready");
  CHECK(bench.pass(5min) == "run mounting;");
  CHECK(bench.ends() == "");
  CHECK(bench.fitness() == "ready");
}

TEST_CASE("a mount that fails or hangs makes the node unusable, until it is there") {
  auto wanted = care();
  wanted.mounts = {"nfs:fs1:/data:/data"};
  wanted.mount_timeout = 1s;
  CareBench bench;
  CHECK(bench.want(wanted) == "tell;run mounting;");
  CHECK(bench.ends("exited with code 1", "no such server") == "tell;");
  CHECK(bench.reason() == "its mounting exited with code 1 (try 1 of 3); it is tried again in 1s");
  CHECK(bench.pass(1s) == "run mounting;");
  CHECK(bench.pass(1s) == "stop;");
  CHECK(bench.ends("did not end within 1s") == "tell;");
  CHECK(bench.fitness() == "unusable");
  CHECK(bench.pass(2s) == "run mounting;");
  CHECK(bench.ends() == "run setup;");
  // The setup's own tries go on from there: a server that comes and goes is no cure for it.
  CHECK(bench.ends("exited with code 5") == "tell;");
  CHECK(bench.reason().find("3 times in a row") != std::string::npos);
  CHECK(bench.pass(60s) == "run mounting;");
  CHECK(bench.ends() == "run setup;");
  CHECK(bench.ends() == "tell;");
  CHECK(bench.fitness() == "ready");
}

namespace {

model::NodeCare checks_only() {
  auto wanted = care();
  wanted.setup.clear();
  wanted.checks = true;
  return wanted;
}

/// The end of a look that found these GPUs failing.
std::string look_finds(CareBench& bench, const std::vector<int>& gpus, std::string fault = {}) {
  std::vector<model::FailingGpu> failing;
  for (const int gpu : gpus) failing.push_back({.gpu = gpu, .reason = "Xid 79", .since = {}});
  return bench.ends_with({.fault = std::move(fault), .output = {}, .gpus = std::move(failing)});
}

std::string failing(const CareBench& bench) {
  return model::to_text(model::gpus_of(bench.caretaker.condition().gpus));
}

}  // namespace

TEST_CASE("a GPU that fails is told of once, with the time, and its node is ready") {
  CareBench bench;
  CHECK(bench.want(checks_only()) == "tell;run built-in check;");
  CHECK(look_finds(bench, {1}) == "tell;");
  CHECK(bench.fitness() == "ready");
  CHECK(failing(bench) == "1");
  const auto since = bench.caretaker.condition().since;
  const auto found_at = bench.now;
  CHECK(bench.caretaker.condition().gpus.front().since == found_at);
  (void)bench.pass(5min);
  CHECK(look_finds(bench, {1}) == "");
  (void)bench.pass(5min);
  CHECK(look_finds(bench, {1, 0}) == "tell;");
  CHECK(failing(bench) == "0-1");
  CHECK(bench.caretaker.condition().gpus.back().since == found_at);
  CHECK(bench.caretaker.condition().since == since);
  (void)bench.pass(5min);
  CHECK(look_finds(bench, {}) == "tell;");
  CHECK(failing(bench) == "");
}

TEST_CASE("what fails of the GPUs stands while something else is wrong, and when nobody looked") {
  CareBench bench;
  (void)bench.want(checks_only());
  (void)look_finds(bench, {1}, "exited with code 1");
  CHECK(bench.fitness() == "unusable");
  CHECK(failing(bench) == "1");
  (void)bench.pass(5min);
  CHECK(bench.ends("was killed by signal 9") == "tell;");
  CHECK(failing(bench) == "1");
  CareBench next({.condition = bench.caretaker.condition(), .setup_done = {}});
  (void)next.want(checks_only());
  CHECK(next.ends() == "tell;");
  CHECK(failing(next) == "1");
  CHECK(next.want(health_only()) == "tell;run health check;");
  CHECK(failing(next) == "");
}
