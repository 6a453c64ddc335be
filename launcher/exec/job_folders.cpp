#include "launcher/exec/job_folders.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <string>
#include <vector>

#include "lib/base/text.h"
#include "lib/loop/files.h"

namespace exec {

namespace {

// Other nodes may be at work on the same shared folder.
constexpr timespec folder_pause{.tv_sec = 0, .tv_nsec = 20'000'000};
constexpr int folder_tries = 5;

std::vector<std::string> folders_of(const mapping::LaunchPlace& place) {
  std::vector<std::string> folders{place.job_tmp, place.shared_tmp, place.job_mounts,
                                   place.container};
  std::erase(folders, std::string());
  return folders;
}

/// One that is there already is another node's of the same attempt, or somebody's trap.
base::Result<void> make_folder(const std::string& path) {
  if (mkdir(path.c_str(), S_IRWXU) == 0) return {};
  if (errno != EEXIST) return base::fail_errno(errno, "cannot make the directory '" + path + "'");
  struct stat status{};
  const bool is_ours =
      lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
  if (is_ours) return {};
  return base::fail(base::Code::conflict,
                    "'" + path + "' is there already, and is no directory of this user's");
}

base::Result<void> remove_folder(const std::string& path) {
  const auto parent = path.substr(0, path.rfind('/'));
  auto removed = loop::remove_tree(path, parent);
  for (int i = 1; !removed && i < folder_tries; ++i) {
    nanosleep(&folder_pause, nullptr);
    removed = loop::remove_tree(path, parent);
  }
  return removed;
}

}  // namespace

void name_job_folders(const LaunchDir& dir, const model::LaunchOrder& order,
                      mapping::LaunchPlace& place) {
  const auto& preparation = order.job->preparation;
  if (!preparation.is_wanted()) return;
  const auto folder = dir.own_of({order.key.job, order.key.attempt, {}, true});
  place.job_tmp = folder + "/tmp";
  if (!preparation.mounts.empty()) place.job_mounts = folder + "/mounts";
  if (preparation.has_image()) {
    place.container = folder + "/container";
    // Its /dev/shm is not the node's, and the launcher has to be at the same path as the ranks.
    if (preparation.image.shm > base::Bytes()) place.session_root = place.container + "/sessions";
  }
  place.shared_tmp = order.shared_tmp;
}

base::Result<void> make_job_folders(const LaunchDir& dir, const mapping::LaunchPlace& place) {
  const auto folders = folders_of(place);
  auto done = loop::write_file_atomic(dir.file("folders"), base::join(folders, "\n") + "\n",
                                      {.mode = 0600, .sync = false});
  for (const auto& folder : folders) {
    if (done) done = make_folder(folder);
  }
  return done;
}

void remove_job_folders(const LaunchDir& dir, const mapping::LaunchPlace& place) {
  bool are_gone = true;
  for (const auto& folder : folders_of(place)) {
    const auto removed = remove_folder(folder);
    if (!removed) dir.note(removed.error().text);
    are_gone = are_gone && removed;
  }
  if (are_gone) (void)unlink(dir.file("folders").c_str());
}

}  // namespace exec
