#include "nodeprep/probe/vitals.h"

#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;

TEST_CASE("interfaces are watched that belong to a device, not those of containers") {
  const support::TempFolder root;
  const auto interface = [&root](const std::string& name, bool has_device) {
    const fs::path folder = root / ("sys/class/net/" + name);
    fs::create_directories(has_device ? folder / "device" : folder);
    std::ofstream(folder / "operstate") << "up\n";
  };
  fs::create_directories(root / "proc");
  std::ofstream(root / "proc/meminfo") << "MemTotal: 2048 kB\nMemAvailable:  1024 kB\n";
  interface("eth0", true);
  interface("docker0", false);
  interface("veth12", false);
  const auto state = root / "interfaces";
  const auto before = probe::read_vitals({root.path()}, state, root.path());
  REQUIRE(before.has_value());
  CHECK(before->memory_available == base::Bytes(1024 * 1024));
  CHECK(before->interfaces == std::vector<std::string>{"eth0"});
  std::ofstream(root / "sys/class/net/eth0/operstate") << "down\n";
  const auto after = probe::read_vitals({root.path()}, state, root.path());
  REQUIRE(after.has_value());
  CHECK(after->interfaces.empty());
  CHECK(after->interfaces_before == std::vector<std::string>{"eth0"});
}
