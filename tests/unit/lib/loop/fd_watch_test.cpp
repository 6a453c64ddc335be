#include "lib/loop/fd_watch.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "lib/loop/loop.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using loop_test::Fixture;

TEST_CASE("a watched descriptor tells what can be read, its end too, and may go in its callback") {
  Fixture fixture;
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  std::string got;
  std::optional<loop::FdWatch> watch;
  watch.emplace(fixture.loop, ends[0], loop::FdWatch::Direction::read, [&] {
    char bytes[16];
    const ssize_t n = read(ends[0], bytes, sizeof(bytes));
    if (n > 0) {
      got.append(bytes, static_cast<std::size_t>(n));
      close(ends[1]);
    } else {
      watch.reset();
      fixture.loop.stop();
    }
  });
  watch->start();
  REQUIRE(write(ends[1], "bytes", 5) == 5);
  fixture.run();
  CHECK(got == "bytes");
  CHECK_FALSE(watch.has_value());
  close(ends[0]);
}

TEST_CASE("a stopped watch is silent until it is started again") {
  Fixture fixture;
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  int n_ready = 0;
  {
    loop::FdWatch watch(fixture.loop, ends[1], loop::FdWatch::Direction::write, [&] {
      n_ready += 1;
      watch.stop();
      fixture.loop.stop();
    });
    loop::Timer late(fixture.loop, [&] {
      CHECK(n_ready == 0);
      watch.start();
    });
    late.start(std::chrono::milliseconds(10));
    fixture.run();
  }
  CHECK(n_ready == 1);
  close(ends[0]);
  close(ends[1]);
}
