#include "scheduler/daemon/paths.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "lib/loop/files.h"

namespace musterd {

namespace {

/// A Unix socket's address holds 107 bytes (man 7 unix); the longest name in the directory is that
/// of a step's head: "/run/1000000000.1000.1000.sock".
constexpr std::size_t longest_dir = 107 - 30;
constexpr std::size_t user_folder = 11;  // "/4000000000"

}  // namespace

base::Result<void> make_folders(const Paths& paths, bool for_all) {
  const std::string& dir = paths.dir;
  if (dir.empty() || dir.front() != '/') {
    return base::fail(base::Code::invalid,
                      "the cluster's directory '" + dir + "' is not an absolute path");
  }
  const std::size_t longest = for_all ? longest_dir - user_folder : longest_dir;
  if (dir.size() > longest) {
    return base::fail(base::Code::invalid,
                      "the cluster's directory '" + dir + "' has " + std::to_string(dir.size()) +
                          " bytes, more than the " + std::to_string(longest) +
                          " that socket addresses leave; choose a shorter one");
  }
  for (const auto& folder : std::array{dir, paths.log_dir(), paths.run_dir(), paths.nodes_dir()}) {
    if (auto made = loop::make_directories(folder, 0700); !made) return made;
  }
  for (const auto& folder : std::array{dir, paths.run_dir(), paths.nodes_dir()}) {
    if (chmod(folder.c_str(), for_all ? 0711 : 0700) != 0)
      return base::fail_errno(errno, "cannot set the mode of '" + folder + "'");
  }
  return {};
}

}  // namespace musterd
