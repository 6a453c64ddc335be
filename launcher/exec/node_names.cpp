#include "launcher/exec/node_names.h"

#include <sched.h>
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
constexpr const char* this_machine = "127.0.0.1";  // as addresses of slices say

/// "127.0.0.2" is the second: all of 127.0.0.0/8 is this machine, and programs that compare
/// addresses, such as mpirun, do not take one node for another.
std::string loopback(std::size_t place) {
  constexpr std::size_t byte = 256;
  const auto number = place + 1;
  return "127." + std::to_string(number / byte / byte % byte) + "." +
         std::to_string(number / byte % byte) + "." + std::to_string(number % byte);
}

/// Ours first: that is the line that counts.
std::string with_nodes(const model::Allocation& allocation, const std::string& hosts) {
  std::string text;
  for (std::size_t place = 0; place < allocation.nodes.size(); ++place)
    text += loopback(place) + " " + allocation.nodes[place].name + "\n";
  return text + hosts;
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
  const auto& name = node_name(order);
  if (unshare(CLONE_NEWUTS) != 0 || sethostname(name.c_str(), name.size()) != 0)
    return base::fail_errno(errno, "cannot give the launch the host name '" + name + "'");
  if (auto entered = MountSpace::enter(); !entered) return std::unexpected(entered.error());
  if (mount(path->c_str(), hosts_file, nullptr, MS_BIND, nullptr) == 0) return {};
  return base::fail_errno(errno, std::string("cannot mount over '") + hosts_file + "'");
}

}  // namespace exec
