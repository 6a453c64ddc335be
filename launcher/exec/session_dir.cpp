#include "launcher/exec/session_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "launcher/exec/launch_dir.h"
#include "lib/loop/files.h"
#include "lib/loop/secret.h"

namespace exec {

SessionDir::SessionDir(std::string root, std::string path)
    : root_(std::move(root)), path_(std::move(path)) {}

SessionDir::SessionDir(SessionDir&& other) noexcept
    : root_(std::move(other.root_)), path_(std::exchange(other.path_, {})) {}

SessionDir& SessionDir::operator=(SessionDir&& other) noexcept {
  std::swap(root_, other.root_);
  std::swap(path_, other.path_);
  return *this;
}

SessionDir::~SessionDir() {
  // What cannot be removed now, the agent tries again: the path is recorded.
  if (!path_.empty()) (void)loop::remove_tree(path_, root_);
}

base::Result<SessionDir> SessionDir::make(const LaunchDir& dir, std::string root) {
  if (root.empty()) root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  std::string path = root + "/muster-" + std::to_string(geteuid()) + "-" + loop::random_hex(8);
  if (auto recorded = dir.record_session_dir(path); !recorded) {
    return std::unexpected(recorded.error());
  }
  if (mkdir(path.c_str(), S_IRWXU) != 0) {
    return base::fail_errno(errno, "cannot make the session directory '" + path + "'");
  }
  return SessionDir(std::move(root), std::move(path));
}

}  // namespace exec
