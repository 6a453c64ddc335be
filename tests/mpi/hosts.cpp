#include "tests/mpi/hosts.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <sstream>
#include <utility>

#include "lib/loop/spawn.h"
#include "tests/support/catch.h"
#include "tests/unit/launcher/launch_box.h"

namespace launcher_test {

namespace {

constexpr const char* ip_program = "/sbin/ip";
constexpr const char* tc_program = "/sbin/tc";

/// Makes as many hosts as the first argument says. `to-nN` is the bridge's end of a host's link.
constexpr const char* make_script = R"(
  ip link set lo up
  ip link add bridge type bridge
  ip link set bridge up
  ip addr add 10.213.0.254/24 dev bridge
  for host in $(seq "$1"); do
    cat /proc/sys/kernel/random/uuid >/run/n$host.boot_id
    ip netns add n$host
    ip link add to-n$host type veth peer name eth0 netns n$host
    ip link set to-n$host master bridge up
    ip -n n$host addr add 10.213.0.$host/24 dev eth0
    ip -n n$host link set eth0 up
    ip -n n$host link set lo up
  done
  ip netns exec n1 mount --bind /run/n1.boot_id /proc/sys/kernel/random/boot_id
)";

/// Runs its arguments on the host that the first one names. UCX, and so MPICH, takes hosts with the
/// same boot ID for one machine, whose ranks share memory.
constexpr const char* run_script = R"(
  mount --bind "/run/$1.boot_id" /proc/sys/kernel/random/boot_id
  shift
  exec "$@"
)";

std::string name_of(int host) {
  return "n" + std::to_string(host + 1);
}

std::string port_of(int host) {
  return "to-" + name_of(host);
}

bool runs_well(std::vector<std::string> words) {
  const auto pid = loop::spawn_process({.program = words.front(),
                                        .arguments = std::move(words),
                                        .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                                        .error = loop::SameAsParent{}});
  int status = -1;
  return pid && waitpid(*pid, &status, 0) == *pid && status == 0;
}

/// Packets to an address that no card has go nowhere.
bool turn_deaf(int host, int to, bool is_deaf) {
  const auto name = name_of(host);
  const auto address = address_of(to);
  if (!is_deaf) {
    return runs_well({ip_program, "-n", name, "neigh", "del", address, "dev", "eth0"});
  }
  return runs_well({ip_program, "-n", name, "neigh", "replace", address, "lladdr",
                    "02:00:00:00:00:01", "nud", "permanent", "dev", "eth0"});
}

bool turn_link(int host, const std::string& state) {
  return runs_well({ip_program, "link", "set", port_of(host), state});
}

base::Result<void> enter_own_namespaces() {
  if (geteuid() != 0) return base::fail(base::Code::denied, "only root may make namespaces");
  if (access(ip_program, X_OK) != 0) {
    return base::fail_errno(errno, "cannot run '" + std::string(ip_program) + "' of iproute2");
  }
  if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) {
    return base::fail_errno(errno, "cannot make namespaces");
  }
  // The names of network namespaces are files below /run.
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("none", "/run", "tmpfs", 0, nullptr) != 0) {
    return base::fail_errno(errno, "cannot mount in a namespace");
  }
  return {};
}

}  // namespace

base::Result<void> make_hosts(int n) {
  if (auto entered = enter_own_namespaces(); !entered) return entered;
  if (runs_well({"/bin/sh", "-euc", make_script, "sh", std::to_string(n)})) return {};
  return base::fail(base::Code::io, "cannot make a bridge and links to it");
}

bool has_hosts() {
  static const bool are_made = [] {
    const auto made = make_hosts(n_hosts);
    if (!made) std::printf("there are no hosts: %s\n", made.error().text.c_str());
    return made.has_value();
  }();
  return are_made;
}

std::vector<std::string> on_host(int host) {
  const auto name = name_of(host);
  return {ip_program, "netns", "exec", name, "/bin/sh", "-euc", run_script, "sh", name};
}

std::string address_of(int host) {
  return "10.213.0." + std::to_string(host + 1);
}

Traffic traffic_of(int host) {
  std::istringstream lines(read_text("/proc/self/net/dev"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word != port_of(host) + ":") continue;
    Traffic traffic;
    words >> traffic.sent_bytes;  // which the bridge's end has received
    for (int column = 2; column < 9; ++column) words >> word;
    words >> traffic.received_bytes;
    CHECK(words);
    return traffic;
  }
  FAIL("/proc/self/net/dev has no line of " << port_of(host));
  return {};
}

CutLink::CutLink(int host) : host_(host) {
  CHECK(turn_link(host_, "down"));
}

CutLink::~CutLink() {
  CHECK(turn_link(host_, "up"));
}

NarrowLink::NarrowLink(int host) : host_(host) {
  CHECK(runs_well({tc_program, "qdisc", "add", "dev", port_of(host_), "root", "tbf", "rate",
                   "100mbit", "burst", "32kb", "latency", "50ms"}));
}

NarrowLink::~NarrowLink() {
  CHECK(runs_well({tc_program, "qdisc", "del", "dev", port_of(host_), "root"}));
}

DeafPair::DeafPair(int one, int other) : one_(one), other_(other) {
  CHECK(turn_deaf(one_, other_, true));
  CHECK(turn_deaf(other_, one_, true));
}

DeafPair::~DeafPair() {
  CHECK(turn_deaf(one_, other_, false));
  CHECK(turn_deaf(other_, one_, false));
}

}  // namespace launcher_test
