#include "cli/cluster.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "cli/request/values.h"
#include "cli/terminal.h"
#include "lib/loop/owned_fd.h"

namespace cli {

namespace {

constexpr const char* system_dir = "/run/muster";

/// --dir of submit's table has another id.
const options::Given* dir_given(const options::Parsed& line) {
  for (auto one = line.given.rbegin(); one != line.given.rend(); ++one) {
    if (one->written == "--dir") return &*one;
  }
  return nullptr;
}

Try<std::string> default_dir() {
  if (const auto state = variable("XDG_STATE_HOME")) return *state + "/muster";
  if (const auto home = variable("HOME")) return *home + "/.local/state/muster";
  return refuse("neither XDG_STATE_HOME nor HOME is set; name the state directory with --dir");
}

Try<ClusterPaths> absolute_paths(const std::string& dir) {
  if (dir.empty()) return misuse("--dir: expected a directory, found ''");
  if (dir.starts_with('/')) return ClusterPaths{dir};
  const auto here = present_directory();
  if (!here) return refuse(here.error());
  return ClusterPaths{request::absolute(dir, *here)};
}

Cluster at(ClusterPaths paths) {
  loop::UnixAddress address{paths.api_socket()};
  return {std::move(paths), std::move(address)};
}

}  // namespace

Try<ClusterPaths> state_directory(const options::Parsed& line) {
  if (const auto* given = dir_given(line)) return absolute_paths(given->value);
  if (const auto dir = variable("MUSTER_DIR")) return absolute_paths(*dir);
  const auto dir = default_dir();
  if (!dir) return std::unexpected(dir.error());
  return absolute_paths(*dir);
}

Try<Cluster> find_cluster(const options::Parsed& line) {
  const auto controller = variable("MUSTER_CONTROLLER");
  if (controller && dir_given(line) == nullptr) {
    auto address = loop::parse_address(*controller);
    if (!address) return refuse(address.error().in("MUSTER_CONTROLLER"));
    ClusterPaths paths;
    if (const auto* local = std::get_if<loop::UnixAddress>(&*address)) {
      paths.dir = local->path.substr(0, local->path.rfind('/'));
    }
    return Cluster{std::move(paths), std::move(*address)};
  }
  auto paths = state_directory(line);
  if (!paths) return std::unexpected(paths.error());
  const bool is_chosen = dir_given(line) != nullptr || variable("MUSTER_DIR").has_value();
  if (!is_chosen && ::access(paths->journal().c_str(), F_OK) != 0) {
    auto system = at(ClusterPaths{system_dir});
    if (is_listening(system.address)) return system;
  }
  return at(std::move(*paths));
}

bool is_listening(const loop::Address& address) {
  const auto* local = std::get_if<loop::UnixAddress>(&address);
  if (local == nullptr) return true;  // only trying it for good tells
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (local->path.size() >= sizeof name.sun_path) return false;
  std::memcpy(name.sun_path, local->path.data(), local->path.size());
  const loop::OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
}

Problem no_cluster(const Cluster& cluster) {
  const auto& dir = cluster.paths.dir;
  if (dir.empty()) {
    return {exit_no_cluster, "nobody answers at " + loop::to_text(cluster.address)};
  }
  if (::access(cluster.paths.journal().c_str(), F_OK) == 0) {
    return {exit_no_cluster,
            fmt::format("the cluster in '{}' is not running; start it again with: muster up", dir)};
  }
  return {exit_no_cluster, fmt::format("there is no cluster in '{}'; start one with: muster up "
                                       "--nodes 2, or name another with --dir",
                                       dir)};
}

}  // namespace cli
