#include "lib/loop/account.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "lib/base/text.h"

namespace loop {

namespace {

constexpr std::size_t first_room = 16384;
constexpr std::size_t most_room = std::size_t{1} << 20;
constexpr int most_groups = 65536;  // of one process, by the kernel

std::vector<gid_t> groups_of(const char* name, gid_t gid) {
  int n_groups = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(n_groups));
  while (getgrouplist(name, gid, groups.data(), &n_groups) < 0 && n_groups <= most_groups)
    groups.resize(static_cast<std::size_t>(n_groups));
  groups.resize(static_cast<std::size_t>(n_groups));
  return groups;
}

/// Of this thread alone: the function of the same name is for all threads.
bool set_groups(const std::vector<gid_t>& groups) {
  return syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}

}  // namespace

base::Result<Account> find_account(const model::User& user) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> room(first_room);
  int error_number = ERANGE;
  while (error_number == ERANGE && room.size() <= most_room) {
    room.resize(room.size() * 2);
    error_number = getpwuid_r(user.uid, &entry, room.data(), room.size(), &found);
  }
  const std::string number = std::to_string(user.uid);
  if (found == nullptr && error_number != 0 && error_number != ENOENT)
    return base::fail_errno(error_number, "cannot look up user " + number);
  if (found == nullptr) {
    return base::fail(base::Code::not_found,
                      "there is no user " + number + " (" + base::printable(user.name) +
                          ") here; a job runs as its user, who needs an account with that number");
  }
  if (user.name != entry.pw_name && user.name != number) {
    return base::fail(base::Code::conflict,
                      "user " + number + " is '" + base::printable(entry.pw_name) +
                          "' here, and '" + base::printable(user.name) +
                          "' where the job was submitted; users need the same numbers everywhere");
  }
  return Account{.uid = entry.pw_uid,
                 .gid = entry.pw_gid,
                 .name = entry.pw_name,
                 .home = entry.pw_dir,
                 .shell = entry.pw_shell,
                 .groups = groups_of(entry.pw_name, entry.pw_gid)};
}

base::Result<void> become(const Account& account) {
  const std::string what = "cannot become user " + base::printable(account.name);
  if (setgroups(account.groups.size(), account.groups.data()) != 0 ||
      setresgid(account.gid, account.gid, account.gid) != 0 ||
      setresuid(account.uid, account.uid, account.uid) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0) {
    return base::fail_errno(errno, what);
  }
  if (account.uid == 0) return {};
  if (setuid(0) == 0 || getuid() != account.uid || geteuid() != account.uid)
    return base::fail(base::Code::denied, what + " for good: the kernel let it be root again");
  return {};
}

base::Result<void> make_folder_of(const Account& account, const std::string& path) {
  const auto is_theirs = [&] {
    struct stat known{};
    return lstat(path.c_str(), &known) == 0 && S_ISDIR(known.st_mode) &&
           known.st_uid == account.uid;
  };
  if (is_theirs()) return {};
  std::string made = path + ".XXXXXX";
  if (mkdtemp(made.data()) == nullptr)
    return base::fail_errno(errno, "cannot make the folder '" + path + "'");
  if (lchown(made.c_str(), account.uid, account.gid) == 0 &&
      renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0)
    return {};
  const int error_number = errno;
  (void)rmdir(made.c_str());
  if (error_number == EEXIST && is_theirs()) return {};  // another process was faster
  if (error_number != EEXIST)
    return base::fail_errno(error_number, "cannot make the folder '" + path + "'");
  return base::fail(base::Code::conflict, "'" + path + "' is there already, and is no folder of " +
                                              base::printable(account.name) + "'s; remove it");
}

FileUser::FileUser(uid_t uid, gid_t gid, const std::vector<gid_t>& groups)
    : is_root_(geteuid() == 0), is_in_force_(true) {
  if (!is_root_) return;
  const int n_groups = getgroups(0, nullptr);
  groups_before_.resize(static_cast<std::size_t>(n_groups > 0 ? n_groups : 0));
  is_in_force_ =
      n_groups >= 0 && getgroups(n_groups, groups_before_.data()) == n_groups && set_groups(groups);
  // These two say what was before, also where they fail: asked again, they say what is.
  setfsgid(gid);
  setfsuid(uid);
  is_in_force_ = is_in_force_ && setfsgid(static_cast<gid_t>(-1)) == static_cast<int>(gid) &&
                 setfsuid(static_cast<uid_t>(-1)) == static_cast<int>(uid);
}

FileUser::~FileUser() {
  if (!is_root_) return;
  setfsuid(geteuid());
  setfsgid(getegid());
  (void)set_groups(groups_before_);  // has been allowed before
}

}  // namespace loop
