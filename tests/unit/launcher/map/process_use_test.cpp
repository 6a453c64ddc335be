#include "launcher/map/process_use.h"

#include "tests/support/catch.h"

namespace {

constexpr const char* stat =
    "4711 (a (strange) name) S 1 4711 4711 0 -1 4194560 1 2 3 4 150 50 20 30 20 0 1 0 1000 "
    "8192000 256 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n";

}  // namespace

TEST_CASE("what a process used is its own time and that of its children, and what is resident") {
  const auto use =
      mapping::process_use(stat, "rchar: 9\nwchar: 8\nread_bytes: 4096\nwrite_bytes: 8192\n",
                           {.ticks_per_second = 100, .page_size = 4096});
  REQUIRE(use);
  CHECK(use->cpu == base::Duration(2'500'000));
  CHECK(use->memory == base::Bytes(256 * 4096));
  CHECK(use->read == base::Bytes(4096));
  CHECK(use->written == base::Bytes(8192));
}

TEST_CASE("disks are left out where the kernel does not tell") {
  const auto use = mapping::process_use(stat, "", {});
  REQUIRE(use);
  CHECK(use->read == base::Bytes());
}

TEST_CASE("a process that is gone used nothing") {
  CHECK_FALSE(mapping::process_use("", "", {}));
  CHECK_FALSE(mapping::process_use("1 (short) S 1 1", "", {}));
}
