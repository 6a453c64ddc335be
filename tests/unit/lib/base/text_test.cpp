#include "lib/base/text.h"

#include <array>

#include "lib/base/bytes.h"
#include "lib/base/random.h"
#include "tests/support/catch.h"

TEST_CASE("splitting keeps empty parts") {
  CHECK(base::split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(base::split("", ',') == std::vector<std::string_view>{""});
}

TEST_CASE("integers are read whole or not at all") {
  CHECK(base::parse_int("17", 0, 100) == 17);
  CHECK(base::parse_int("-5", -10, 10) == -5);
  CHECK_FALSE(base::parse_int("101", 0, 100));
  CHECK_FALSE(base::parse_int("1 ", 0, 100));
  CHECK_FALSE(base::parse_int("+1", 0, 100));
  CHECK_FALSE(base::parse_int("", 0, 100));
  CHECK_FALSE(base::parse_int("99999999999999999999", 0, 100));
}

TEST_CASE("the nearest word is found only when it is near") {
  constexpr std::array<std::string_view, 3> words{"nodes", "ntasks", "time"};
  CHECK(base::nearest("node", words) == "nodes");
  CHECK(base::nearest("ntaks", words) == "ntasks");
  CHECK_FALSE(base::nearest("wallclock", words));
}

TEST_CASE("memory is read as sbatch reads it") {
  CHECK(base::parse_memory("4000") == base::Bytes(4000ull << 20));
  CHECK(base::parse_memory("4G") == base::Bytes(4ull << 30));
  CHECK(base::parse_memory("4gb") == base::Bytes(4ull << 30));
  CHECK(to_exact_text(base::Bytes(1536ull << 20)) == "1536M");
  CHECK(to_exact_text(base::Bytes(1ull << 40)) == "1T");
  CHECK(to_exact_text(base::Bytes(1000)) == "1000B");
  CHECK(base::parse_memory("1.5GiB") == base::Bytes(3ull << 29));
  CHECK(base::parse_memory("0") == base::Bytes(0));
  for (const std::string_view bad : {"", "G", "4X", "4Gx", "-1", "4 G", "1e9"}) {
    CAPTURE(bad);
    CHECK_FALSE(base::parse_memory(bad).has_value());
  }
}

TEST_CASE("memory is written in binary units") {
  CHECK(to_text(base::Bytes(4ull << 30)) == "4G");
  CHECK(to_text(base::Bytes(1536ull << 20)) == "1.5G");
  CHECK(to_text(base::Bytes(12)) == "12B");
}

TEST_CASE("the generator gives the published SplitMix64 sequence") {
  base::Random random(1234567);
  CHECK(random.next() == 6457827717110365317ull);
  CHECK(random.next() == 3203168211198807973ull);
}

TEST_CASE("control characters are made visible") {
  CHECK(base::printable("a\x01"
                        "b\r") == "a\\x01b\\x0d");
  CHECK(base::printable("abcdef", 3) == "abc...");
}
