#include "doctor/measure/node.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "doctor/measure/libraries.h"
#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/folder.h"

namespace doctor {

namespace {

std::string variable(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

bool is_loopback(const addrinfo& address) {
  if (address.ai_family == AF_INET6) {
    const auto& at = *reinterpret_cast<const sockaddr_in6*>(address.ai_addr);
    return IN6_IS_ADDR_LOOPBACK(&at.sin6_addr);
  }
  const auto& at = *reinterpret_cast<const sockaddr_in*>(address.ai_addr);
  return ntohl(at.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

void resolve_own_name(model::NodeFacts& facts) {
  facts.host_name = host_name();
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(facts.host_name.c_str(), nullptr, &hints, &found);
  if (failed != 0) {
    facts.unresolved = gai_strerror(failed);
    return;
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  facts.is_loopback = true;
  for (const auto* at = addresses.get(); at != nullptr; at = at->ai_next) {
    facts.is_loopback = facts.is_loopback && is_loopback(*at);
  }
}

/// A file without a name is made there, as far as the file system has such files.
std::string problem_of_folder(const std::string& path) {
  const loop::OwnedFd file(open(path.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return {};
  if (errno == EOPNOTSUPP || errno == EISDIR) {
    return access(path.c_str(), W_OK) == 0 ? std::string() : std::strerror(errno);
  }
  return std::string("cannot make a file: ") + std::strerror(errno);
}

model::FolderSpace space_of(const std::string& path) {
  model::FolderSpace space{.path = path, .free = {}, .problem = problem_of_folder(path)};
  struct statvfs found{};
  if (statvfs(path.c_str(), &found) != 0) {
    space.problem = std::strerror(errno);
    return space;
  }
  space.free = base::Bytes(static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize);
  return space;
}

std::vector<model::FolderSpace> look_at_folders() {
  const auto temporary = variable("TMPDIR", "/tmp");
  std::vector<model::FolderSpace> folders{space_of(temporary)};
  std::string present(4096, '\0');
  if (getcwd(present.data(), present.size()) == nullptr) return folders;
  present.resize(std::strlen(present.c_str()));
  if (present != temporary) folders.push_back(space_of(present));
  return folders;
}

std::vector<std::string> names_in(const char* path) {
  std::vector<std::string> names;
  const loop::Folder folder(opendir(path));
  if (!folder) return names;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  return names;
}

std::string find_stack_tool() {
  const auto path = variable("PATH", "/usr/bin:/bin");
  for (const std::string name : {"eu-stack", "gdb"}) {
    for (const auto folder : base::split(path, ':')) {
      if (access((std::string(folder) + '/' + name).c_str(), X_OK) == 0) return name;
    }
  }
  return {};
}

model::CpuSet usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  model::CpuSet cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<unsigned>(cpu), &set)) cpus.add(cpu);
  }
  return cpus;
}

std::optional<base::Bytes> memlock_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return {};
  return base::Bytes(limit.rlim_cur);
}

}  // namespace

model::NodeFacts facts_of_node() {
  model::NodeFacts facts;
  resolve_own_name(facts);
  facts.folders = look_at_folders();
  facts.memlock = memlock_limit();
  facts.fabric = names_in("/sys/class/infiniband");
  facts.stack_tool = find_stack_tool();
  facts.cpus = usable_cpus();
  if (const auto wanted = variable("MUSTER_CPUS"); !wanted.empty()) {
    if (auto cpus = model::index_set_from_text(wanted)) facts.wanted_cpus = *std::move(cpus);
  }
  facts.libraries = library_versions();
  facts.n_gpus = count_gpus();
  return facts;
}

std::string machine_id() {
  const auto id = loop::read_file("/proc/sys/kernel/random/boot_id", 4096);
  return id ? std::string(base::trim(*id)) : host_name();
}

}  // namespace doctor
