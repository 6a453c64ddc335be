#include "nodeprep/probe/features.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/model/node_choice.h"
#include "nodeprep/probe/network.h"
#include "nodeprep/probe/software.h"

namespace probe {

namespace {

constexpr std::size_t fact_limit = std::size_t{16} << 20;

constexpr std::array<std::pair<const char*, const char*>, 4> runtimes{{{"bwrap", "bubblewrap"},
                                                                       {"ch-run", "charliecloud"},
                                                                       {"apptainer", "apptainer"},
                                                                       {"podman", "podman"}}};

constexpr std::array<std::string_view, 6> instructions{"avx2",     "avx512f", "avx512_bf16",
                                                       "amx_tile", "asimd",   "sve"};

std::string search_path() {
  const char* path = std::getenv("PATH");
  return path == nullptr ? "/usr/bin:/bin" : path;
}

bool is_in_path(const std::string& program) {
  const auto path = search_path();
  for (const auto folder : base::split(path, ':')) {
    if (access((std::string(folder) + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::string unquoted(std::string_view text) {
  text = base::trim(text);
  const bool is_quoted = text.size() > 1 && text.front() == '"' && text.back() == '"';
  return std::string(is_quoted ? text.substr(1, text.size() - 2) : text);
}

}  // namespace

std::string system_feature(const std::string& os_release) {
  std::string id;
  std::string version;
  for (const auto line : base::split(os_release, '\n')) {
    if (line.starts_with("ID=")) id = unquoted(line.substr(3));
    if (line.starts_with("VERSION_ID=")) version = unquoted(line.substr(11));
  }
  const auto name = version.empty() ? id : id + "-" + version;
  return model::is_plain_name(name) ? name : std::string();
}

std::vector<std::string> processor_features(const std::string& cpuinfo) {
  std::vector<std::string> found;
  for (const auto line : base::split(cpuinfo, '\n')) {
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    for (const auto word : base::split(line, ' ')) {
      if (std::ranges::find(instructions, word) != instructions.end()) found.emplace_back(word);
    }
    break;  // the others are alike
  }
  return found;
}

std::vector<std::string> find_features(const std::string& kernel) {
  auto features =
      processor_features(loop::read_file("/proc/cpuinfo", fact_limit).value_or(std::string()));
  for (const auto& [program, feature] : runtimes) {
    if (is_in_path(program)) features.emplace_back(feature);
  }
  features.push_back(
      system_feature(loop::read_file("/etc/os-release", fact_limit).value_or(std::string())));
  std::ranges::move(software_features("", search_path()), std::back_inserter(features));
  std::ranges::move(network_features(""), std::back_inserter(features));
  const auto parts = base::split(kernel, '.');
  if (parts.size() > 1)
    features.push_back("linux-" + std::string(parts[0]) + "." + std::string(parts[1]));
  std::erase_if(features, [](const std::string& name) { return !model::is_plain_name(name); });
  std::ranges::sort(features);
  features.erase(std::ranges::unique(features).begin(), features.end());
  return features;
}

}  // namespace probe
