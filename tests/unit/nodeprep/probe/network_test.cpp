#include "nodeprep/probe/network.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;

namespace {

class Networks {
 public:
  void interface(const std::string& name, const std::string& type, const std::string& has) {
    const fs::path folder = root_ / ("sys/class/net/" + name);
    fs::create_directories(folder);
    if (!has.empty()) fs::create_directories(folder / "device");
    if (has == "radio") fs::create_directories(folder / "wireless");
    std::ofstream(folder / "type") << type << "\n";
  }
  void adapter(const std::string& name, const std::string& type, const std::string& link) {
    const fs::path folder = root_ / ("sys/class/infiniband/" + name);
    fs::create_directories(folder / "ports/1");
    std::ofstream(folder / "node_type") << type << "\n";
    std::ofstream(folder / "ports/1/link_layer") << link << "\n";
  }
  std::vector<std::string> features() const {
    auto found = probe::network_features(root_.path());
    std::ranges::sort(found);
    return found;
  }

 private:
  support::TempFolder root_;
};

}  // namespace

TEST_CASE("a node has the networks that it has cards for") {
  Networks networks;
  CHECK(networks.features().empty());
  networks.interface("lo", "772", "");
  networks.interface("veth1", "1", "");
  networks.interface("wlan0", "1", "radio");
  networks.adapter("rxe0", "4: RNIC", "Ethernet");
  CHECK(networks.features().empty());
  networks.interface("eth0", "1", "card");
  networks.adapter("mlx5_0", "1: CA", "InfiniBand");
  CHECK(networks.features() == std::vector<std::string>{"ethernet", "infiniband"});
  networks.adapter("mlx5_1", "1: CA", "Ethernet");
  CHECK(networks.features() == std::vector<std::string>{"ethernet", "infiniband", "roce"});
}
