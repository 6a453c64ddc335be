#include "nodeprep/probe/network.h"

#include <unistd.h>

#include <cstddef>
#include <string_view>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/folder.h"

namespace probe {

namespace {

constexpr std::size_t attribute_limit = 4096;
constexpr int most_entries = 4096;

/// The names in a folder but "." and "..".
std::vector<std::string> entries(const std::string& folder) {
  std::vector<std::string> names;
  const loop::Folder open(opendir(folder.c_str()));
  if (!open) return names;
  for (int i = 0; i < most_entries; ++i) {
    const auto* entry = readdir(open.get());
    if (entry == nullptr) break;
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

std::string attribute(const std::string& path) {
  return std::string(base::trim(loop::read_file(path, attribute_limit).value_or(std::string())));
}

bool has_entry(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

}  // namespace

std::vector<std::string> network_features(const std::string& root) {
  constexpr std::string_view type_of_ethernet = "1";  // linux/if_arp.h
  std::vector<std::string> found;
  const auto interfaces = root + "/sys/class/net/";
  for (const auto& name : entries(interfaces)) {
    const auto folder = interfaces + name;
    const bool is_wireless = has_entry(folder + "/wireless") || has_entry(folder + "/phy80211");
    if (has_entry(folder + "/device") && !is_wireless &&
        attribute(folder + "/type") == type_of_ethernet)
      found.emplace_back("ethernet");
  }
  const auto adapters = root + "/sys/class/infiniband/";
  for (const auto& name : entries(adapters)) {
    // Not those of iWARP and EFA, which link their ports otherwise.
    if (!attribute(adapters + name + "/node_type").starts_with("1:")) continue;
    for (const auto& port : entries(adapters + name + "/ports")) {
      const auto link = attribute(adapters + name + "/ports/" + port + "/link_layer");
      if (link == "InfiniBand") found.emplace_back("infiniband");
      if (link == "Ethernet") found.emplace_back("roce");
    }
  }
  return found;
}

}  // namespace probe
