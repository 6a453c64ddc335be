#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/folder.h"
#include "lib/loop/owned_fd.h"

namespace loop {

namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int deepest = 256;

/// Removes the entry `name` of the folder `parent`, and first all that is in it. The errno, or 0.
int remove_entry(int parent, const char* name, int depth);

int remove_contents(OwnedFd folder_fd, int depth) {
  const int fd = dup(folder_fd.get());
  const Folder folder(fdopendir(fd));
  if (!folder) {
    const int error_number = errno;
    if (fd >= 0) close(fd);
    return error_number;
  }
  while (const dirent* item = readdir(folder.get())) {
    const std::string_view name = item->d_name;
    if (name == "." || name == "..") {
      continue;
    }
    int error_number = remove_entry(folder_fd.get(), item->d_name, depth + 1);
    if (error_number == EACCES && fchmod(folder_fd.get(), S_IRWXU) == 0) {
      error_number = remove_entry(folder_fd.get(), item->d_name, depth + 1);
    }
    if (error_number != 0) {
      return error_number;
    }
  }
  return 0;
}

/// What is mounted there is not ours to remove (man 2 statx).
bool is_mount_root(int folder) {
  struct statx found{};
  return statx(folder, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &found) == 0 &&
         (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/// Folders without the rights that it takes, such as copies of read-only trees, get them.
OwnedFd open_folder(int parent, const char* name) {
  OwnedFd folder(openat(parent, name, folder_flags));
  // It may be exchanged for a link at any moment.
  if (!folder && errno == EACCES && fchmodat(parent, name, S_IRWXU, AT_SYMLINK_NOFOLLOW) == 0)
    folder = OwnedFd(openat(parent, name, folder_flags));
  return folder;
}

int remove_entry(int parent, const char* name, int depth) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
    return 0;
  }
  if (errno != EISDIR && errno != EPERM) {
    return errno;
  }
  if (depth > deepest) {
    return ELOOP;
  }
  OwnedFd folder = open_folder(parent, name);
  if (!folder) {
    if (errno == ENOENT) return 0;  // somebody else was faster
    return errno == ENOTDIR ? EPERM : errno;
  }
  if (is_mount_root(folder.get())) {
    return EBUSY;
  }
  if (const int error_number = remove_contents(std::move(folder), depth); error_number != 0) {
    return error_number;
  }
  return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

}  // namespace

/// The names from root down to path, or nothing when path is not below root.
static std::vector<std::string> names_below(std::string_view path, std::string_view root) {
  while (root.size() > 1 && root.ends_with('/')) {
    root.remove_suffix(1);
  }
  std::vector<std::string> names;
  if (!path.starts_with(root) || path.size() <= root.size() || path[root.size()] != '/') {
    return names;
  }
  for (const auto name : base::split(path.substr(root.size() + 1), '/')) {
    if (name == "." || name == "..") {
      return {};
    }
    if (!name.empty()) {
      names.emplace_back(name);
    }
  }
  return names;
}

base::Result<void> remove_tree(const std::string& path, const std::string& root) {
  const std::string what = "cannot remove '" + base::printable(path, 4096) + "'";
  const auto names = names_below(path, root);
  if (names.empty()) {
    return base::fail(base::Code::invalid, what + ": it is not below '" + root + "'");
  }
  OwnedFd parent(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (std::size_t i = 0; parent && i + 1 < names.size(); ++i) {
    parent = OwnedFd(openat(parent.get(), names[i].c_str(), folder_flags));
  }
  if (!parent) {
    return errno == ENOENT ? base::Result<void>{} : base::fail_errno(errno, what);
  }
  const int error_number = remove_entry(parent.get(), names.back().c_str(), 0);
  if (error_number == EBUSY) {
    return base::fail_errno(EBUSY,
                            what + ", in which something is mounted: umount that, and remove it");
  }
  if (error_number != 0) {
    return base::fail_errno(error_number, what);
  }
  return {};
}

}  // namespace loop
