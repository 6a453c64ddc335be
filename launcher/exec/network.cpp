#include "launcher/exec/network.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "launcher/map/parameter_file.h"
#include "lib/loop/files.h"
#include "lib/loop/folder.h"

namespace exec {

namespace {

constexpr std::size_t parameter_file_limit = std::size_t{1} << 20;

bool has_fabric_device() {
  static constexpr std::array<std::string_view, 4> prefixes{"hfi1", "ipath", "infiniband", "cxi"};
  const loop::Folder folder(opendir("/dev"));
  if (!folder) return false;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string_view name(entry->d_name);
    if (std::any_of(prefixes.begin(), prefixes.end(),
                    [name](std::string_view prefix) { return name.starts_with(prefix); })) {
      return true;
    }
  }
  return false;
}

/// Empty: it is none of IP.
std::string text_of(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* host = nullptr;
  if (address.sa_family == AF_INET) {
    host = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  } else if (address.sa_family == AF_INET6) {
    host = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  } else {
    return {};
  }
  return inet_ntop(address.sa_family, host, text.data(), text.size()) == nullptr ? "" : text.data();
}

}  // namespace

std::string open_mpi_pml(const std::string& home) {
  if (has_fabric_device()) return {};
  std::optional<std::string> pml;
  std::optional<std::string> mtl;
  // The user's file after the site's: it wins.
  for (const auto& path :
       {std::string("/etc/openmpi/openmpi-mca-params.conf"), home + "/.openmpi/mca-params.conf"}) {
    const auto text = loop::read_file(path, parameter_file_limit);
    if (!text) continue;
    if (auto value = mapping::parameter(*text, "pml")) pml = std::move(value);
    if (auto value = mapping::parameter(*text, "mtl")) mtl = std::move(value);
  }
  return mapping::pml_without_fabric(pml, mtl);
}

std::string interface_of(const std::string& address) {
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(found, freeifaddrs);
  for (const auto* each = found; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr != nullptr && text_of(*each->ifa_addr) == address) return each->ifa_name;
  }
  return {};
}

}  // namespace exec
