#include "launcher/exec/fabric.h"

#include <dirent.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/text.h"
#include "lib/loop/files.h"

namespace exec {

namespace {

constexpr std::size_t parameter_file_limit = std::size_t{1} << 20;

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

bool has_device() {
  static constexpr std::array<std::string_view, 4> prefixes{"hfi1", "ipath", "infiniband", "cxi"};
  const std::unique_ptr<DIR, CloseFolder> folder(opendir("/dev"));
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

/// Lines such as "pml = ucx" or "mtl=ofi".
bool chooses_network(const std::string& path) {
  const auto text = loop::read_file(path, parameter_file_limit);
  if (!text) return false;
  for (const auto line : base::split(*text, '\n')) {
    const auto name = base::trim(line.substr(0, line.find('=')));
    if (name == "pml" || name == "mtl") return true;
  }
  return false;
}

}  // namespace

bool has_fabric(const char* home) {
  return has_device() || chooses_network("/etc/openmpi/openmpi-mca-params.conf") ||
         (home != nullptr && chooses_network(std::string(home) + "/.openmpi/mca-params.conf"));
}

}  // namespace exec
