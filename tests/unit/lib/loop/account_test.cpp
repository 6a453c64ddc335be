#include "lib/loop/account.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "lib/loop/files.h"
#include "lib/loop/process_table.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;

namespace {

constexpr uid_t nobody = 65534;

/// A number that no account has.
uid_t free_number() {
  uid_t number = 61'234;
  while (getpwuid(number) != nullptr) ++number;
  return number;
}

bool can_open(const std::string& path) {
  const loop::OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return static_cast<bool>(file);
}

/// The exit code of a child that does this.
int in_child(int (*task)()) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(task());
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

TEST_CASE("an account has the number and the name of the user") {
  const auto* own = getpwuid(geteuid());
  REQUIRE(own != nullptr);
  const model::User user{.uid = own->pw_uid, .gid = own->pw_gid, .name = own->pw_name};
  const auto found = loop::find_account(user);
  REQUIRE(found);
  CHECK(found->uid == user.uid);
  CHECK(found->name == user.name);
  CHECK(found->home == own->pw_dir);
  CHECK(std::ranges::find(found->groups, own->pw_gid) != found->groups.end());

  auto other = user;
  other.name = "somebody-else";
  const auto refused = loop::find_account(other);
  CHECK(refused.error().code == base::Code::conflict);
  CHECK_THAT(refused.error().text,
             Catch::Contains("'somebody-else'") && Catch::Contains(user.name));
  other.name = std::to_string(user.uid);  // where the job was submitted nobody knew more
  CHECK(loop::find_account(other));

  const auto number = free_number();
  const auto none = loop::find_account({.uid = number, .gid = number, .name = "ghost"});
  CHECK(none.error().code == base::Code::not_found);
  CHECK_THAT(none.error().text, Catch::Contains("no user " + std::to_string(number) + " (ghost)"));
}

TEST_CASE("who has become a user does not come back") {
  if (geteuid() != 0) return;  // only root becomes others
  CHECK(in_child([] {
          const loop::Account account{
              .uid = nobody, .gid = nobody, .name = "x", .groups = {nobody}};
          if (!loop::become(account)) return 1;
          if (getuid() != nobody || getegid() != nobody || getgroups(0, nullptr) != 1) return 2;
          return setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 ? 3 : 0;
        }) == 0);
}

TEST_CASE("files are opened with the rights of a user for a while") {
  if (geteuid() != 0) return;  // only root has the rights of others
  const support::TempFolder folder;
  fs::permissions(folder.path(), fs::perms::all);
  const auto secret = folder / "secret";
  std::ofstream(secret) << "x";
  fs::permissions(secret, fs::perms::owner_read);
  const int n_groups = getgroups(0, nullptr);
  {
    const loop::FileUser user(nobody, nobody);
    REQUIRE(user.is_in_force());
    CHECK_FALSE(can_open(secret));
    std::ofstream(folder / "theirs") << "x";
  }
  CHECK(can_open(secret));
  CHECK(getgroups(0, nullptr) == n_groups);
  struct stat made{};
  REQUIRE(stat((folder / "theirs").c_str(), &made) == 0);
  CHECK(made.st_uid == nobody);
}

TEST_CASE("a folder made for a user is never seen as root's") {
  if (geteuid() != 0) return;  // only root makes such
  constexpr int n_rounds = 300;
  const support::TempFolder folder;
  const loop::Account account{.uid = nobody, .gid = nobody, .name = "nobody"};
  const auto path_of = [&](int round) { return folder / std::to_string(round); };
  int n_of_root = 0;
  std::thread watcher([&] {
    struct stat seen{};
    for (int round = 0; round < n_rounds; ++round) {
      while (stat(path_of(round).c_str(), &seen) != 0) std::this_thread::yield();
      if (seen.st_uid != nobody) ++n_of_root;
    }
  });
  bool all_made = true;
  for (int round = 0; round < n_rounds; ++round) {
    // A second one finds it made.
    std::thread rival([&] { (void)loop::make_folder_of(account, path_of(round)); });
    all_made = loop::make_folder_of(account, path_of(round)).has_value() && all_made;
    rival.join();
  }
  watcher.join();
  CHECK(all_made);
  CHECK(n_of_root == 0);
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == n_rounds);

  fs::create_directory(folder / "roots");
  fs::create_directory_symlink(folder / "0", folder / "link");
  for (const auto* name : {"roots", "link"})
    CHECK(loop::make_folder_of(account, folder / name).error().code == base::Code::conflict);
  struct stat roots{};
  REQUIRE(stat((folder / "roots").c_str(), &roots) == 0);
  CHECK(roots.st_uid == 0);
  const auto refused = loop::make_folder_of(account, folder / "none/x");
  CHECK(refused.error().code == base::Code::not_found);
}

TEST_CASE("in a folder of somebody else's only plain files of theirs are read") {
  const support::TempFolder folder;
  const auto own = geteuid();
  const auto code_of = [&](const char* name) {
    return loop::read_file_of(own, folder / name, 10).error().code;
  };
  std::ofstream(folder / "file") << "12345";
  CHECK(*loop::read_file_of(own, folder / "file", 10) == "12345");
  CHECK(loop::read_file_of(own, folder / "file", 4).error().code == base::Code::exhausted);
  CHECK(code_of("none") == base::Code::not_found);
  fs::create_symlink("file", folder / "link");
  fs::create_symlink("nothing", folder / "dead");
  fs::create_directory(folder / "folder");
  REQUIRE(mkfifo((folder / "fifo").c_str(), 0600) == 0);
  for (const auto* name : {"link", "dead", "folder", "fifo"}) {
    INFO(name);
    CHECK(code_of(name) == base::Code::denied);  // and at once: nobody writes to the pipe
  }
  const auto theirs = loop::read_file_of(own + 1, folder / "file", 10);
  CHECK_THAT(theirs.error().text, Catch::Contains("belongs to user " + std::to_string(own)));
}

TEST_CASE("a process gets a signal if it is of that user") {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    pause();
    _exit(0);
  }
  CHECK_FALSE(loop::signal_process_of(getuid() + 1, child, SIGKILL));
  CHECK(waitpid(child, nullptr, WNOHANG) == 0);
  CHECK(loop::signal_process_of(getuid(), child, SIGKILL));
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WTERMSIG(status) == SIGKILL);
  CHECK_FALSE(loop::signal_process_of(getuid(), child, SIGKILL));
}
