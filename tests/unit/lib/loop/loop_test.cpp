#include "lib/loop/loop.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include "lib/loop/clock.h"
#include "lib/loop/signal.h"
#include "lib/loop/timer.h"
#include "lib/loop/work.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using loop_test::Fixture;
using namespace std::chrono_literals;

TEST_CASE("a loop without handles ends at once and closes") {
  loop::Loop loop;
  loop.run();
  CHECK(loop.close().has_value());
}

TEST_CASE("a loop with an open handle names it instead of closing") {
  loop::Loop loop;
  {
    const loop::Timer timer(loop, [] {});
    const auto closed = loop.close();
    REQUIRE_FALSE(closed);
    CHECK(closed.error().text == "the event loop still has open handles: timer");
  }
  CHECK(loop.close().has_value());
}

TEST_CASE("posts from another thread run in order on the loop") {
  Fixture fixture;
  std::vector<int> seen;
  fixture.loop.hold();
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      fixture.loop.post([&seen, i] { seen.push_back(i); });
    }
    fixture.loop.post([&] { fixture.loop.release(); });
    fixture.loop.post([&] { fixture.loop.stop(); });
  });
  fixture.run();
  other.join();
  REQUIRE(seen.size() == 1000);
  CHECK(std::ranges::is_sorted(seen));
}

TEST_CASE(
    "deferred tasks and the end of the turn come after the callback and before the next wait") {
  Fixture fixture;
  std::string order;
  fixture.loop.on_turn_end([&] {
    if (!order.empty() && order.back() != '|') order += '|';
  });
  loop::Timer later(fixture.loop, [&] { fixture.loop.stop(); });
  loop::Timer first(fixture.loop, [&] {
    fixture.loop.defer([&] {
      order += 'b';
      fixture.loop.defer([&] { order += 'c'; });
    });
    order += 'a';
    later.start(30ms);
  });
  first.start(1ms);
  fixture.run();
  CHECK(order == "ab|c|");
}

TEST_CASE("a timer is never early, can be started again and stopped") {
  Fixture fixture;
  int n_fired = 0;
  const loop::Elapsed elapsed;
  loop::Timer stopped(fixture.loop, [&] { n_fired += 100; });
  loop::Timer timer(fixture.loop, [&] {
    n_fired += 1;
    if (n_fired == 3) {
      timer.stop();
      fixture.loop.stop();
    }
  });
  stopped.start(5ms);
  stopped.stop();
  CHECK_FALSE(stopped.is_running());
  timer.start(500s);
  timer.start_repeating(10ms);
  fixture.run();
  CHECK(n_fired == 3);
  CHECK(elapsed.so_far() >= 29ms);
}

TEST_CASE("a timer may be destroyed in its own callback") {
  Fixture fixture;
  std::optional<loop::Timer> timer;
  timer.emplace(fixture.loop, [&] {
    timer.reset();
    fixture.loop.stop();
  });
  timer->start_repeating(1ms);
  fixture.run();
  CHECK_FALSE(timer.has_value());
}

TEST_CASE("a signal arrives as a callback that may destroy its object") {
  Fixture fixture;
  std::optional<loop::Signal> signal;
  signal.emplace(fixture.loop, SIGUSR1, [&] {
    signal.reset();
    fixture.loop.stop();
  });
  raise(SIGUSR1);
  fixture.run();
  CHECK_FALSE(signal.has_value());
}

TEST_CASE("background work brings a value back and may be forgotten") {
  Fixture fixture;
  std::string result;
  bool is_wrong = false;
  std::optional<loop::Work> work;
  {
    const auto forgotten =
        loop::in_background(fixture.loop, [] { return 1; }, [&](int) { is_wrong = true; });
  }
  work = loop::in_background(
      fixture.loop, [] { return std::string("done"); },
      [&](std::string text) {
        result = std::move(text);
        work.reset();
        fixture.loop.stop();
      });
  fixture.run();
  CHECK(result == "done");
  CHECK_FALSE(is_wrong);
}

TEST_CASE("serial work runs in order on one thread and completes on the loop") {
  Fixture fixture;
  std::vector<int> called;
  std::vector<int> done;
  {
    loop::SerialWork writer(fixture.loop);
    for (int i = 0; i < 100; ++i) {
      writer.submit([&called, i] { called.push_back(i); },
                    [&, i] {
                      done.push_back(i);
                      if (i == 99) fixture.loop.stop();
                    });
    }
    CHECK(writer.n_pending() == 100);
    fixture.run();
    CHECK(writer.n_pending() == 0);
  }
  CHECK(called.size() == 100);
  CHECK(called == done);
}

TEST_CASE("serial work that is destroyed finishes its calls but tells nobody") {
  Fixture fixture;
  int n_called = 0;
  int n_done = 0;
  {
    loop::SerialWork writer(fixture.loop);
    for (int i = 0; i < 50; ++i) {
      writer.submit([&] { n_called += 1; }, [&] { n_done += 1; });
    }
  }
  fixture.loop.run();
  CHECK(n_called == 50);
  CHECK(n_done == 0);
}

TEST_CASE("the wall clock does not go back") {
  base::Time before = loop::now();
  for (int i = 0; i < 1000; ++i) {
    const base::Time now = loop::now();
    REQUIRE(now >= before);
    before = now;
  }
}
