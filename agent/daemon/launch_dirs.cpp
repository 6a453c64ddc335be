#include "agent/daemon/launch_dirs.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <limits>
#include <vector>

#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/wire/launch.h"

namespace agentd {

namespace {

constexpr std::size_t report_limit = std::size_t{1} << 20;
constexpr std::size_t order_limit = std::size_t{64} << 20;
constexpr std::size_t small_limit = std::size_t{1} << 16;
constexpr base::Duration clock_slack = std::chrono::minutes(1);  // files may be a server's
constexpr mode_t way_through = 0011;  // for who knows the name of what is in it

/// Errors are in errno.
bool let_through(const std::string& folder) {
  struct stat found{};
  return stat(folder.c_str(), &found) == 0 &&
         chmod(folder.c_str(), (found.st_mode & 07777) | way_through) == 0;
}

base::Result<void> write_new(const std::string& path, std::string_view bytes) {
  const loop::OwnedFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return base::fail_errno(errno, "cannot make '" + path + "'");
  while (!bytes.empty()) {
    const ssize_t n_written = write(file.get(), bytes.data(), bytes.size());
    if (n_written < 0 && errno == EINTR) continue;
    if (n_written < 0) return base::fail_errno(errno, "cannot write '" + path + "'");
    bytes.remove_prefix(static_cast<std::size_t>(n_written));
  }
  return {};
}

base::Result<loop::OwnedFd> open_locked(const std::string& path) {
  loop::OwnedFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return base::fail_errno(errno, "cannot make '" + path + "'");
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return base::fail_errno(errno, "cannot lock '" + path + "'");
  }
  return file;
}

}  // namespace

std::optional<base::Time> plausible(base::Time time) {
  const bool is_plausible = time >= base::Time() && time <= loop::now() + clock_slack;
  return is_plausible ? std::optional(time) : std::nullopt;
}

OwnFolder own_folder(const std::string& launch_dir) {
  const std::string users = launch_dir + "/own";
  struct stat found{};
  if (lstat(users.c_str(), &found) != 0 || !S_ISDIR(found.st_mode))
    return {.path = launch_dir, .uid = geteuid(), .gid = getegid(), .is_users = false};
  return {.path = users, .uid = found.st_uid, .gid = found.st_gid, .is_users = true};
}

base::Result<loop::OwnedFd> OwnFolder::open(const char* name) const {
  if (is_users) return loop::open_of(uid, file(name));
  loop::OwnedFd opened(
      ::open(file(name).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK));
  if (!opened) return base::fail_errno(errno, "cannot read '" + file(name) + "'");
  return opened;
}

base::Result<std::string> OwnFolder::read(const char* name, std::size_t limit) const {
  return is_users ? loop::read_file_of(uid, file(name), limit) : loop::read_file(file(name), limit);
}

base::Result<LaunchDirs> LaunchDirs::open(const std::string& node_dir) {
  const std::string root = node_dir + "/launches";
  const auto made = loop::make_directories(root, 0700);
  if (!made) return std::unexpected(made.error());
  for (const auto& folder : {node_dir, root}) {
    if (geteuid() == 0 && !let_through(folder))
      return base::fail_errno(errno, "cannot let users through '" + folder + "'");
  }
  return LaunchDirs(root);
}

std::string LaunchDirs::path(const model::LaunchKey& key) const {
  return root_ + "/" + model::to_text(key);
}

std::string LaunchDirs::file(const model::LaunchKey& key, const char* name) const {
  return path(key) + "/" + name;
}

base::Result<loop::OwnedFd> LaunchDirs::create(const model::LaunchOrder& order) const {
  if (mkdir(path(order.key).c_str(), 0700) != 0) {
    return base::fail_errno(errno, "cannot make '" + path(order.key) + "'");
  }
  auto lock = open_locked(file(order.key, "launcher.err"));
  if (auto made = make_own(order); lock && !made) lock = std::unexpected(std::move(made).error());
  auto written = lock ? write_new(file(order.key, "order"), wire::encode_order(order))
                      : base::Result<void>(std::unexpected(lock.error()));
  if (!written) {
    // The first error is the one to tell; what cannot be removed is found at the next start.
    (void)remove(order.key);
    return std::unexpected(std::move(written).error());
  }
  return lock;
}

base::Result<loop::OwnedFd> LaunchDirs::lock(const model::LaunchKey& key) const {
  return open_locked(file(key, "launcher.err"));
}

base::Result<void> LaunchDirs::keep_epilog(const model::LaunchKey& key,
                                           const std::string& fault) const {
  return loop::write_file_atomic(file(key, "epilog"), fault, {.mode = 0600, .sync = false});
}

