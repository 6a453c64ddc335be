#include "launcher/exec/node_names.h"

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "launcher/exec/mount_space.h"
#include "launcher/map/environment.h"
#include "lib/loop/files.h"

namespace exec {

namespace {

constexpr const char* hosts_file = "/etc/hosts";
constexpr std::size_t hosts_limit = 16 << 20;
constexpr const char* this_machine = "127.0.0.1";

/// Ours first: that is the line that counts.
std::string with_nodes(const model::Allocation& allocation, const std::string& hosts) {
  std::string line = this_machine;
  for (const auto& node : allocation.nodes) line += " " + node.name;
  return line + "\n" + hosts;
}

}  // namespace

base::Result<void> name_nodes(const Launch& launch) {
  const auto& order = launch.order;
  const bool may_ask = order.job->dialect != model::Dialect::native && !order.key.preparation;
  if (!may_ask || geteuid() != 0 || mapping::own_host(order) != this_machine) return {};
  const auto hosts = loop::read_file(hosts_file, hosts_limit);
  if (!hosts) return std::unexpected(hosts.error());
  const auto path = launch.dir.write_hosts(with_nodes(order.allocation, *hosts));
  if (!path) return std::unexpected(path.error());
  if (auto entered = MountSpace::enter(); !entered) return std::unexpected(entered.error());
  if (mount(path->c_str(), hosts_file, nullptr, MS_BIND, nullptr) == 0) return {};
  return base::fail_errno(errno, std::string("cannot mount over '") + hosts_file + "'");
}

}  // namespace exec
