// A policy that leaves work beside idle nodes is noticed.

#include "scheduler/daemon/watchdog.h"

#include <fstream>
#include <sstream>

#include "lib/loop/loop.h"
#include "tests/support/catch.h"
#include "tests/support/controller.h"
#include "tests/support/temp_folder.h"

using namespace support;

namespace {

/// Starts nothing, but explains as if it did.
scheduler::Policy lazy() {
  auto policy = policy::make({});
  policy.plan = [](const scheduler::View&, base::Time) { return scheduler::Plan{}; };
  return policy;
}

struct Overseen {
  Overseen() : engine({}, lazy()) {
    const auto now = base::time_from_us(1'000'000'000);
    (void)engine.handle(scheduler::NodeHello{hello(node("n1", 4))}, now);
    (void)engine.handle(scheduler::SubmitJob{scheduler::RequestId(1), user(), *job()}, now);
    (void)engine.plan(now);
  }
  scheduler::Engine engine;
};

}  // namespace

TEST_CASE("a job that a pass leaves though it could start is found") {
  const Overseen t;
  std::optional<scheduler::JobKind> seen;
  CHECK(t.engine.overlooked(seen, 20) == model::JobId(1));
  CHECK(t.engine.overlooked(seen, 20) == model::JobId(1));
}

TEST_CASE("the watchdog says so once, with the place in the journal, unless it is paused") {
  const Overseen t;
  const TempFolder folder;
  const auto path = folder.path() + "/log";
  loop::Loop loop;
  {
    auto log = loop::Log::open({.path = path});
    REQUIRE(log.has_value());
    bool is_paused = true;
    musterd::Watchdog watchdog(loop, t.engine, [&is_paused] { return is_paused; }, *log);
    watchdog.look();
    is_paused = false;
    watchdog.look();
    watchdog.look();
  }
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  const auto line = text.str();
  CHECK(std::ranges::count(line, '\n') == 1);
  CHECK(line.find("job_overlooked") != std::string::npos);
  CHECK(line.find("journal_seq=2") != std::string::npos);
}
