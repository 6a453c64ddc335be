#pragma once
// Whole files and folders, blocking: for start-up, small state files, and Work.

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"

namespace loop {

/// All bytes. Errors: not_found, denied, exhausted (larger than `limit`), invalid (a folder), io.
base::Result<std::string> read_file(const std::string& path, std::size_t limit);

/// The file `path`, to be read, in a folder that `owner` may change at will: it is a plain file of
/// the owner, and neither a link nor one that holds up its reader. The folder itself is at a place
/// that the owner cannot change. Errors: not_found, denied (what is there is something else), io.
base::Result<OwnedFd> open_of(uid_t owner, const std::string& path);

/// All bytes of such a file. Errors: these, and exhausted (larger than `limit`).
base::Result<std::string> read_file_of(uid_t owner, const std::string& path, std::size_t limit);

struct WriteOptions {
  mode_t mode = 0644;
  bool sync = false;  // through to the disk, the folder's entry included
};

/// The new bytes or the old ones, never a mixture: writes "path.tmp.<random>" beside it, then
/// renames.
base::Result<void> write_file_atomic(const std::string& path, std::string_view bytes,
                                     WriteOptions options);

/// Makes the folder and those above it; what exists is left as it is. Error conflict when something
/// that is not a folder is in the way.
base::Result<void> make_directories(const std::string& path, mode_t mode);

/// Removes `path` (file or folder with all that is in it), which must lie below `root`; never
/// follows a symbolic link below `root`. Not being there is success. Errors: invalid (not below
/// root), denied, io.
base::Result<void> remove_tree(const std::string& path, const std::string& root);

/// A file that one living process holds, with its number inside; the lock goes with the process.
class FileLock {
 public:
  /// Error conflict names the holder's process number.
  static base::Result<FileLock> take(const std::string& path);

 private:
  explicit FileLock(OwnedFd file) : file_(std::move(file)) {}
  OwnedFd file_;
};

/// Whether somebody holds the FileLock at `path`: 0 for nobody (also: no such file), else its
/// process.
base::Result<pid_t> lock_holder(const std::string& path);

}  // namespace loop
