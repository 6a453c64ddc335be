#pragma once
// Users of this machine (man 3 getpwuid), and how a process becomes one of them.

#include <sys/types.h>

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/job.h"

namespace loop {

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
  std::string home;
  std::string shell;
  std::vector<gid_t> groups;  // all, its own among them
};

/// The account that a user of the cluster has on this machine. A user without a name, for whom the
/// number stands, is known by the number alone.
///
/// errors    not_found: nobody has the number here; conflict: somebody of another name has it
base::Result<Account> find_account(const model::User& user);

/// This process, which is root's and has one thread, is the account's from here on, and cannot go
/// back. It is no longer open to others of this user (man 2 prctl, PR_SET_DUMPABLE): it may hold
/// what only root could open. Whoever cannot go on after an error ends.
base::Result<void> become(const Account& account);

/// Makes the folder with mode 0700 as the account's, where only root may make some. Nobody meets it
/// while it is still root's; one that is the account's already is left.
///
/// errors    conflict: something else is there; those of the system
base::Result<void> make_folder_of(const Account& account, const std::string& path);

/// What this thread does with files is done with the rights of that user and those groups alone, as
/// long as the object lives (man 2 setfsuid); signals and all else stay the process's. For
/// processes of root; without effect in others.
class FileUser {
 public:
  FileUser(uid_t uid, gid_t gid, const std::vector<gid_t>& groups = {});
  ~FileUser();
  FileUser(const FileUser&) = delete;
  FileUser& operator=(const FileUser&) = delete;

  /// False: the kernel does not let it; then nothing is to be done.
  bool is_in_force() const { return is_in_force_; }

 private:
  bool is_root_;
  bool is_in_force_;
  std::vector<gid_t> groups_before_;
};

}  // namespace loop