bool LaunchDirs::has_epilog_ended(const model::LaunchKey& key) const {
  return access(file(key, "epilog").c_str(), F_OK) == 0;
}

/// The launcher hands it over to the user.
base::Result<void> LaunchDirs::make_own(const model::LaunchOrder& order) const {
  if (geteuid() != 0 || order.user.uid == 0) return {};
  const std::string users = file(order.key, "own");
  if (mkdir(users.c_str(), 0700) == 0 && let_through(path(order.key))) return {};
  return base::fail_errno(errno, "cannot make '" + users + "'");
}

base::Result<void> LaunchDirs::keep_report(const model::LaunchReport& report) const {
  if (mkdir(path(report.key).c_str(), 0700) != 0 && errno != EEXIST) {
    return base::fail_errno(errno, "cannot make '" + path(report.key) + "'");
  }
  return loop::write_file_atomic(file(report.key, "report"), wire::encode_report(report),
                                 {.mode = 0600, .sync = false});
}

base::Result<void> LaunchDirs::mark_acknowledged(const model::LaunchKey& key) const {
  const std::string acknowledged = file(key, "acknowledged");
  if (rename(file(key, "report").c_str(), acknowledged.c_str()) == 0) return {};
  if (errno != ENOENT) return base::fail_errno(errno, "cannot rename to '" + acknowledged + "'");
  // It lies in the user's folder, or a full disk kept it from being written: the key must be
  // remembered all the same.
  if (mkdir(path(key).c_str(), 0700) != 0 && errno != EEXIST) {
    return base::fail_errno(errno, "cannot make '" + path(key) + "'");
  }
  if (access(acknowledged.c_str(), F_OK) == 0) return {};
  return write_new(acknowledged, {});
}

/// The agent's word comes first. What the site's programs came to, and who has the job start again,
/// is no matter of a user's report.
std::optional<model::LaunchReport> LaunchDirs::report(const model::LaunchKey& key) const {
  auto bytes = loop::read_file(file(key, "report"), report_limit);
  const bool is_users = !bytes && own(key).is_users;
  if (!bytes) bytes = own(key).read("report", report_limit);
  if (!bytes) return std::nullopt;
  auto report = wire::decode_report(*bytes);
  if (!report || report->key != key) return std::nullopt;
  if (is_users && report->failure && report->failure->cause == model::Cause::prolog)
    report->failure->cause = model::Cause::preparation;
  if (is_users && report->failure && model::is_requeue(report->failure->cause))
    report->failure->cause = model::Cause::exit_code;
  report->is_epilog_due = false;
  report->epilog_fault =
      key.preparation ? loop::read_file(file(key, "epilog"), small_limit).value_or("") : "";
  return *std::move(report);
}

std::optional<model::LaunchOrder> LaunchDirs::order(const model::LaunchKey& key) const {
  const auto bytes = loop::read_file(file(key, "order"), order_limit);
  if (!bytes) return std::nullopt;
  auto order = wire::decode_order(*bytes);
  return order ? std::optional(*std::move(order)) : std::nullopt;
}

std::optional<LauncherProcess> LaunchDirs::launcher(const model::LaunchKey& key) const {
  const auto text = loop::read_file(file(key, "pid"), small_limit);
  if (!text) return std::nullopt;
  const auto parts = base::split(base::trim(*text), ' ');
  if (parts.size() != 2) return std::nullopt;
  const auto pid = base::parse_int(parts[0], 1, std::numeric_limits<pid_t>::max());
  const auto start = base::parse_int(parts[1], 0, std::numeric_limits<std::int64_t>::max());
  if (!pid || !start) return std::nullopt;
  return LauncherProcess{.pid = static_cast<pid_t>(*pid),
                         .start_time = static_cast<std::uint64_t>(*start)};
}

bool LaunchDirs::is_locked(const model::LaunchKey& key) const {
  const loop::OwnedFd file_(::open(file(key, "launcher.err").c_str(), O_RDONLY | O_CLOEXEC));
  return file_ && flock(file_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

bool LaunchDirs::is_prepared(const model::LaunchKey& key) const {
  return key.preparation && own(key).read("prepared", small_limit).has_value();
}

std::string LaunchDirs::last_words(const model::LaunchKey& key) const {
  const auto text = loop::read_file(file(key, "launcher.err"), small_limit);
  if (!text) return {};
  const auto lines = base::split(base::trim(*text), '\n');
  return base::printable(lines.back(), 200);
}

base::Result<void> LaunchDirs::remove(const model::LaunchKey& key) const {
  return loop::remove_tree(path(key), root_);
}

}  // namespace agentd
