#include "agent/core/hierarchies.h"

#include "tests/support/catch.h"

using agent::MountedHierarchy;
using model::Controller;

namespace {

using Found = std::vector<MountedHierarchy>;

std::string mount(const std::string& root, const std::string& point, const std::string& type,
                  const std::string& options) {
  return "36 25 0:30 " + root + " " + point + " rw,nosuid shared:9 - " + type + " cgroup rw," +
         options + "\n";
}

}  // namespace

TEST_CASE("with version 2 alone groups are below the agent's own, or else at the top") {
  const auto mounts = "25 1 8:1 / / rw - ext4 /dev/sda rw\n" +
                      mount("/", "/sys/fs/cgroup", "cgroup2", "nsdelegate");
  CHECK(agent::find_hierarchies(mounts, "0::/system.slice/muster.service\n") ==
        Found{{.version = 2,
               .controllers = {},
               .parents = {"/sys/fs/cgroup/system.slice/muster.service", "/sys/fs/cgroup"}}});
}

TEST_CASE("an agent inside a launch never leaves that one's group") {
  const auto mounts = mount("/", "/sys/fs/cgroup", "cgroup2", "nsdelegate");
  CHECK(agent::find_hierarchies(mounts, "0::/muster/n1-12345678/7.1/7.1.batch\n") ==
        Found{{.version = 2,
               .controllers = {},
               .parents = {"/sys/fs/cgroup/muster/n1-12345678/7.1/7.1.batch"}}});
}

TEST_CASE("with both versions each controller of use is found where it is mounted") {
  const auto mounts = mount("/", "/cg/memory", "cgroup", "memory") +
                      mount("/", "/cg/cpu", "cgroup", "cpu,cpuacct") +
                      mount("/", "/cg/blkio", "cgroup", "blkio") +
                      mount("/", "/cg/systemd", "cgroup", "name=systemd") +
                      mount("/", "/cg/unified", "cgroup2", "nsdelegate");
  const std::string own = "5:name=systemd:/\n4:memory:/pod/a:b\n3:cpu,cpuacct:/pod\n0::/\n";
  CHECK(
      agent::find_hierarchies(mounts, own) ==
      Found{{.version = 2, .controllers = {}, .parents = {"/cg/unified"}},
            {.version = 1, .controllers = {Controller::memory}, .parents = {"/cg/memory/pod/a:b"}},
            {.version = 1, .controllers = {Controller::cpuacct}, .parents = {"/cg/cpu/pod"}}});
}

TEST_CASE("a container that sees a part of a hierarchy makes groups in that part") {
  const auto mounts = mount("/docker/abc", "/sys/fs/cgroup/memory", "cgroup", "memory");
  const auto parents = [&](const std::string& own) {
    const auto found = agent::find_hierarchies(mounts, "4:memory:" + own + "\n");
    REQUIRE(found.size() == 1);
    return found.front().parents;
  };
  CHECK(parents("/docker/abc") == std::vector<std::string>{"/sys/fs/cgroup/memory"});
  CHECK(parents("/docker/abc/in") == std::vector<std::string>{"/sys/fs/cgroup/memory/in"});
  CHECK(parents("/docker/abcd") == std::vector<std::string>{"/sys/fs/cgroup/memory"});
}

TEST_CASE("where nothing is mounted, or nothing can be read, nothing is found") {
  CHECK(agent::find_hierarchies("", "").empty());
  CHECK(agent::find_hierarchies("36 25 - cgroup2\n", "0::/\n").empty());
  CHECK(agent::find_hierarchies(mount("/", "/cg", "cgroup2", "x"), "").empty());
}

TEST_CASE("nodes of one name in different folders have different groups") {
  CHECK(agent::node_group("n1", "/a/n1").starts_with("muster/n1-"));
  CHECK(agent::node_group("n1", "/a/n1") != agent::node_group("n1", "/b/n1"));
}
