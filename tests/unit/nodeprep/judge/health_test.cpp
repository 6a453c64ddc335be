#include "nodeprep/judge/health.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

judge::Vitals good() {
  return {.disks = {{.path = "/tmp", .free = base::Bytes(8 * gib)}},
          .memory_available = base::Bytes(4 * gib),
          .interfaces = {"eth0", "ib0"},
          .interfaces_before = {"eth0", "ib0"}};
}

std::string verdict(void (*change)(judge::Vitals&)) {
  auto vitals = good();
  change(vitals);
  return judge::judge(vitals, {.disk = base::Bytes(gib), .memory = base::Bytes(2 * gib)}).text;
}

}  // namespace

TEST_CASE("a node in service is well, or all is said that is wrong") {
  CHECK(verdict([](judge::Vitals&) {}) == "well: 2 network interfaces, 4G of memory available");
  CHECK(verdict([](judge::Vitals& v) { v.disks[0].free = base::Bytes(gib / 2); }) ==
        "unusable: /tmp has 512M free, expected at least 1G");
  CHECK(verdict([](judge::Vitals& v) { v.disks[0].is_read_only = true; }) ==
        "unusable: /tmp is read-only");
  CHECK(verdict([](judge::Vitals& v) { v.memory_available = base::Bytes(gib); }) ==
        "unusable: 1G of memory is available, expected at least 2G");
  CHECK(verdict([](judge::Vitals& v) { v.interfaces = {"eth0"}; }) ==
        "unusable: the network interface ib0 has gone down");
  CHECK(verdict([](judge::Vitals& v) { v.clock_off = 2min; }) ==
        "unusable: the clock is 2m ahead of that of the controller");
  CHECK(verdict([](judge::Vitals& v) {
          v.clock_off = -61s;
          v.interfaces = {"ib0"};
        }) ==
        "unusable: the network interface eth0 has gone down; the clock is 1m1s behind that of the "
        "controller");
  CHECK(verdict([](judge::Vitals& v) { v.clock_off = 1min; }).starts_with("well"));
  CHECK(verdict([](judge::Vitals& v) { v.interfaces.push_back("eth1"); }).starts_with("well"));
}
