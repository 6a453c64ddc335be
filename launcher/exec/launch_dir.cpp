#include "launcher/exec/launch_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <variant>

#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/loop/process_table.h"
#include "lib/wire/agent.h"
#include "lib/wire/launch.h"

namespace exec {

namespace {

constexpr std::size_t order_limit = std::size_t{64} << 20;

struct Free {
  void operator()(char* memory) const { std::free(memory); }
};

base::Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n_bytes = write(fd, bytes.data(), bytes.size());
    if (n_bytes < 0 && errno == EINTR) continue;
    if (n_bytes < 0) return base::fail_errno(errno, "cannot write '" + path + "'");
    bytes.remove_prefix(static_cast<std::size_t>(n_bytes));
  }
  return {};
}

/// In one piece for readers that come while it is written, for short texts.
base::Result<void> write_small(const std::string& path, std::string_view text) {
  const loop::OwnedFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return base::fail_errno(errno, "cannot open '" + path + "'");
  return write_all(file.get(), text, path);
}

/// Not access(), which asks for the process's user.
bool access_here(const std::string& folder) {
  struct stat found{};
  return stat((folder + "/.").c_str(), &found) == 0;
}

}  // namespace

base::Result<LaunchDir> LaunchDir::open(const std::string& path) {
  const std::unique_ptr<char, Free> absolute(realpath(path.c_str(), nullptr));
  if (!absolute) return base::fail_errno(errno, "cannot find the launch directory '" + path + "'");
  const std::string found = absolute.get();
  struct stat own{};
  const bool has_own = lstat((found + "/own").c_str(), &own) == 0 && S_ISDIR(own.st_mode);
  return LaunchDir(found, has_own ? "/own" : "");
}

std::string LaunchDir::file(std::string_view name) const {
  return path_ + own_ + "/" + std::string(name);
}

std::string LaunchDir::own_of(const model::LaunchKey& key) const {
  return of(key) + own_;
}

base::Result<void> LaunchDir::hand_over(const loop::Account& user) const {
  const std::string folder = path_ + own_;
  if (own_.empty())
    return base::fail(base::Code::conflict, "'" + path_ + "' has no folder for user " + user.name);
  if (!loop::FileUser(user.uid, user.gid, user.groups).is_in_force())
    return base::fail(base::Code::denied, "cannot look at files as user " + user.name);
  // There may be notes already. The folder comes last: until then nobody else can be in it.
  if (lchown(file("launcher.log").c_str(), user.uid, user.gid) != 0 && errno != ENOENT)
    return base::fail_errno(errno, "cannot give '" + file("launcher.log") + "' to " + user.name);
  if (lchown(folder.c_str(), user.uid, user.gid) != 0)
    return base::fail_errno(errno, "cannot give '" + folder + "' to " + user.name);
  const auto comes_there = [&] {
    const loop::FileUser as(user.uid, user.gid, user.groups);
    return as.is_in_force() && access_here(folder);
  };
  if (comes_there()) return {};
  if (lchown(folder.c_str(), 0, 0) != 0)
    return base::fail_errno(errno, "cannot take '" + folder + "' back");
  return base::fail(base::Code::denied,
                    "user " + user.name + " does not come to '" + folder +
                        "', through the folders above it; open them with chmod o+x, or give the "
                        "agent another --dir");
}

std::string LaunchDir::of(const model::LaunchKey& key) const {
  return path_.substr(0, path_.rfind('/') + 1) + to_text(key);
}

base::Result<model::LaunchOrder> LaunchDir::read_order() const {
  const auto bytes = loop::read_file(agents_file("order"), order_limit);
  if (!bytes) return std::unexpected(bytes.error());
  auto order = wire::decode_order(*bytes);
  if (!order) return std::unexpected(std::move(order).error().in(agents_file("order")));
  return order;
}

base::Result<model::Topology> LaunchDir::read_topology() const {
  const std::string path = agents_file("../../node");
  const auto bytes = loop::read_file(path, order_limit);
  if (!bytes) return std::unexpected(bytes.error());
  auto message = wire::decode_from_agent(*bytes);
  if (!message) return std::unexpected(std::move(message).error().in(path));
  auto* hello = std::get_if<model::AgentHello>(&*message);
  if (hello == nullptr) {
    return base::fail(base::Code::corrupt, path + ": expected the description of a node");
  }
  return std::move(hello->info.topology);
}

std::string LaunchDir::topology_xml() const {
  const std::string path = agents_file("../../topology.xml");
  return access(path.c_str(), R_OK) == 0 ? path : std::string();
}

base::Result<void> LaunchDir::write_identity(const std::string& launch_id) const {
  const auto start_time = loop::process_start_time(getpid());
  if (!start_time) return std::unexpected(start_time.error());
  auto written = write_small(agents_file("pid"),
                             std::to_string(getpid()) + " " + std::to_string(*start_time) + "\n");
  if (!written) return written;
  return write_small(agents_file("launch_id"), launch_id);
}

base::Result<void> LaunchDir::record_session(pid_t session) {
  if (!sessions_) {
    sessions_ = loop::OwnedFd(
        ::open(file("sessions").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  }
  if (!sessions_) return base::fail_errno(errno, "cannot open '" + file("sessions") + "'");
  return write_all(sessions_.get(), std::to_string(session) + "\n", file("sessions"));
}

base::Result<void> LaunchDir::record_session_dir(const std::string& path) const {
  return write_small(file("session_dir"), path);
}

base::Result<void> LaunchDir::record_groups(const std::string& text) const {
  return write_small(agents_file("groups"), text);
}

void LaunchDir::forget_groups() const {
  // One that stays names groups that are not there, which does no harm.
  (void)unlink(agents_file("groups").c_str());
}

base::Result<void> LaunchDir::record_undying(base::Time since) const {
  return write_small(file("undying"), std::to_string(base::to_us(since)) + "\n");
}

bool LaunchDir::has_undying() const {
  return access(file("undying").c_str(), F_OK) == 0;
}

base::Result<void> LaunchDir::note_idle_gpus(std::optional<base::Time> since) const {
  const auto path = file("gpus_idle");
  if (since) {
    return loop::write_file_atomic(path, std::to_string(base::to_us(*since)) + "\n",
                                   {.mode = 0600, .sync = false});
  }
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return base::fail_errno(errno, "cannot remove '" + path + "'");
}

base::Result<void> LaunchDir::write_usage(const model::LaunchReport& so_far) const {
  return loop::write_file_atomic(file("usage"), wire::encode_report(so_far),
                                 {.mode = 0600, .sync = false});
}

base::Result<std::string> LaunchDir::write_hosts(const std::string& text) const {
  auto path = agents_file("etc-hosts");
  const loop::OwnedFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  const auto size = static_cast<ssize_t>(text.size());
  if (file && ::write(file.get(), text.data(), text.size()) == size &&
      fchmod(file.get(), 0644) == 0)
    return path;
  return base::fail_errno(errno, "cannot write '" + path + "'");
}

base::Result<void> LaunchDir::write_report(const model::LaunchReport& report) const {
  return loop::write_file_atomic(file("report"), wire::encode_report(report),
                                 {.mode = 0600, .sync = false});
}

void LaunchDir::note(std::string_view text) const {
  const loop::OwnedFd log(
      ::open(file("launcher.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log) return;
  const std::string line = base::to_text(loop::now()) + " " + std::string(text) + "\n";
  // A note that cannot be written must not stop the launch.
  (void)write_all(log.get(), line, "launcher.log");
}

}  // namespace exec
